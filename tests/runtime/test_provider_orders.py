"""Orders of QuickBooks and Xero: every one is read, whatever changes meanwhile, and what is odd stops nothing."""

from collections.abc import AsyncGenerator, Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from onboarding.connections import Cursor, ProviderKey
from onboarding.orders import Batch, Line, Order, tidied
from runtime.providers import PROVIDERS, quickbooks_orders
from runtime.providers.asking import Api, Away, Refused
from runtime.settings import Settings
from tests.connected import api_of
from tests.providers import Providers, Reply, huge, nonsense, providers
from tests.providers.quickbooks import QuickBooks
from tests.providers.xero import Xero, ms_date

BOOKS: tuple[ProviderKey, ...] = ("quickbooks", "xero")


class Books:
    """The orders of a provider, as somebody has them who stores each batch and its cursor."""

    def __init__(self, fake: Providers, key: ProviderKey, api: Api) -> None:
        self.fake, self.key, self.api = fake, key, api
        self.at: QuickBooks | Xero = fake.quickbooks if key == "quickbooks" else fake.xero
        self.orders: dict[str, Order] = {}
        self.gone: set[str] = set()
        self.cursor: Cursor | None = None
        self.failed = 0

    async def sync(self, between: Callable[[int], None] = lambda batch: None, stop: int | None = None) -> int:
        """Read on; `between` batches something may happen, and after `stop` of them the worker dies."""
        now = datetime.fromtimestamp(self.fake.clock.now(), UTC)
        count = 0
        async for batch in PROVIDERS[self.key].batches(self.api, self.at.account, self.cursor, now):
            count += 1
            if count == stop:
                break
            self._store(batch)
            between(count)
        return count

    def _store(self, batch: Batch) -> None:
        assert len(batch.orders) + len(batch.gone) <= 100
        self.orders |= {order.external_id: order for order in batch.orders}
        self.gone |= set(batch.gone)
        self.failed += batch.failed
        self.cursor = batch.cursor or self.cursor

    def put(self, name: str, **fields: Any) -> None:
        """Make an order, or change one."""
        id = "Id" if isinstance(self.at, QuickBooks) else "PurchaseOrderID"
        self.at.orders.put({id: name, **fields})

    def holds_everything(self) -> bool:
        """Whether it has what the provider has, as it is there now."""
        there = {name for name, order in self.at.orders.items() if order.get("Status") != "DELETED"}
        have = {name for name, order in self.orders.items() if order.status == "open"} - self.gone
        return have == there


@pytest.fixture
async def fake() -> AsyncGenerator[Providers]:
    """The providers."""
    async with providers() as fake:
        yield fake


@pytest.fixture(params=BOOKS)
async def books(request: pytest.FixtureRequest, fake: Providers) -> Books:
    """One after the other."""
    return Books(fake, request.param, await api_of(fake, fake.set(Settings()), request.param))


@pytest.fixture
async def quickbooks(fake: Providers) -> Books:
    """QuickBooks."""
    return Books(fake, "quickbooks", await api_of(fake, fake.set(Settings()), "quickbooks"))


@pytest.fixture
async def xero(fake: Providers) -> Books:
    """Xero."""
    return Books(fake, "xero", await api_of(fake, fake.set(Settings()), "xero"))


async def test_quickbooks_order(quickbooks: Books) -> None:
    """Of an order of QuickBooks everything is read that a list can use, the number of its item too."""
    quickbooks.fake.quickbooks.companies[quickbooks.at.account].items["38"] = {"Id": "38", "Sku": "BEANS-1"}
    item = {"ItemRef": {"value": "38", "name": "Beans"}, "Qty": 0.1, "UnitPrice": 123456.123456}
    lines = [
        {
            "Id": "7",
            "DetailType": "ItemBasedExpenseLineDetail",
            "Amount": 12.35,
            "ItemBasedExpenseLineDetail": item,
        },
        {"Id": "8", "DetailType": "AccountBasedExpenseLineDetail", "Description": "Freight", "Amount": "5.10"},
        {"DetailType": "SubTotalLineDetail", "Amount": 17.45},
    ]
    quickbooks.put("1", TxnDate="2026-05-04", TotalAmt=17.45, Line=lines)
    await quickbooks.sync()
    order = quickbooks.orders["1"]
    assert (order.supplier, order.number, order.currency, order.total) == (
        "Hicks Roasters",
        "PO-1",
        "USD",
        Decimal("17.45"),
    )
    assert (order.ordered_on, order.changed_at is not None) == (date(2026, 5, 4), True)
    assert order.lines == (
        Line(
            ref="7",
            name="Beans",
            sku="BEANS-1",
            quantity=Decimal("0.1"),
            unit_price=Decimal("123456.123456"),
            amount=Decimal("12.35"),
        ),
        Line(ref="8", name="Freight", amount=Decimal("5.10")),
    )


async def test_xero_order(xero: Books) -> None:
    """Of an order of Xero everything is read that a list can use."""
    (name,) = xero.fake.xero.orders.many(1)
    there = xero.fake.xero.orders[name]
    await xero.sync()
    order, line = xero.orders[name], there["LineItems"][0]
    assert (order.supplier, order.number, order.currency) == ("Hicks Roasters", "PO-0001", "NZD")
    assert str(order.ordered_on) == there["DateString"][:10]
    assert order.lines == (
        Line(
            ref=line["LineItemID"],
            name=line["Description"],
            sku="BEANS-PO-0001",
            quantity=Decimal("2.0"),
            unit_price=Decimal("12.5"),
            amount=Decimal(25),
        ),
    )


async def test_all_of_them(books: Books) -> None:
    """A backfill reads every order in pages, and where nothing has changed the next sync asks little."""
    books.at.orders.many(250)
    await books.sync()
    assert books.holds_everything()
    asked = len(books.at.asked)
    await books.sync()
    assert len(books.at.asked) <= asked + 2


async def test_changes_while_it_reads(books: Books) -> None:
    """Orders that come, change and go between the pages of a backfill are there, or gone, at its end."""
    names = books.at.orders.many(450)

    def happens(batch: int) -> None:
        books.at.orders.delete(names[batch])  # of those that are read last in one, first in the other
        books.at.orders.delete(names[-batch * 3])
        books.put(names[40 + batch], DocNumber="new", PurchaseOrderNumber="new")
        books.put(str(9000 + batch))

    await books.sync(happens)
    await books.sync()
    assert books.holds_everything()
    assert [books.orders[names[40 + batch]].number for batch in (1, 2)] == ["new", "new"]


async def test_goes_on(books: Books) -> None:
    """After a crash at any batch reading goes on from the last one that was stored."""
    books.at.orders.many(450)
    for stop in (2, 3, 2):
        await books.sync(stop=stop)
    asked = len(books.at.asked)
    await books.sync()
    assert books.holds_everything()
    assert len(books.at.asked) - asked <= 4


async def test_many_of_one_moment(books: Books) -> None:
    """Where more orders than a page are of the same second, pages go on within it."""
    at = datetime.fromtimestamp(books.fake.clock.now() - 3600, UTC).replace(microsecond=0)
    for n in range(350):
        stamps = {"MetaData": {"CreateTime": at.isoformat(), "LastUpdatedTime": at.isoformat()}}
        books.put(str(n + 1), **(stamps if books.key == "quickbooks" else {"UpdatedDateUTC": ms_date(at)}))
    await books.sync()
    assert books.holds_everything()


async def test_changes_later(books: Books) -> None:
    """What is made, changed, voided and deleted after the backfill comes with the next sync."""
    names = books.at.orders.many(5)
    await books.sync()
    books.fake.clock.skip(3600)
    books.put("777")
    books.at.orders.delete(names[0])
    books.at.orders.void(names[1])
    await books.sync()
    there = {name: order.status for name, order in books.orders.items() if name not in books.gone}
    assert there.get(names[0], "deleted") == "deleted"
    assert (there[names[1]], there["777"]) == ("voided", "open")


async def test_odd_orders(books: Books) -> None:
    """An order that cannot be read counts as failed; a field of another type is unknown; the others are read."""
    books.at.orders.many(1)
    wrong: list[Any] = [None, 7, "x", [1], {"a": [{}]}, True, 1e300]
    fields = {"Line", "MetaData", "VendorRef", "CurrencyRef", "TotalAmt", "TxnDate", "DocNumber", "PrivateNote"}
    if books.key == "xero":
        fields = {
            "LineItems",
            "UpdatedDateUTC",
            "Contact",
            "CurrencyCode",
            "Total",
            "Date",
            "DateString",
            "Status",
        }
    id, table = ("Id", "PurchaseOrder") if books.key == "quickbooks" else ("PurchaseOrderID", "PurchaseOrders")
    odd: list[Any] = [{id: f"{n}-{name}", name: value} for n, value in enumerate(wrong) for name in sorted(fields)]
    unreadable: list[Any] = [None, 1, "x", [], {}, {id: None}, {id: ["1"]}, {id: ""}]
    lines = [None, "x", {"Id": 1, "DetailType": "ItemBasedExpenseLineDetail"}, {"LineItemID": 5}]
    rows = [*odd[:80], *unreadable, {id: "lines", "Line": lines, "LineItems": lines}]
    body = {table: rows}
    books.at.faults.api.append(Reply(body={"QueryResponse": body} if books.key == "quickbooks" else body))
    await books.sync()
    assert books.failed == len(unreadable)
    assert len(books.orders.keys() - set(books.at.orders)) == len(odd[:80]) + 1


@pytest.mark.parametrize(
    "number", [b'"sNaN"', b'"-NaN7"', b"1e9999999", b'"1e999999999"', b"1e-999999999", b"9" * 60]
)
async def test_numbers_that_are_none(books: Books, number: bytes) -> None:
    """What arithmetic cannot bear is unknown, and the order is there all the same."""
    row = b"""{"Id": "1", "PurchaseOrderID": "1", "TotalAmt": %s, "Total": %s, "Line": [{"Amount": %s,
      "DetailType": "ItemBasedExpenseLineDetail"}], "LineItems": [{"LineAmount": %s}]}"""
    body = b'{"PurchaseOrders": [ROW], "QueryResponse": {"PurchaseOrder": [ROW]}}'
    books.at.faults.api.append(Reply(body=body.replace(b"ROW", row % ((number,) * 4))))
    await books.sync()
    kept = tidied(books.orders["1"])
    assert kept
    assert (kept.total, [line.amount for line in kept.lines]) == (None, [None])


@pytest.mark.parametrize("reply", [nonsense, huge, Reply(body=b"[1]"), Reply(status=503), Reply(drop=True)])
async def test_odd_answers(books: Books, reply: Reply) -> None:
    """What is no answer is one that did not come; the next sync reads everything."""
    books.at.orders.many(3)
    books.at.faults.api.append(reply)
    with pytest.raises(Away):
        await books.sync()
    assert books.cursor is None
    await books.sync()
    assert books.holds_everything()


async def test_more_rows_than_anybody_asked_for(books: Books) -> None:
    """An answer of a million rows is none: reading them would hold up the worker."""
    rows = b"[" + b"{}," * 1000 + b"{}]"
    bodies = [b'{"PurchaseOrders":%s}' % rows, b'{"QueryResponse":{"PurchaseOrder":%s}}' % rows]
    books.at.faults.api.append(Reply(body=bodies[books.key == "quickbooks"]))
    with pytest.raises(Away, match="nonsense"):
        await books.sync()
    assert (books.cursor, books.failed) == (None, 0)


async def test_the_same_page_for_ever(books: Books) -> None:
    """Who gives the same page again and again is not asked for ever."""
    books.at.orders.many(100)
    page = [dict(order) for order in books.at.orders.values()]
    body = {"PurchaseOrders": page} if books.key == "xero" else {"QueryResponse": {"PurchaseOrder": page}}
    books.at.faults.api += [Reply(body=body)] * 9
    with pytest.raises(Refused, match="no_progress"):
        await books.sync()
    assert len(books.at.asked_for("query")) + len(books.at.asked_for("PurchaseOrders")) <= 4


async def test_a_date_to_come(books: Books) -> None:
    """A change that the provider dates in years to come hides none of those before."""
    books.at.orders.many(2)
    later = datetime(2150, 1, 1, tzinfo=UTC)
    stamps = {"MetaData": {"CreateTime": later.isoformat(), "LastUpdatedTime": later.isoformat()}}
    books.put("5", **(stamps if books.key == "quickbooks" else {"UpdatedDateUTC": ms_date(later)}))
    await books.sync()
    await books.sync()
    books.fake.clock.skip(2 * 86400)
    books.put("6")
    await books.sync()
    assert "6" in books.orders


async def test_long_away(quickbooks: Books) -> None:
    """After more than 30 days changes are found by a query; of deletions those are, of which is still told."""
    names = quickbooks.at.orders.many(150)
    await quickbooks.sync()
    quickbooks.fake.clock.skip(10 * 86400)
    quickbooks.put(names[0], DocNumber="changed")
    quickbooks.at.orders.delete(names[1])
    quickbooks.fake.clock.skip(40 * 86400)
    quickbooks.at.orders.delete(names[2])
    await quickbooks.sync()
    assert quickbooks.orders[names[0]].number == "changed"
    assert quickbooks.gone == {names[2]}


async def test_nothing_for_long(quickbooks: Books) -> None:
    """Where nothing changes for weeks, syncs in between see to it that deletions are still told."""
    names = quickbooks.at.orders.many(3)
    for _ in range(4):
        await quickbooks.sync()
        quickbooks.fake.clock.skip(20 * 86400)
    quickbooks.at.orders.delete(names[0])
    await quickbooks.sync()
    assert quickbooks.gone == {names[0]}


async def test_more_changes_than_are_told(quickbooks: Books) -> None:
    """Of 1500 changes the first 1000 are told in their order; the others are asked for from there."""
    await quickbooks.sync()
    quickbooks.fake.clock.skip(2 * 86400)
    quickbooks.at.orders.many(1500)
    await quickbooks.sync()
    assert quickbooks.holds_everything()
    assert len(quickbooks.at.asked_for("cdc")) == 3


async def test_more_changes_of_one_moment(quickbooks: Books) -> None:
    """Where those that are cut off cannot be asked for, a query finds them."""
    await quickbooks.sync()
    quickbooks.fake.clock.skip(86400)
    at = datetime.fromtimestamp(quickbooks.fake.clock.now(), UTC).isoformat(timespec="seconds")
    for n in range(1100):
        quickbooks.put(str(n + 1), MetaData={"CreateTime": at, "LastUpdatedTime": at})
    await quickbooks.sync()
    assert quickbooks.holds_everything()
    asked = len(quickbooks.at.asked)
    quickbooks.fake.clock.skip(86400)
    await quickbooks.sync()
    assert len(quickbooks.at.asked) > asked


async def test_an_answer_too_long(quickbooks: Books) -> None:
    """Where the changes are more than anybody should read at once, they are read in pages."""
    await quickbooks.sync()
    quickbooks.fake.clock.skip(86400)
    quickbooks.at.orders.many(150)
    quickbooks.at.faults.api.append(huge)
    await quickbooks.sync()
    assert quickbooks.holds_everything()


@pytest.mark.parametrize("realm", ["", "1/../2", "１２", "9" * 41, "12\n"])
async def test_a_realm_in_a_path(quickbooks: Books, realm: str) -> None:
    """A company's id that is no number leads nowhere."""
    with pytest.raises(Refused, match="realm_missing"):
        quickbooks_orders.Orders(quickbooks.api, realm, datetime.now(UTC) - timedelta(0))
