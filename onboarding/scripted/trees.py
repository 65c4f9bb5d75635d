"""Lists of groups of which one may belong to another: departments, and what is under them.

"Engineering with Backend and Frontend under it, Sales", "Engineering (Backend, Frontend)", "Backend is part of
Engineering". Whatever something belongs to is itself one of the list.
"""

from typing import Any, Literal, NamedTuple

from onboarding.scripted.fields import Field, cues_of
from onboarding.scripted.listening import Listening, negated
from onboarding.scripted.words import EMPTY, ENDING, LEAD, NONE, NOT, SENTENCE, content, listed

_ITEMS_AT_MOST = 100
_HOLDS = listed(
    "with, has, have, contains, containing, includes, including, include, split into, divided into, made up of, "
    "consists of, con, tiene, tienen, incluye, incluyendo, contiene, dividido en, dividida en, formado por, "
    "formada por, que incluye, >, →, :"
)
_BELOW = listed(
    "under it, below it, beneath it, inside it, within it, under that, below that, under them, as part of it, "
    "underneath, beneath, below, belongs to it, debajo, por debajo, debajo de el, debajo de ella, dentro, "
    "dentro de ella, dentro de el, por dentro, bajo ella, bajo el mismo, a su cargo"
)
_HAVING = listed(
    "any, have, got, such, like, of them, of those, tenemos, hay, alguno, todavia, aun, yet, thing, separate"
)
_ASIDE = listed("we use, we work, we are, we set, usamos, trabajamos, somos, nos organizamos, and we, y usamos")
_WITHOUT = listed("remove, delete, drop, without, no, not, quita, elimina, borra, sin, excepto, except, but not")
_LISTING = {",", "•", "|"}
_JOINING = {"and", "y", "e", "plus", "+", "/", "&", "also", "tambien", "ademas"}

_Kind = Literal["name", "comma", "and", "stop", "open", "close", "holds", "below", "under"]


class _Atom(NamedTuple):
    kind: _Kind
    start: int
    end: int
    text: str = ""


def hear_trees(on: Listening) -> None:
    """Read every list of groups that may belong to one another, as far as it is named or asked for."""
    for field in on.fields.all:
        above = next((inner for inner in field.inner if inner.said.above), None)
        if field.kind != "groups" or above is None or on.markup or field.path in on.found:
            continue
        if _none(on, field):
            on.found[field.path] = []
            on.take(0, len(on.spoken.tokens) if on.is_asked(field) else 0)
            continue
        span = _where(on, field)
        if span is not None:
            tree = _Tree(field, above, [dict(item) for item in on.data.get(field.path, [])])
            without = _WITHOUT.at(on.spoken, span[0])
            if without is not None:
                tree.cut(_atoms(on, field, above, without.end, span[1]))
            else:
                tree.grow(_atoms(on, field, above, *span))
            if tree.changed:
                on.found[field.path] = tree.items
                on.take(*span)


def _none(on: Listening, field: Field) -> bool:
    """Whether it is said that there are none: "no departments", "not yet"."""
    spoken = on.spoken
    for cue in on.find(cues_of(field)):
        beside = content(spoken, cue.end, _sentence_end(on, cue.end))
        only = (
            beside is None or on.taken[beside[0]] or spoken.word(beside[0] - 1) in {",", "and", "y", "but", "pero"}
        )
        if negated(spoken, cue.start) and only:
            on.take(cue.start, cue.end)
            return True
    return on.is_asked(field) and _only_denies(on, field)


def _only_denies(on: Listening, field: Field) -> bool:
    """Whether a message says no, in as many words as it likes, and names nothing: "we don't have any yet"."""
    spoken, index, denied = on.spoken, 0, False
    while index < len(spoken.tokens):
        denial = NONE.at(spoken, index) or NOT.at(spoken, index)
        rest = LEAD.at(spoken, index) or ENDING.at(spoken, index) or EMPTY.at(spoken, index)
        found = denial or rest or cues_of(field).at(spoken, index) or _HAVING.at(spoken, index)
        if found is None and spoken.word(index).isalnum():
            return False
        denied = denied or denial is not None
        index = found.end if found is not None else index + 1
    return denied


def _where(on: Listening, field: Field) -> tuple[int, int] | None:
    """The tokens in which items are named: behind a word for the field, in front of it, or all of an answer."""
    spoken, cues = on.spoken, on.find(cues_of(field))
    for cue in cues:
        end = _list_end(on, cue.end)
        if content(spoken, cue.end, end) is not None and spoken.word(cue.end) not in {*_LISTING, "and", "y"}:
            return cue.end, end
    if cues and not on.is_asked(field):
        return _in_front_of(on, cues[0].start)
    if not on.is_asked(field) or on.questioning:
        return None
    return 0, cues[0].start if cues else _list_end(on, 0)


def _in_front_of(on: Listening, cue: int) -> tuple[int, int] | None:
    """ "We have engineering, sales and HR departments": back to what means something else."""
    start = cue
    while start > 0 and not on.taken[start - 1] and on.spoken.word(start - 1) not in SENTENCE:
        if LEAD.at(on.spoken, start - 1) is not None and on.spoken.word(start - 1) not in _JOINING:
            break
        start -= 1
    return (start, cue) if content(on.spoken, start, cue) is not None else None


def _sentence_end(on: Listening, start: int) -> int:
    places = range(start, len(on.spoken.tokens))
    return next((i for i in places if on.spoken.word(i) in SENTENCE), len(on.spoken.tokens))


def _list_end(on: Listening, start: int) -> int:
    """Where somebody goes on to speak of something else; lines may be items."""
    for index in range(start, len(on.spoken.tokens)):
        aside = _ASIDE.at(on.spoken, index)
        if aside is not None and index > start and on.spoken.word(index - 1) in SENTENCE | {",", "and", "y"}:
            return index
    return len(on.spoken.tokens)


def _atoms(on: Listening, field: Field, above: Field, start: int, end: int) -> list[_Atom]:
    """Names and what stands between them."""
    spoken, under = on.spoken, cues_of(above)
    listing = any(spoken.word(i) in {*_LISTING, ";", "and", "y"} for i in range(start, end))
    atoms: list[_Atom] = []
    first = index = start

    def close(until: int) -> None:
        named = _name(on, field, first, until)
        if named is not None:
            atoms.append(_Atom("name", *named, spoken.raw(*named)))

    while index < end and len(atoms) < 4 * _ITEMS_AT_MOST:
        kind, after = _mark(on, index, listing=listing)
        if kind is None:
            below, forward, holds = _BELOW.at(spoken, index), under.at(spoken, index), _HOLDS.at(spoken, index)
            if below is not None and (forward is None or below.end >= forward.end):
                kind, after = "below", below.end
            elif forward is not None and not (forward.end == forward.start + 1 and index == first):
                kind, after = "under", forward.end
            elif holds is not None and (spoken.word(index) != ":" or not spoken.glued(index + 1)):
                kind, after = "holds", holds.end
        if kind is None and on.taken[index]:
            kind, after = "comma", index + 1
        if kind is None:
            index += 1
            continue
        close(index)
        atoms.append(_Atom(kind, index, after))
        first = index = after
    close(min(index, end))
    return atoms


def _mark(on: Listening, index: int, *, listing: bool) -> tuple[_Kind | None, int]:
    word = on.spoken.word(index)
    if word in _LISTING:
        return "comma", index + 1
    if word in SENTENCE:
        return "stop", index + 1
    if word in {"(", "["}:
        return "open", index + 1
    if word in {")", "]"}:
        return "close", index + 1
    # "Sales & Marketing" is one department where other signs stand between departments.
    if word in _JOINING and not (word in {"&", "/"} and listing):
        return "and", index + 1
    return None, index


def _name(on: Listening, field: Field, start: int, end: int) -> tuple[int, int] | None:
    """A name between two marks: no filler, no number, and no word for the field itself."""
    spoken = on.spoken
    while start < end and (cue := cues_of(field).at(spoken, start)) is not None and cue.end <= end:
        start = cue.end
    while start < end and (cue := cues_of(field).ending(spoken, end)) is not None and cue.start >= start:
        end = cue.start
    # A department that looks like a pronoun.
    span = (start, end) if end == start + 1 and spoken.word(start) == "it" else content(spoken, start, end)
    if span is None or spoken.word(span[0]).isdigit():
        return None
    empty = EMPTY.at(spoken, span[0]) or NONE.at(spoken, span[0])
    return None if empty is not None and empty.end >= span[1] else span


class _Tree:
    """The items, and which one is above which."""

    def __init__(self, field: Field, above: Field, items: list[dict[str, Any]]) -> None:
        self.name, self.above, self.items = field.identity.name, above.name, items
        self.changed = False
        self.run: list[str] = []
        self.before: str | None = None
        self.holders: list[tuple[str, str]] = []
        self.listed = False

    def grow(self, atoms: list[_Atom]) -> None:
        """Follow the marks from name to name."""
        waiting: list[str] = []
        for index, (kind, _, _, text) in enumerate(atoms):
            match kind:
                case "name" if waiting:
                    for name in waiting:
                        self._put(name, self._put(text))
                    waiting, self.run, self.before = [], [], text
                case "name":
                    self._put(text, self.holders[-1][1] if self.holders else None)
                    self.run.append(text)
                case "and" | "comma" | "stop":
                    self._part(kind, atoms[index + 1 :])
                case "open" if self.run or self.before:
                    self.holders.append(("open", self.run[-1] if self.run else str(self.before)))
                case "close":
                    self.holders = [] if len(self.holders) < 2 else self.holders[:-1]
                case "holds" if self.run or self.before:
                    self._end_holding()
                    self.holders.append(("holds", self.run[-1] if self.run else str(self.before)))
                    self.run = []
                case "below":
                    self._below()
                case "under":
                    waiting = self.run[-1:] if self.listed else self.run[:]
                case _:
                    pass

    def cut(self, atoms: list[_Atom]) -> None:
        """Leave out what is named, and nothing may belong to it any more."""
        gone = {atom.text.casefold() for atom in atoms if atom.kind == "name"}
        kept = [item for item in self.items if item[self.name].casefold() not in gone]
        self.changed = len(kept) < len(self.items)
        self.items = [
            {key: value for key, value in item.items() if key != self.above or value.casefold() not in gone}
            for item in kept
        ]

    def _part(self, kind: str, rest: list[_Atom]) -> None:
        if kind == "stop":
            self.holders, self.run, self.before, self.listed = [], [], None, False
        elif kind == "comma":
            if not _goes_on(rest):
                self._end_holding()
            self.listed = bool(self.run)
            self.before = self.run[-1] if self.run else self.before
            self.run = []

    def _below(self) -> None:
        """ "Engineering, and Backend under it": what was named last goes under what was named before."""
        if self.holders:
            self._end_holding()
            return
        named = ([self.before] if self.before else []) + self.run
        for name in named[1:]:
            self._put(name, named[0])

    def _end_holding(self) -> None:
        if self.holders and self.holders[-1][0] == "holds":
            self.before = self.holders.pop()[1]
            self.run = []

    def _put(self, text: str, above: str | None = None) -> str:
        """The item of a name, as it is written there; new where there is none."""
        key = text.casefold()
        item = next((each for each in self.items if each[self.name].casefold() == key), None)
        if item is None:
            item = {self.name: text}
            self.items.append(item)
        if above is not None and above.casefold() != key:
            item[self.above] = above
        self.changed = True
        return str(item[self.name])


def _goes_on(rest: list[_Atom]) -> bool:
    """Whether a comma stands among what something holds: its end is still to come."""
    following = next((a.kind for a in rest if a.kind in {"below", "holds", "under", "stop", "close"}), None)
    return following in {"below", "close"}
