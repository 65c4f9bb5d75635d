"""Number fields: which of the amounts in a message is whose.

A word for a field beside the amount decides; then the unit; then the field that was asked for, or the only one
whose bounds it fits. An amount that none of these places stays nobody's.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from onboarding.answers import Shares
from onboarding.scripted.fields import Field, cues_of, names_of, others_of
from onboarding.scripted.listening import Listening, negated
from onboarding.scripted.pieces import pieces
from onboarding.scripted.quantities import Quantity, quantities
from onboarding.scripted.text import Phrases
from onboarding.scripted.words import BREAKS, listed, only_fillers

_TOO_FAR = 8
_BETWEEN_SHARES = {"/", "-", "–", ",", ":", "and", "y", ";", "&", "con"}
_ABOUT = {"is", "about", "around", "at", "of", ":", "unos", "es", "son", "de"}
_OVER = listed("over, above, more than, mas de, greater than, north of, upwards of, por encima de")
_UP_TO = listed("up to, hasta, from, of, about, around, at, de, unos, a")
_UNDER = listed("under, below, less than, fewer than, menos de, por debajo de")


def hear_numbers(on: Listening) -> None:
    """Read every number field of the answer."""
    fields = [field for field in on.fields.all if field.kind in {"integer", "number"}]
    ranged = [field for field in on.fields.all if field.said.ranges]
    if not fields and not ranged:
        return
    amounts = _meant(on, quantities(on.spoken, on.taken))
    amounts = [a for a in amounts if not any(_is_of_something_else(on, field, a) for field in fields)]
    if on.fields.shares is not None:
        amounts = _all_shares(on, on.fields.shares, amounts)
    amounts = _by_cue(on, [*fields, *ranged], amounts)
    amounts = _by_unit(on, fields, amounts)
    if on.fields.shares is not None:
        _last_share(on, on.fields.shares)
    _by_question(on, fields, ranged, amounts)
    if on.fields.shares is not None:
        _last_share(on, on.fields.shares)


def value_of(field: Field, amount: Quantity) -> float | int:
    """The amount in the field's unit, in the reading that its bounds allow."""
    readings = amount.in_unit(field.unit)
    low, high = field.node.minimum, field.node.maximum
    fitting = [v for v in readings if (low is None or v >= low) and (high is None or v <= high)]
    value = (fitting or readings)[0]
    converted = amount.ends is not None or (amount.unit is not None and amount.unit != field.unit)
    if field.kind == "integer" and (converted or float(value).is_integer()):
        return round(value)
    value = round(value, 2)
    return int(value) if value.is_integer() else value


def fits(field: Field, value: float) -> bool:
    """Whether the field's bounds allow a value."""
    low, high = field.node.minimum, field.node.maximum
    return (low is None or value >= low) and (high is None or value <= high)


def _meant(on: Listening, amounts: list[Quantity]) -> list[Quantity]:
    """Without those that are denied when another is named: "not 2000, 2200"."""
    if len(amounts) < 2:
        return amounts
    kept = [a for a in amounts if on.spoken.word(a.start - 1) not in {"not", "no"}]
    return kept or amounts


def _is_of_something_else(on: Listening, field: Field, amount: Quantity) -> bool:
    """Whether the words in front of an amount say that it is none of this field: what somebody weighs now."""
    if not on.is_asked(field) and _describes(on, field, amount):
        return True
    start = amount.start
    while start > 0 and on.spoken.word(start - 1) in _ABOUT:
        start -= 1
    found = others_of(field).ending(on.spoken, start)
    if found is None or on.is_asked(field):
        return False
    return not any(c.start < found.end and found.start < c.end for c in cues_of(field).find(on.spoken))


def _describes(on: Listening, field: Field, amount: Quantity) -> bool:
    """Whether an amount belongs to a thing that is named beside it: "dumbbells up to 20 kg", "10 kg plates"."""
    spoken, start = on.spoken, amount.start
    if amount.unit is None or not amount.in_unit(field.unit):
        return False
    start -= spoken.word(start - 1) == "("
    while start > 0 and (before := _UP_TO.ending(spoken, start)) is not None:
        start = before.start
    if any(not start <= cue.start < amount.start for cue in on.find(cues_of(field))):
        return False
    things = [names_of(each) for each in on.fields.all if each.kind == "texts"]
    named = any(each.ending(spoken, start) is not None for each in things if start > 0)
    return named or any(
        each.at(spoken, amount.end) is not None for each in things if amount.end < len(spoken.tokens)
    )


def _give(on: Listening, field: Field, amount: Quantity) -> None:
    on.take(amount.start, amount.end)
    on.found[field.path] = _ranged(on, field, amount) if field.said.ranges else value_of(field, amount)


def _ranged(on: Listening, field: Field, amount: Quantity) -> str | None:
    """The choice whose numbers an amount is among."""
    value = amount.values[0]
    more = on.spoken.word(amount.end) == "+" or _OVER.ending(on.spoken, amount.start) is not None
    less = _UNDER.ending(on.spoken, amount.start) is not None
    low, high = amount.ends or (value + more - less, value + more - less)
    both = [key for key, (first, last) in field.said.ranges.items() if first <= low and high <= last]
    middle = (low + high) / 2
    some = [key for key, (first, last) in field.said.ranges.items() if first <= middle < last + 1]
    return next(iter(both + some), None)


def _by_cue(on: Listening, fields: Sequence[Field], amounts: list[Quantity]) -> list[Quantity]:
    """Give amounts to the fields whose words stand nearest."""
    if not amounts:
        return amounts
    cues = [
        (field, cue)
        for field in fields
        for cue in on.find(cues_of(field))
        if not any(cue.start < a.end and a.start < cue.end for a in amounts)
    ]
    own = _dimensions(fields)
    ambiguous = [a for a in amounts if a.unit is None or own.count(a.unit.dimension) != 1]
    amount_first = bool(ambiguous and cues and ambiguous[0].start < min(cue.start for _, cue in cues))
    pairs: list[tuple[float, int, Field, int, Quantity]] = []
    for field, cue in cues:
        for amount in amounts:
            if not (amount.in_unit(field.unit) or field.said.ranges) or _is_beyond(fields, field, amount):
                continue
            before = amount.end <= cue.start
            gap = range(amount.end, cue.start) if before else range(cue.end, amount.start)
            if len(gap) > 2 * _TOO_FAR:
                continue
            breaks = sum(on.spoken.word(i) in BREAKS for i in gap)
            cost = len(gap) + 3 * breaks + (0 if before == amount_first else 0.5)
            if cost <= _TOO_FAR:
                pairs.append((cost, amount.start, field, cue.start, amount))
    given: set[str] = set()
    used: set[int] = set()
    spent: set[int] = set()
    for _, start, field, cue_start, amount in sorted(pairs, key=lambda pair: pair[:2]):
        if field.path not in given and start not in used and cue_start not in spent:
            given.add(field.path)
            used.add(start)
            spent.add(cue_start)
            _give(on, field, amount)
    for field, cue in cues:
        if field.path in given:
            on.take(cue.start, cue.end)
    return [amount for amount in amounts if amount.start not in used]


def _is_beyond(fields: Sequence[Field], field: Field, amount: Quantity) -> bool:
    """Whether a bare number cannot be a field's, but another one's: "2200 with a lot of protein"."""
    if amount.unit is not None or field.said.ranges or any(fits(field, value) for value in amount.values):
        return False
    return any(fits(f, value) for f in fields if f.kind in {"integer", "number"} for value in amount.values)


def _dimensions(fields: Sequence[Field]) -> list[str]:
    return [field.unit.dimension for field in fields if field.unit is not None]


def _by_unit(on: Listening, fields: Sequence[Field], amounts: list[Quantity]) -> list[Quantity]:
    """Give amounts with a unit to the only field that counts in it."""
    left: list[Quantity] = []
    for amount in amounts:
        # What need not be said is not guessed: ten kilos may be dumbbells.
        wanted = [f for f in fields if f.node.required or on.is_asked(f)]
        same = [f for f in wanted if amount.unit is not None and amount.in_unit(f.unit)]
        if len(same) == 1 and same[0].path not in on.found:
            _give(on, same[0], amount)
        else:
            left.append(amount)
    return left


def _by_question(on: Listening, fields: Sequence[Field], ranged: Sequence[Field], amounts: list[Quantity]) -> None:
    """A bare number answers the question, or else is for the only field that it fits."""
    for field in [*fields, *ranged]:
        usable = [a for a in amounts if a.in_unit(field.unit) or (field.said.ranges and a.unit is None)]
        if on.is_asked(field) and field.path not in on.found and usable:
            _give(on, field, usable[-1] if on.correcting else usable[0])
            return
    for amount in amounts:
        alone = _is_all(on, amount)
        if amount.unit is not None or (not alone and on.asked is not None):
            continue
        # The first reading that fits anywhere: 2.200 are more calories than percent.
        fitting = next((some for v in amount.values if (some := [f for f in fields if fits(f, v)])), [])
        open_ones = [
            f
            for f in fitting
            if f.path not in on.found
            and (on.correcting or f.path not in on.data)
            and (f.node.required or f.path in on.data)
        ]
        if len(open_ones) == 1 and (alone or not on.data) and not negated(on.spoken, amount.start):
            _give(on, open_ones[0], amount)


def _is_all(on: Listening, amount: Quantity) -> bool:
    """Whether a message says nothing besides an amount and what is understood already."""
    busy = bytearray(on.taken)
    busy[amount.start : amount.end] = b"\x01" * (amount.end - amount.start)
    return all(only_fillers(on.spoken, piece.start, piece.end) for piece in pieces(on.spoken, busy, BREAKS))


def _all_shares(on: Listening, shares: Shares, amounts: list[Quantity]) -> list[Quantity]:
    """All parts of a whole in one breath: "30/40/30", or a word for such a split."""
    for word in on.find(Phrases(shares.words.items())):
        if not negated(on.spoken, word.start):
            on.found.update(zip(shares.fields, word.meaning, strict=True))
            on.take(word.start, word.end)
            return amounts
    count = len(shares.fields)
    rows = [amounts[first : first + count] for first in range(len(amounts) - count + 1)]
    rows = [row for row in rows if _is_row(on, shares, row)]
    # Of "1,800 and 40/30/30" the last three are the parts.
    row = min(rows, key=lambda row: abs(sum(a.values[-1] for a in row) - shares.total) > 1, default=None)
    if row is None:
        return amounts
    order = _order_said(on, shares)
    on.found.update({path: _plain(a.values[-1]) for path, a in zip(order, row, strict=True)})
    on.take(row[0].start, row[-1].end)
    return [a for a in amounts if a not in row]


def _is_row(on: Listening, shares: Shares, row: list[Quantity]) -> bool:
    """Whether so many amounts stand side by side as parts do."""
    close = all(on.spoken.word(i) in _BETWEEN_SHARES for a, b in pairwise(row) for i in range(a.end, b.start))
    bare = all(a.unit is None or a.unit.dimension == "percent" for a in row)
    return close and bare and all(a.values[-1] <= shares.total for a in row)


def _order_said(on: Listening, shares: Shares) -> Sequence[str]:
    """The order of the parts where it is said beside them, "carbs/protein/fat"; else that of the declaration."""
    fields = [field for field in on.fields.all if field.path in shares.fields]
    cues = sorted((cue.start, cue.end, field.path) for field in fields for cue in on.find(cues_of(field)))
    gaps = [range(a[1], b[0]) for a, b in pairwise(cues)]
    together = all(on.spoken.word(i) in _BETWEEN_SHARES for gap in gaps for i in gap)
    said = [path for _, _, path in cues]
    return said if together and sorted(said) == sorted(shares.fields) else shares.fields


def _last_share(on: Listening, shares: Shares) -> None:
    """The one that is left follows from the others."""
    known: dict[str, Any] = {p: on.data[p] for p in shares.fields if p in on.data} | {
        p: on.found[p] for p in shares.fields if p in on.found
    }
    missing = [path for path in shares.fields if path not in known]
    if len(missing) != 1 or not any(path in on.found for path in shares.fields):
        return
    rest = shares.total - sum(known.values())
    if rest == 0:
        # "50 % protein, 50 % carbs" hardly means no fat at all: it is asked for.
        return
    if rest > 0:
        on.found[missing[0]] = _plain(rest)
        return
    for path in shares.fields:
        on.found.pop(path, None)
    on.fail(shares.error, "sum", f"the shares must add up to {shares.total:g}, not {sum(known.values()):g}")


def _plain(value: float) -> float | int:
    value = round(value, 2)
    return int(value) if value == int(value) else value
