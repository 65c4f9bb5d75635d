"""Lists of groups: meals with their times, workouts on their days, people with a number, departments.

The first field of a group tells its items apart. What a message says of items is a row of names and times, and
their order pairs them: "breakfast at 8, lunch at 1",
"6pm on Mondays and Fridays". Items that are there already are
completed or changed by it, not doubled.
"""

from typing import Any

from onboarding.scripted.clock import Clock
from onboarding.scripted.fields import Field, cues_of, words_of
from onboarding.scripted.listening import Listening, negated
from onboarding.scripted.naming import PIECES, Named, broken, known_names, own_names
from onboarding.scripted.numbers import number_at
from onboarding.scripted.pieces import pieces
from onboarding.scripted.quantities import quantities
from onboarding.scripted.rows import Row, rows_of
from onboarding.scripted.text import Match
from onboarding.scripted.times import clocks, time_of, without_ends
from onboarding.scripted.words import BREAKS, EXCEPT, NONE, content, listed

_OFF = listed("off", "no", "without", "sin", "none", "ninguno")


def hear_groups(on: Listening) -> None:
    """Read every list of groups of the answer, other than those of choices alone."""
    for field in on.fields.all:
        if field.kind == "groups" and field.path not in on.found and field.inner:
            _Group(on, field).hear()


class _Group:
    def __init__(self, on: Listening, field: Field) -> None:
        self.on, self.field, self.identity = on, field, field.identity
        self.time = next((f for f in field.inner if f.kind == "time" or f.item.kind == "time"), None)
        self.old: list[dict[str, Any]] = [dict(item) for item in on.data.get(field.path, [])]
        self.asked_name = (on.asked_path or "").partition("].")[2]
        self.clocks: list[Clock] = []
        self.heard = False

    def hear(self) -> None:
        """Read the items that a message names, and what it says of those that are there."""
        on = self.on
        if _denies_all(on) and on.is_asked(self.field) and self.field.may_be_empty:
            on.found[self.field.path] = []
            return
        names = [n for n in known_names(on, self.identity) if not self._is_count(n)]
        flags = self._flags()
        times = self.clocks = self._times(names)
        names = own_names(on, self.field, names, times, self.asked_name)
        removed = [n for n in names if self._is_denied(n, names) and not _near_flag(n, flags)]
        names = [n for n in names if n not in removed]
        items = self._items(names, times)
        for atom in (*names, *removed, *times):
            on.take(atom.start, atom.end)
        gone = {value for n in removed for value in n.values}
        items = [item for item in items if item.get(self.identity.name) not in gone]
        if gone and not items:
            self.old = [item for item in self.old if item.get(self.identity.name) not in gone]
            self.heard = True
        self._merge(items)
        self._rest(names)
        self._set_flags(flags, names)
        if self.heard:
            on.found[self.field.path] = self.old

    def _is_count(self, named: Named) -> bool:
        return self._counts(named.start) and number_at(self.on.spoken, named.start - 1) is not None

    # Times.

    def _times(self, names: list[Named]) -> list[Clock]:
        if self.time is None:
            return []
        bare = self.on.is_asked(self.field) and self.asked_name == self.time.name
        found = clocks(self.on, bare=bare, known={named.end: named.start for named in names})
        found = [clock for clock in found if not (clock.plain and self._counts(clock.end))]
        return found if self.time.kind != "time" else without_ends(self.on, found)

    def _counts(self, index: int) -> bool:
        """Whether the items as such stand there, in the plural: "three meals" is no time."""
        spoken = self.on.spoken
        there = index < len(spoken.tokens) and cues_of(self.field).at(spoken, index) is not None
        return there and spoken.word(index).endswith("s")

    def _items(self, names: list[Named], times: list[Clock]) -> list[dict[str, Any]]:
        items = self._paired(names, times)
        time = self.time.name if self.time is not None else ""
        timed = {_key(item.get(self.identity.name)) for item in items if time in item}
        # "Three meals: ..., a meal at three": the second one is the item.
        return [i for i in items if time in i or not time or _key(i.get(self.identity.name)) not in timed]

    def _paired(self, names: list[Named], times: list[Clock]) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = []
        for row in rows_of(self.on, names, times, self.time is not None and self.time.said.shared):
            items.extend(self._of_row(row))
        return items

    def _of_row(self, row: Row) -> list[dict[str, Any]]:
        values = [value for named in row.names for value in named.values]
        if self.time is None or not row.times:
            return [{self.identity.name: value} for value in dict.fromkeys(values)]
        if not values:
            return self._nameless(row.times)
        if self.time.kind != "time":
            whole = [text for clock in row.times if (text := self._text(clock, values[0])) is not None]
            return [{self.identity.name: value, self.time.name: list(dict.fromkeys(whole))} for value in values]
        several = any(named.several for named in row.names)
        if len(values) == len(row.times) and not several:
            return [self._item(value, clock) for value, clock in zip(values, row.times, strict=True)]
        if self.time.said.shared:
            return [self._item(value, clock) for clock in row.times for value in dict.fromkeys(values)]
        if len(values) == 1:
            # Two snacks have two names.
            numbered = [values[0] if i == 0 else f"{values[0]} {i + 1}" for i in range(len(row.times))]
            pairs = zip(numbered, row.times, strict=True)
            return [self._item(name, clock, values[0]) for name, clock in pairs]
        first = len(values) - len(row.times)
        bare = [{self.identity.name: value} for value in values[: max(first, 0)]]
        pairs = zip(values[max(first, 0) :], row.times, strict=False)
        return bare + [self._item(value, clock) for value, clock in pairs]

    def _item(self, value: Any, clock: Clock, key: Any = None) -> dict[str, Any]:
        text = self._text(clock, value if key is None else key)
        assert self.time is not None
        return {self.identity.name: value} | ({} if text is None else {self.time.name: text})

    def _text(self, clock: Clock, key: Any) -> str | None:
        assert self.time is not None
        found = time_of(self.on, self.time, clock, str(key))
        if found is None:
            self.on.errors[-1] = _inside(self.on.errors[-1], f"{self.field.path}[].{self.time.name}")
        return found

    # Together with what is there.

    def _nameless(self, times: list[Clock]) -> list[dict[str, Any]]:
        """Times without names: for the items that lack one, else for names that are still to come."""
        assert self.time is not None
        lacking = [item for item in self.old if self.identity.name in item and self.time.name not in item]
        if self.time.kind != "time":
            texts = [text for clock in times if (text := self._text(clock, "")) is not None]
            for item in lacking[:1]:
                item[self.time.name] = texts
                self.heard = True
            return []
        if not lacking and self.on.correcting and len(self.old) >= 1 and len(times) == 1:
            lacking = self.old if self.time.said.shared or len(self.old) == 1 else []
        if lacking:
            self._fill(lacking, times)
            return []
        if self.time.said.shared or self.on.is_asked(self.field):
            found = [self._text(clock, "") for clock in times]
            return [{self.time.name: text} for text in found if text is not None]
        return []

    def _fill(self, lacking: list[dict[str, Any]], times: list[Clock]) -> None:
        assert self.time is not None
        shared = self.time.said.shared
        if shared and len(times) > 1 and len(times) != len(lacking):
            for item in lacking:
                self.old.remove(item)
            for clock in times:
                self.old.extend(self._item(item[self.identity.name], clock) for item in lacking)
            self.heard = True
            return
        clocks_for = [times[0]] * len(lacking) if shared and len(times) == 1 else times
        asked = self._asked_item()
        if asked is not None and asked in lacking and len(times) < len(lacking) and not shared:
            lacking = lacking[lacking.index(asked) :]
        for item, clock in zip(lacking, clocks_for, strict=False):
            text = self._text(clock, item[self.identity.name])
            if text is not None:
                item[self.time.name] = text
                self.heard = True

    def _asked_item(self) -> dict[str, Any] | None:
        number = (self.on.asked_path or "").partition("[")[2].partition("]")[0]
        return self.old[int(number)] if number.isdigit() and int(number) < len(self.old) else None

    def _merge(self, items: list[dict[str, Any]]) -> None:
        """Items of the message among those that were there."""
        name = self.identity.name
        nameless = [item for item in self.old if name not in item]
        named = [item for item in items if name in item]
        if nameless and named and self.time is not None:
            # The times came first: they are for whatever is named now.
            before, self.old = self.old, [item for item in self.old if name in item]
            times = [item[self.time.name] for item in nameless]
            if self.time.said.shared:
                items = [{self.time.name: time, **item} for time in times for item in named]
            else:
                given = iter(named[: len(times)])
                self.old = [item if name in item else {**item, **next(given, {})} for item in before]
                items = named[len(times) :]
                self.heard = True
        for item in items:
            self.heard = True
            same = self._same(item)
            if same is None:
                self.old.append(item)
            else:
                same.update(item)

    def _same(self, item: dict[str, Any]) -> dict[str, Any] | None:
        """The item that is meant: the one of this name; two trainings of a day differ by their times."""
        key = _key(item.get(self.identity.name))
        if key is None:
            return None
        found = [old for old in self.old if _key(old.get(self.identity.name)) == key]
        if not found or self.time is None or not self.time.said.shared:
            return found[0] if found else None
        time = item.get(self.time.name)
        exact = [old for old in found if old.get(self.time.name) in {time, None}] if time is not None else found
        if exact:
            return exact[0]
        return found[0] if self.on.correcting else None

    def _rest(self, names: list[Named]) -> None:
        """Other fields of the group: what their cues point to, in the clause of the item."""
        on = self.on
        for inner in self.field.inner[1:]:
            if inner is self.time or inner.kind == "boolean":
                continue
            for item, start, end in self._clauses(names):
                value = _inner_value(on, inner, start, end)
                if value is not None:
                    item[inner.name] = value
                    self.heard = True

    def _clauses(self, names: list[Named]) -> list[tuple[dict[str, Any], int, int]]:
        """Each item with the tokens that are said about it; or the item asked for, with all of them."""
        if not names:
            asked = self._asked_item()
            return [] if asked is None else [(asked, -1, len(self.on.spoken.tokens))]
        found: list[tuple[dict[str, Any], int, int]] = []
        for index, named in enumerate(names):
            end = names[index + 1].start if index + 1 < len(names) else len(self.on.spoken.tokens)
            meant = {_key(value) for value in named.values}
            found += [(item, named.end, end) for item in self.old if _key(item.get(self.identity.name)) in meant]
        return found

    # Yes or no, and without.

    def _flags(self) -> list[tuple[Field, Match[str], bool]]:
        """Where a boolean field of the group is said to be so or not: "no reminders"."""
        found: list[tuple[Field, Match[str], bool]] = []
        for inner in self.field.inner:
            if inner.kind != "boolean":
                continue
            for cue in self.on.find(cues_of(inner)):
                off = negated(self.on.spoken, cue.start) or _OFF.at(self.on.spoken, cue.end - 1) is not None
                after = cue.end < len(self.on.spoken.tokens) and _OFF.at(self.on.spoken, cue.end) is not None
                found.append((inner, cue, not (off or after)))
                start = cue.start
                while start > 0 and self.on.spoken.word(start - 1) not in PIECES and not self.on.taken[start - 1]:
                    start -= 1
                    if self.on.spoken.word(start) in {"no", "without", "sin", "dont", "not", "off"}:
                        break
                else:
                    start = cue.start
                self.on.take(start, cue.end + after)
        return found

    def _set_flags(self, flags: list[tuple[Field, Match[str], bool]], names: list[Named]) -> None:
        for inner, cue, value in flags:
            changed = any(item.get(inner.name) not in {None, value} for item in self.old)
            if value == inner.node.default and not changed:
                continue
            beside = [n for n in names if not broken(self.on, *_between(n, cue))]
            meant = {_key(v) for n in names if n in beside or self._of_one_time(n, beside) for v in n.values}
            for item in self.old:
                if not meant or _key(item.get(self.identity.name)) in meant:
                    item[inner.name] = value
                    self.heard = True

    def _of_one_time(self, named: Named, beside: list[Named]) -> bool:
        """Whether a name shares its time with one of others: no time stands between them."""
        if self.time is None or not self.time.said.shared or not beside:
            return False
        last = beside[-1]
        low, high = min(named.end, last.end), max(named.start, last.start)
        return not any(low <= clock.start < high for clock in self.clocks)

    def _is_denied(self, named: Named, names: list[Named]) -> bool:
        """Whether an item is named to be left out: "every day except Sunday"."""
        last = max((n for n in names if n.end <= named.start), key=lambda n: n.end, default=None)
        before = last.end if last is not None else 0
        if self.on.spoken.word(named.end) == "no" and self.on.spoken.word(named.end + 1) in {"", *BREAKS} - {"?"}:
            return True
        if last is not None and last.several and self.on.spoken.word(named.start - 1) in {"but", "pero"}:
            return True
        matches = EXCEPT.find(self.on.spoken, max(before, named.start - 4), named.start)
        if matches and not broken(self.on, matches[-1].end, named.start):
            return True
        return negated(self.on.spoken, named.start, before)


def _denies_all(on: Listening) -> bool:
    whole = content(on.spoken, 0, len(on.spoken.tokens))
    found = NONE.at(on.spoken, whole[0]) if whole is not None else None
    return whole is not None and found is not None and content(on.spoken, found.end, whole[1]) is None


def _between(named: Named, cue: Match[str]) -> tuple[int, int]:
    return (named.end, cue.start) if named.end <= cue.start else (cue.end, named.start)


def _near_flag(named: Named, flags: list[tuple[Field, Match[str], bool]]) -> bool:
    """Whether it is the reminder that is denied, not the item."""
    return any(0 <= named.start - cue.end <= 4 for _, cue, _ in flags)


def _key(value: Any) -> Any:
    return value.strip().casefold() if isinstance(value, str) else value


def _inside(error: Any, path: str) -> Any:
    return type(error)(field=path, code=error.code, detail=error.detail)


def _inner_value(on: Listening, inner: Field, start: int, end: int) -> Any:
    """The value of one field of a group, between two tokens."""
    spoken, asked = on.spoken, start < 0
    if asked and not (on.asked_path or "").endswith(f".{inner.name}"):
        return None
    start = max(start, 0)
    if inner.kind == "choice":
        found = words_of(inner).find(spoken, start, end)
        return found[0].meaning if found else None
    if inner.kind in {"integer", "number"}:
        amounts = [a for a in quantities(spoken, on.taken) if start <= a.start < end and a.in_unit(inner.unit)]
        if not amounts:
            return None
        value = amounts[0].in_unit(inner.unit)[0]
        return round(value) if inner.kind == "integer" else value
    if inner.kind != "text":
        return None
    cues = cues_of(inner).find(spoken, start, end)
    if not cues and not asked:
        return None
    first = cues[0].end if cues else start
    piece = next((p for p in pieces(spoken, on.taken, PIECES) if p.start <= first < p.end), None)
    span = content(spoken, first, min(end, piece.end)) if piece is not None else None
    return spoken.raw(*span) if span is not None else None
