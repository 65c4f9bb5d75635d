"""Which senders of a mailbox are suppliers, and when two mails tell of one order."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from msgspec.structs import replace

from onboarding.mail_orders import groups, same, sent_by, together
from onboarding.mail_words import tells_of_order
from onboarding.orders import Line, Order
from onboarding.suppliers import (
    DOMAINS_AT_MOST,
    NAMES_AT_MOST,
    SUPPLIERS_AT_MOST,
    Seen,
    Supplier,
    Tally,
    counted,
    suppliers,
)

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def seen(domain: str = "beans.example", subject: str = "Your order 1", days: float = 3, **more: object) -> Seen:
    """A message that came so many days ago."""
    received = NOW - timedelta(days=days)
    return Seen(
        domain=domain,
        subject=subject,
        received=received,
        name=str(more.get("name", "Beans")),
        bulk=bool(more.get("bulk", False)),
    )


def tallied(messages: Sequence[Seen]) -> dict[str, Tally]:
    """All of them, counted."""
    tallies: dict[str, Tally] = {}
    for each in messages:
        tallies = counted(tallies, each)
    return tallies


def of(*messages: Seen) -> Supplier:
    """The one domain that these are of."""
    (found,) = suppliers(tallied(messages), NOW)
    return found


@pytest.mark.parametrize(
    "subject",
    [
        *("Your order #4711", "Order confirmation", "Invoice 12", "Re: purchase order", "Your receipt from Beans"),
        *("Ihre Bestellung", "Bestellbestätigung", "Auftragsbestätigung 12", "Rechnung Nr. 5"),
        *("Votre commande 12", "Confirmation de commande", "Reçu", "Tu pedido", "Confirmación de compra"),
        *("Il tuo ordine", "Fattura", "A sua encomenda", "Pedido confirmado", "Uw bestelling", "Factuur"),
        *("Orderbekräftelse", "Ordrebekræftelse", "Kvitto", "Tilausvahvistus", "Zamówienie 55", "Objednávka"),
        *("Rendelés visszaigazolása", "Comanda ta", "Siparişiniz", "Ваш заказ", "Замовлення", "Η παραγγελία σας"),
        *("ご注文の確認", "订单确认", "주문 확인"),
    ],
)
def test_subjects_of_orders(subject: str) -> None:
    """Subjects of orders and invoices are known in many languages."""
    assert tells_of_order(subject)


@pytest.mark.parametrize(
    "subject",
    [
        "",
        "Order now!",
        "Pre-order today",
        "In order to help you",
        "Hello",
        "¡Compra ahora!",
        "Border news",
        "Sale",
    ],
)
def test_other_subjects(subject: str) -> None:
    """What only sells something is no order."""
    assert not tells_of_order(subject)


def test_a_supplier() -> None:
    """Several orders of late make a supplier that is recommended, under its commonest name."""
    names = ("Beans", "Beans Ltd", "Beans", "")
    found = of(*(seen(days=n, name=name) for n, name in enumerate(names)))
    assert (found.name, found.category, found.recommended) == ("Beans", "supplier", True)
    assert (found.messages, found.order_messages, found.newsletters) == (4, 4, 0)
    assert found.last_seen_at == NOW
    assert found.score > 0.9


def test_scores_fall() -> None:
    """Fewer orders, more of other mail, and a longer silence each make it less sure; all stay within bounds."""
    many = [seen(days=n) for n in range(6)]
    sure = of(*many).score
    assert 1 >= sure > of(*many[:1]).score > of(replace(many[0], received=NOW - timedelta(days=180))).score > 0
    assert sure > of(*many, *(seen(subject="Hi") for _ in range(20))).score
    assert 0 <= of(seen(days=-400)).score <= 1


@pytest.mark.parametrize(
    ("messages", "category", "recommended"),
    [
        ([seen(subject="News", bulk=True)] * 10, "newsletter", False),
        ([seen(subject="News", bulk=True)] * 10 + [seen()], "newsletter", False),
        ([seen(bulk=True)] * 3 + [seen(subject="News", bulk=True)] * 5, "supplier", True),
        ([seen("dhl.de", "Your order is on its way")] * 9, "shipping", False),
        ([seen("amazon.co.uk")] * 3, "marketplace", True),
        ([seen("amazon.de", "Hello")], "marketplace", False),
        ([seen(subject="Hello")] * 50, "other", False),
    ],
)
def test_categories(messages: list[Seen], category: str, recommended: bool) -> None:
    """Who only sends news, parcels or nothing of the kind is no supplier."""
    found = of(*messages)
    assert (found.category, found.recommended) == (category, recommended)


def test_people_are_left_out() -> None:
    """At domains of free mail everybody has an address."""
    assert tallied([seen("gmail.com"), seen("gmx.de"), seen("hotmail.co.uk")]) == {}


def test_bounds() -> None:
    """Whatever a mailbox holds, so many domains are counted, so many names kept, and so many suppliers shown."""
    tallies = tallied([seen(f"{n}.example") for n in range(DOMAINS_AT_MOST + 5)])
    assert len(tallies) == DOMAINS_AT_MOST
    assert len(suppliers(tallies, NOW)) == SUPPLIERS_AT_MOST
    assert len(tallied([seen(name=f"n{n}") for n in range(20)])["beans.example"].names) == NAMES_AT_MOST


def test_the_order_of_messages_does_not_matter() -> None:
    """Page by page or in any order: the same mailbox has the same suppliers."""
    messages = [seen(f"{n % 7}.example", days=n, subject="Hi" if n % 3 else "Invoice") for n in range(40)]
    assert suppliers(tallied(messages), NOW) == suppliers(tallied(messages[::-1]), NOW)


def test_searches() -> None:
    """Domains are searched for some at a time, since a given moment."""
    assert sent_by(["a.example", "b.example"], NOW) == (
        f"from:(a.example OR b.example) after:{int(NOW.timestamp())} -in:sent -in:drafts"
    )
    assert [len(each) for each in groups([str(n) for n in range(23)])] == [10, 10, 3]


ORDER = Order(external_id="m1", read_by="rules", supplier="Beans", number="A-1")
FULL = replace(
    ORDER,
    external_id="m2",
    supplier="BEANS",
    number="a-1",
    total=Decimal(15),
    currency="EUR",
    lines=(Line(ref="1", name="Coffee", quantity=Decimal(2)),),
)


def test_two_mails_of_one_order() -> None:
    """Supplier and number make it one; without either they stay two, and so do other numbers and suppliers."""
    assert same(ORDER, FULL)
    for other in ({"number": None}, {"number": "A-2"}, {"supplier": None}, {"supplier": "Tea"}):
        assert not same(ORDER, replace(FULL, **other))
    nameless = replace(ORDER, number=None)
    assert not same(nameless, nameless)


def test_the_richer_one_is_kept() -> None:
    """Whichever was read first: the goods are those of the mail that has them, the name is that of the first."""
    dated = replace(ORDER, ordered_on=date(2026, 5, 1))
    for first, second in ((dated, FULL), (FULL, dated)):
        whole = together(first, second)
        assert whole.external_id == first.external_id
        assert (whole.lines, whole.total, whole.ordered_on) == (FULL.lines, Decimal(15), date(2026, 5, 1))
    assert together(FULL, FULL) == FULL
