"""Lines of orders without headers: a name, how many, what one costs and what all cost, in whatever order."""

import re
from collections.abc import Sequence
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from onboarding.order_mails.columns import Column, columns_of
from onboarding.order_mails.dates import is_date
from onboarding.order_mails.money import Money, Notation, moneys, without
from onboarding.order_mails.naming import NAME_CHARACTERS, code_like, count_in, named
from onboarding.order_mails.rows import Row

_AMOUNTS = 4
_DIGITS = 7
_ROUNDED = Decimal("0.005")
_WORD = re.compile(r"[^\W\d_]{2}")
_FIRST = re.compile(r"(?P<n>\d{1,6})\s+(?=\S)")
_LAST = re.compile(r"\s(?P<n>\d{1,6})$")
_EACH = re.compile(
    r"@|\beach\b|\bper (?:unit|item|piece)\b|\bje\b|\bà\b|/\s?(?:stk|stück|st|pc|ea|unit|szt)\b|\bunit price|"
    r"einzelpreis|"
    r"\bprix unitaire|\bprecio unitario|\bprezzo unitario|\bper stuk|\bpreço unitário|\bcena jedn",
    re.IGNORECASE,
)
_NO_NAME = re.compile(
    r"^(?:order|your order|date|payment|paid|visa|mastercard|paypal|credit card|card|ship|deliver|address|"
    r"phone|tel|invoice|thank|hi |hello|dear|"
    r"bestell|datum|zahlung|rechnung|liefer|versand|adresse|iban|bic|kreditkarte|vorkasse|commande|paiement|"
    r"adresse|pedido|pago|fecha|"
    r"ordine|pagamento|bestelling|betaling|zamówienie|płatność|you |we |free |get |spend|sie |vous |from only|"
    r"estimated|"
    r"was |statt |minimum|until|valid)",
    re.IGNORECASE,
)


class Shape(Struct, frozen=True, kw_only=True):
    """What a row may say; see `Candidate`."""

    name: str
    sku: str | None = None
    quantity: Decimal | None = None
    unit_price: Decimal | None = None
    amount: Decimal | None = None
    price: Decimal | None = None
    each: bool = False


def shape_of(
    rows: Sequence[Row], place: int, columns: Sequence[Column], taken: frozenset[int], notation: Notation
) -> Shape | None:
    """The line that a row may be.

    Args:
        rows: of the mail.
        place: which of them.
        columns: what headers said that stand above; with the gaps lost, they tell what stands first.
        taken: places of rows that tell of something else.
        notation: how the mail writes numbers.
    """
    row = rows[place]
    cells = [_cell(cell, notation) for cell in row.cells]
    amounts = [money.amount for _, found in cells for money in found if money.amount >= 0]
    if not amounts or len(amounts) > _AMOUNTS or len(row.text) > NAME_CHARACTERS + 200:
        return None
    texts = [text for text, _ in cells if _WORD.search(text) and count_in(text, notation) is None]
    own = max(texts, key=lambda text: len(text.split("\n")[0]), default="")
    if len(row.cells) == 1 and not row.table:
        own, led, first = _led(own, columns)
    else:
        led, first = None, None
    counts = [count for text, _ in cells if (count := count_in(text, notation)) is not None]
    proved = None
    if named(own)[2] is None:
        own, proved = _proved(own, amounts)
    name, sku, quantity = named(own)
    for text in texts:
        _, other_sku, other = named(text)
        sku, quantity = sku or other_sku, quantity or other
    if not name and place - 1 not in taken:
        name, sku, quantity = _above(rows, place, sku, quantity, notation)
    if not name or _NO_NAME.match(name) or is_date(name):
        return None
    quantity = proved or first or quantity or (counts[0] if len(counts) == 1 else None)
    shape = Shape(name=name, sku=led or sku, quantity=quantity, each=bool(_EACH.search(row.text)))
    return _priced(shape, amounts, counts)


def _priced(shape: Shape, amounts: Sequence[Decimal], counts: Sequence[Decimal]) -> Shape:
    """The line with what its amounts must mean, where that can be told from them alone."""
    if len(amounts) == 1:
        return replace(shape, price=amounts[0])
    unit, amount = amounts[0], amounts[-1]
    for count in (shape.quantity, *counts):
        if count and _multiplies(count, unit, amount):
            return replace(shape, quantity=count, unit_price=unit, amount=amount)
    if shape.quantity is None and unit == amount:
        return replace(shape, quantity=Decimal(1), unit_price=unit, amount=amount)
    return replace(shape, amount=amount)


def _multiplies(count: Decimal, unit: Decimal, amount: Decimal) -> bool:
    return abs(unit * count - amount) <= _ROUNDED * count


def _led(text: str, columns: Sequence[Column]) -> tuple[str, str | None, Decimal | None]:
    """The text without its first words where headers say what those are; the article's number, and how many."""
    code = count = None
    for column in columns:
        first, _, rest = text.partition(" ")
        if column in ("sku", "thing") and code_like(first):
            code, text = first, rest.strip()
        elif column in ("skip", "quantity") and first.rstrip(".").isdigit() and len(first) < _DIGITS:
            count = Decimal(first.rstrip(".")) if column == "quantity" else count
            text = rest.strip()
        else:
            break
    return text, code, count


def _proved(text: str, amounts: Sequence[Decimal]) -> tuple[str, Decimal | None]:
    """The text without a number at its end that the amounts prove to say how many, and that number."""
    if len(amounts) > 1:
        for pattern in (_LAST, _FIRST):
            match = pattern.search(text) if pattern is _LAST else pattern.match(text)
            if match and (count := Decimal(match["n"])) and _multiplies(count, amounts[0], amounts[-1]):
                rest = text[: match.start()] + text[match.end() :]
                return named(f"{count} x {rest}")[0] or rest if pattern is _FIRST else rest, count
    return text, None


def _above(
    rows: Sequence[Row], place: int, sku: str | None, quantity: Decimal | None, notation: Notation
) -> tuple[str | None, str | None, Decimal | None]:
    """The name in the rows above a row of numbers alone."""
    for up in range(place - 1, max(place - 4, -1), -1):
        text = rows[up].text
        if moneys(text, notation) or columns_of(rows[up].cells) or text.endswith(":"):
            break
        above, code, count = named("\n".join(rows[up].cells))
        sku, quantity = sku or code, quantity or count
        if above and _WORD.search(above):
            return above, sku, quantity
    return None, sku, quantity


def _cell(cell: str, notation: Notation) -> tuple[str, list[Money]]:
    found = [(line, moneys(line, notation)) for line in cell.split("\n")]
    lines = (without(line, amounts) for line, amounts in found)
    return "\n".join(line for line in lines if line), [money for _, amounts in found for money in amounts]
