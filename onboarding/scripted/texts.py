"""Lists of texts, and single ones.

A message is cut into pieces at commas and joining words. A piece belongs to the field that one of its words points
to: a cue, which is no part of the answer, or a name, which is. A piece without either belongs where the one before
it did, else to the field that was asked for, else to nobody.
"""

import re
from collections.abc import Container, Iterator
from itertools import islice
from typing import NamedTuple

from onboarding.scripted.fields import Field, cues_of, names_of, none_of, words_of
from onboarding.scripted.listening import Listening, negated
from onboarding.scripted.text import Match, Spoken
from onboarding.scripted.words import EMPTY, LIST_BREAKS, NAME_IS, NONE, NOT, SENTENCE, content, listed

_ANYTHING = listed(
    "anything", "any", "nothing", "nada", "ningun", "ninguno", "ninguna", "something", "food", "foods", "comida"
)
_OTHER = listed("other", "others", "more", "else", "further", "otra", "otras", "otro", "otros", "mas", "new")
_PIECES_AT_MOST = 150
_URL = re.compile(r"(?:https?://)?(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24}(?::\d{1,5})?(?:[/?#][^\s<>\"]{0,500})?")
_WORD = re.compile(r"\S{1,300}")
_TURNS = {
    "we",
    "i",
    "our",
    "im",
    "were",
    "somos",
    "hacemos",
    "tenemos",
    "nuestro",
    "nuestra",
    "vendemos",
    "with",
    "con",
    "a",
    "an",
}


class Piece(NamedTuple):
    """Tokens between two breaks; `fresh` when a sentence begins with it."""

    start: int
    end: int
    fresh: bool


def hear_lists(on: Listening) -> None:
    """Read every list of texts of the answer."""
    fields = [field for field in on.fields.all if field.kind == "texts"]
    if fields:
        _Sorting(on, fields).run()


def pieces(
    spoken: Spoken, taken: bytearray, breaks: set[str] = LIST_BREAKS, held: Container[int] = ()
) -> Iterator[Piece]:
    """The pieces of a message, without the tokens that mean something already; `held` tokens are no breaks."""
    start, fresh = 0, True
    for index in range(len(spoken.tokens) + 1):
        ends = index == len(spoken.tokens)
        if not ends and not taken[index] and (index in held or not _is_break(spoken, index, breaks)):
            continue
        if start < index:
            yield Piece(start, index, fresh)
            fresh = False
        start = index + 1
        if not ends and not taken[index] and spoken.word(index) in SENTENCE:
            fresh = True


def _is_break(spoken: Spoken, index: int, breaks: set[str]) -> bool:
    word = spoken.word(index)
    if word not in breaks:
        return False
    return word not in {".", ",", "/", ":"} or not (spoken.glued(index + 1) and spoken.word(index + 1).isdigit())


class _Sorting:
    """Puts the pieces of one message where they belong."""

    def __init__(self, on: Listening, fields: list[Field]) -> None:
        self.on = on
        self.fields = fields
        self.items: dict[str, list[str]] = {}
        self.emptied: set[str] = set()
        self.last: Field | None = None
        self.denying = False
        self.waiting: list[str] = []
        self.denied_before: set[int] = set()

    def run(self) -> None:
        """Read all pieces, then put the lists together with those of earlier messages."""
        found = [(field, match) for field in self.fields for match in none_of(field).find(self.on.spoken)]
        for field, match in found:
            self.emptied.add(field.path)
            self.on.take(match.start, match.end)
            if NOT.at(self.on.spoken, match.start) is not None:
                self.denied_before.add(match.end)
        held = {
            index
            for field in self.fields
            for cue in cues_of(field).find(self.on.spoken)
            for index in range(cue.start + 1, cue.end)
        }
        for piece in islice(pieces(self.on.spoken, self.on.taken, held=held), _PIECES_AT_MOST):
            if piece.fresh:
                self._settle_waiting()
                self.last, self.denying = None, False
            # "no equipment or injuries"
            self.denying = self.denying or bool({piece.start, piece.start - 1} & self.denied_before)
            self._sort(piece)
        self._settle_waiting()
        for field in self.fields:
            self._keep(field)

    def _keep(self, field: Field) -> None:
        new = self.items.get(field.path, [])
        old: list[str] = self.on.data.get(field.path, [])
        if new:
            kept = [] if self.on.correcting and self.on.is_asked(field) else old
            seen: dict[str, str] = {}
            for text in [*kept, *new]:
                seen.setdefault(text.strip().casefold(), text)
            self.on.found[field.path] = list(seen.values())
        elif field.path in self.emptied and field.may_be_empty:
            self.on.found[field.path] = []

    def _sort(self, piece: Piece) -> None:
        spoken = self.on.spoken
        bare = content(spoken, piece.start, piece.end)
        none = NONE.at(spoken, piece.start) or (bare and NONE.at(spoken, bare[0]))
        if none and (none.end == piece.end or content(spoken, none.end, piece.end) is None):
            self._nothing()
            return
        cue = self._pointing(piece)
        if cue is not None:
            self._with_cue(piece, cue)
            return
        self.denying = False
        name = self._named(piece)
        if name is not None:
            if not _denied(spoken, piece.start, name.start):
                # A word around an answer may be one of the name: "mornings only".
                self._add(name.meaning, _covering(bare, name))
            return
        if bare is not None and not self._says_nothing(bare):
            self.waiting.append(spoken.raw(*bare))

    def _with_cue(self, piece: Piece, cue: Match[Field]) -> None:
        spoken, field = self.on.spoken, cue.meaning
        after = content(spoken, cue.end, piece.end)
        before = content(spoken, piece.start, cue.start)
        denied = _denied(spoken, piece.start, cue.start)
        if denied or (self.denying and after is None and before is None):
            self._settle_waiting()
            anything = after is None or _ANYTHING.at(spoken, after[0]) is not None
            if anything and not _OTHER.find(spoken, piece.start, piece.end):
                self.emptied.add(field.path)
            self.last, self.denying = field, True
            return
        self.denying = False
        none = NONE.at(spoken, after[0]) if after is not None else None
        if none is not None and after is not None and none.end == after[1]:
            self.emptied.add(field.path)
            self.last = field
            return
        if after is None and before is not None:
            # "gluten and lactose intolerant": what came before is of the same kind.
            self.items.setdefault(field.path, []).extend(self.waiting)
            self.waiting.clear()
        self._settle_waiting()
        self.last = field
        self._add(field, after or before)

    def _nothing(self) -> None:
        target = self.last or (self.on.asked if self.on.asked in self.fields else None)
        if target is not None:
            self.emptied.add(target.path)
        elif self.on.asked is None and not self.on.questioning:
            missing = [f for f in self.on.fields.all if f.node.required and f.path not in self.on.data]
            if all(f in self.fields for f in missing):
                self.emptied.update(f.path for f in missing if f.may_be_empty)

    def _add(self, field: Field, span: tuple[int, int] | None) -> None:
        self._settle_waiting()
        self.last = field
        if span is not None and not self._says_nothing(span):
            self.items.setdefault(field.path, []).append(self.on.spoken.raw(*span))

    def _settle_waiting(self) -> None:
        """Pieces that nothing points with: where the last one belonged, or to the question."""
        target = self.last or (self.on.asked if self.on.asked in self.fields else None)
        if target is not None and self.waiting and not (self.on.questioning and self.last is None):
            self.items.setdefault(target.path, []).extend(self.waiting)
        self.waiting.clear()

    def _says_nothing(self, span: tuple[int, int]) -> bool:
        spoken = self.on.spoken
        found = EMPTY.at(spoken, span[0])
        wordless = not any(t.word.isalnum() for t in spoken.tokens[span[0] : span[1]])
        return wordless or (found is not None and content(spoken, found.end, span[1]) is None)

    def _pointing(self, piece: Piece) -> Match[Field] | None:
        """The cue in a piece; the longest of several, and of equals the first."""
        found = [
            Match(match.start, match.end, field)
            for field in self.fields
            for match in cues_of(field).find(self.on.spoken, piece.start, piece.end)
        ]
        return max(found, key=lambda m: (m.end - m.start, -m.start), default=None)

    def _named(self, piece: Piece) -> Match[Field] | None:
        """The name in a piece, by the same measure; of equals that of the question."""
        found = [
            Match(match.start, match.end, field)
            for field in self.fields
            for match in names_of(field).find(self.on.spoken, piece.start, piece.end)
        ]
        return max(found, key=lambda m: (m.end - m.start, self.on.is_asked(m.meaning)), default=None)


def _covering(span: tuple[int, int] | None, name: Match[Field]) -> tuple[int, int]:
    return (name.start, name.end) if span is None else (min(span[0], name.start), max(span[1], name.end))


def _denied(spoken: Spoken, start: int, end: int) -> bool:
    """Whether a piece denies what comes in it: a negation between its beginning and a match."""
    return bool(NOT.find(spoken, start, end)) and negated(spoken, end)


def hear_texts(on: Listening) -> None:
    """Read every single text: addresses of sites, texts of a certain form, and free ones."""
    for field in on.fields.all:
        if field.kind != "text" or field.path in on.found:
            continue
        if field.hear is not None:
            continue
        value = _text(on, field)
        if value is not None:
            on.found[field.path] = value


def hear_own(on: Listening) -> None:
    """Let fields with a reader of their own read: the answer to their question, or what their cues point to."""
    for field in on.fields.all:
        if field.hear is None or field.path in on.found:
            continue
        cue = next((c for c in on.find(cues_of(field)) if not negated(on.spoken, c.start)), None)
        if on.is_asked(field) or (on.asked is None and field.path not in on.data):
            text = on.spoken.text
        elif cue is not None:
            text = on.spoken.raw(cue.end, len(on.spoken.tokens))
        else:
            continue
        value = field.hear(text, on.locale) if text else None
        if value is None and cue is not None:
            value = field.hear(on.spoken.raw(cue.end, len(on.spoken.tokens)), on.locale)
        if value is not None:
            on.found[field.path] = value


def _text(on: Listening, field: Field) -> str | None:
    known = [m for m in on.find(words_of(field)) if not negated(on.spoken, m.start)]
    if known and (on.is_asked(field) or on.find(cues_of(field))):
        return known[0].meaning
    if field.url:
        return _address(on)
    if field.node.pattern is not None:
        return _of_form(on, field.node.pattern)
    cues = on.find(NAME_IS) if _is_name(field) else []
    cue = next((c for c in cues + on.find(cues_of(field)) if not negated(on.spoken, c.start)), None)
    if cue is not None:
        span = content(on.spoken, cue.end, _end_of_name(on, cue.end))
        if span is not None and not all(on.taken[i] for i in range(*span)):
            on.take(*span)
            return on.spoken.raw(*span)
    if not on.is_asked(field) or on.questioning:
        return None
    return _whole(on)


def _is_name(field: Field) -> bool:
    words = f"{field.name.replace('_', ' ')} {field.node.label}".lower().split()
    return "name" in words


def _whole(on: Listening) -> str | None:
    """The message as an answer, without the words around it."""
    spoken = on.spoken
    span = content(spoken, 0, _end_of_name(on, 0))
    if span is None:
        return None
    said = EMPTY.at(spoken, span[0]) or NONE.at(spoken, span[0])
    if said is not None and content(spoken, said.end, span[1]) is None:
        return None
    return spoken.raw(*span)


def _end_of_name(on: Listening, start: int) -> int:
    """Where a name ends: with the sentence, or where somebody goes on to speak of something else."""
    spoken = on.spoken
    for index in range(start, len(spoken.tokens)):
        word, following = spoken.word(index), spoken.word(index + 1)
        if word in {";", "!", "?"} or on.taken[index]:
            return index
        if word == "." and not spoken.glued(index + 1) and index - start > 3:
            return index
        if word in {",", "and", "y", "."} and following in _TURNS and index > start:
            return index
    return len(spoken.tokens)


def _address(on: Listening) -> str | None:
    """The address of a site; one without a scheme is taken as https."""
    for word in _WORD.findall(on.spoken.text):
        if "@" in word:
            continue
        found = _URL.fullmatch(word.strip(".,;:!?()[]'\"“”«»"))
        if found is not None:
            address = found.group()
            return address if "://" in address else f"https://{address}"
    return None


def _of_form(on: Listening, pattern: str) -> str | None:
    form = pattern.removesuffix("$")
    for word in [on.spoken.text, *_WORD.findall(on.spoken.text)]:
        bare = word[:300].strip(".,;:!?()'\" ")
        for text in (bare, bare.upper(), bare.lower()):
            if re.fullmatch(form, text, re.ASCII):
                return text
    return None
