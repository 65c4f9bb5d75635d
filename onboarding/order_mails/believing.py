"""Which candidates are the lines of the order: those that add up, and those that prove themselves."""

from collections.abc import Sequence
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from onboarding.order_mails.candidates import Candidate
from onboarding.order_mails.totals import Sums

_TABLES = 50
_CENTS = Decimal("0.0001")


class Believed(Struct, frozen=True, kw_only=True):
    """Lines, and whether they make up the whole order."""

    lines: tuple[Candidate, ...] = ()
    proved: bool = False


def believed(candidates: Sequence[Candidate], sums: Sums, end: int) -> Believed:
    """The lines that can be believed.

    Args:
        candidates: in the order of the mail.
        sums: what the order comes to.
        end: the place of its total; what comes behind it is mostly advertising.
    """
    before = [each for each in candidates if each.place < end]
    behind = [each for each in candidates if each.place > end]
    tables = sorted({each.table for each in candidates if each.table})
    groups = [before, behind, list(candidates), [each for each in candidates if each.sure]]
    groups += [[each for each in candidates if each.table == table] for table in tables[:_TABLES]]
    for group in groups:
        if (lines := _adding_up(group, sums)) is not None:
            return Believed(lines=lines, proved=True)
    alone = (_alone(each) for each in before or behind)
    return Believed(lines=tuple(line for line in alone if line))


def _adding_up(group: Sequence[Candidate], sums: Sums) -> tuple[Candidate, ...] | None:
    """The group with each price for that of a line, or of one piece: as it adds up."""
    if not group or not sums.targets:
        return None
    for meant in (_as_said, _of_lines, _of_pieces):
        lines = tuple(meant(each) for each in group)
        amounts = [each.amount for each in lines if each.amount is not None]
        if len(amounts) == len(lines) and sums.fit(sum(amounts, Decimal(0))):
            return lines
    return None


def _as_said(line: Candidate) -> Candidate:
    """A price that is said to be that of a piece is; else it is the line's."""
    return _of_pieces(line) if line.each else _of_lines(line)


def _of_lines(line: Candidate) -> Candidate:
    if line.price is not None and line.amount is None:
        line = replace(line, amount=line.price)
    return _completed(line)


def _of_pieces(line: Candidate) -> Candidate:
    if line.price is not None and line.amount is None and line.quantity:
        line = replace(line, unit_price=line.price, amount=line.price * line.quantity)
    return _completed(line)


def _completed(line: Candidate) -> Candidate:
    """What the other two numbers prove, counted out."""
    if line.amount is None and line.unit_price is not None and line.quantity:
        return replace(line, amount=line.unit_price * line.quantity)
    if line.unit_price is None and line.amount is not None and line.quantity:
        unit = (line.amount / line.quantity).quantize(_CENTS)
        return replace(line, unit_price=_plain(unit)) if unit * line.quantity == line.amount else line
    return line


def _alone(line: Candidate) -> Candidate | None:
    """The line, though the whole does not add up; None where nothing in it speaks for its being one."""
    if line.quantity and line.unit_price is not None and line.amount is not None:
        right = abs(line.unit_price * line.quantity - line.amount) <= Decimal("0.005") * line.quantity
        return line if right else replace(line, unit_price=None, amount=None) if line.sure else None
    if line.sure:
        return _of_pieces(line) if line.quantity == 1 else _completed(line)
    if line.quantity is None or line.price is None:
        return None
    return _of_pieces(line) if line.each or line.quantity == 1 else replace(line, price=None)


def _plain(value: Decimal) -> Decimal:
    cents = value.quantize(Decimal("0.01"))
    return cents if cents == value else value
