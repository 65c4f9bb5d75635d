"""Lists of texts.

A message is cut into pieces at commas and joining words. A piece belongs to the field that one of its words points
to: a cue, which is no part of the answer, or a name, which is. A piece without either belongs where the one before
it did, else to the field that was asked for, else to nobody; not so where it is no thing at all but something said
to the one who asks, or where its words point to another state.
"""

from itertools import islice, pairwise

from onboarding.scripted.addressed import is_addressed, is_story, names_the_asker
from onboarding.scripted.fields import Field, cues_of, names_of, none_of
from onboarding.scripted.listening import Listening, negated
from onboarding.scripted.pieces import Piece, pieces
from onboarding.scripted.text import Match, Spoken
from onboarding.scripted.words import EMPTY, EXCEPT, NONE, NOT, WELCOME, content, listed

_ANYTHING = listed(
    "anything", "any", "nothing", "nada", "ningun", "ninguno", "ninguna", "something", "food", "foods", "comida"
)
_OTHER = listed("other", "others", "more", "else", "further", "otra", "otras", "otro", "otros", "mas", "new")
_PIECES_AT_MOST = 150
_WORDS_ALIKE = 3


def hear_lists(on: Listening) -> None:
    """Read every list of texts of the answer."""
    fields = [field for field in on.fields.all if field.kind == "texts"]
    if fields:
        _Sorting(on, fields).run()


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
        self.away = False
        self.addressed = False

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
        found_pieces = list(islice(pieces(self.on.spoken, self.on.taken, held=held), _PIECES_AT_MOST))
        # Who orders or asks does not list anything beside it.
        self.addressed = any(is_addressed(self.on.spoken, each.start, each.end) for each in found_pieces)
        for piece in found_pieces:
            if piece.fresh:
                self._settle_waiting()
                self.last, self.denying, self.away = None, False, False
            # "no equipment or injuries"
            self.denying = self.denying or bool({piece.start, piece.start - 1} & self.denied_before)
            for part in self._parts(piece):
                self._sort(part)
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

    def _parts(self, piece: Piece) -> list[Piece]:
        """A piece without commas that goes on to another field: "no allergies no intolerances"."""
        spoken, start, parts = self.on.spoken, piece.start, list[Piece]()
        found = [c for f in self.fields for c in cues_of(f).find(spoken, piece.start, piece.end)]
        for (_, end), (following, after) in pairwise(sorted((c.start, c.end) for c in found)):
            before = NOT.ending(spoken, following)
            # Side by side they are one: "nada de alergias".
            if following <= end or not (before is not None or after - following > 1):
                continue
            split = before.start if before is not None and before.start >= end else following
            parts.append(Piece(start, split, piece.fresh and not parts))
            start = split
        return [*parts, Piece(start, piece.end, piece.fresh and not parts)]

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
        if self._is_elsewhere(piece, name):
            return
        if name is not None:
            if not _denied(spoken, piece.start, name.start):
                # A word around an answer may be one of the name: "mornings only".
                names = names_of(name.meaning).find(spoken, piece.start, piece.end)
                self._add(name.meaning, _covering(spoken, bare, names))
            return
        if none or self._contradicts(piece):
            # "but not to peanuts", "nothing that I know of": that something is not so is no item.
            return
        if bare is None or self.away or self._says_nothing(bare) or is_story(*bare):
            return
        if not is_addressed(spoken, piece.start, piece.end) and not WELCOME.find(spoken, *bare):
            self.waiting.append(spoken.raw(*bare))

    def _is_elsewhere(self, piece: Piece, name: Match[Field] | None) -> bool:
        """Whether a piece is for another state, by the same measure as for the fields of this one."""
        spoken = self.on.spoken
        found = self.on.elsewhere.find(spoken, piece.start, piece.end)
        if found is None or (name is not None and name.end - name.start >= found.end - found.start):
            return name is not None and names_the_asker(spoken, piece.start, piece.end)
        counts = spoken.word(found.start).isdigit()
        if content(spoken, found.end, piece.end) is None and not counts:
            # "Milk and peanut allergy": what came before is of the same kind.
            self.waiting.clear()
        self._settle_waiting()
        self.last, self.away = None, True
        self.on.point_away(found.meaning)
        return True

    def _contradicts(self, piece: Piece) -> bool:
        """Whether a piece denies something behind a "but"."""
        spoken = self.on.spoken
        after_but = spoken.word(piece.start - 1) in {"but", "pero"} or spoken.word(piece.start) in {"but", "pero"}
        return after_but and bool(NOT.find(spoken, piece.start, min(piece.start + 2, piece.end)))

    def _with_cue(self, piece: Piece, cue: Match[Field]) -> None:
        spoken, field = self.on.spoken, cue.meaning
        after = content(spoken, cue.end, piece.end)
        before = content(spoken, piece.start, cue.start)
        denied = _denied(spoken, piece.start, cue.start)
        if EXCEPT.at(spoken, cue.start) is not None and negated(spoken, cue.start):
            # "No meat except chicken": what is left out of a denial is liked.
            return
        if denied or (self.denying and after is None and before is None):
            self._settle_waiting()
            anything = after is None or _ANYTHING.at(spoken, after[0]) is not None
            # "No other injuries": there are those that were told; of a list without any there are none.
            told = field.path in self.on.data or field.path in self.items
            if anything and not (told and _OTHER.find(spoken, piece.start, piece.end)):
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
            alike = [text for text in self.waiting if text.count(" ") < _WORDS_ALIKE]
            self.items.setdefault(field.path, []).extend(alike)
            self.waiting = [text for text in self.waiting if text not in alike]
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
        self.last, self.away = field, False
        if span is not None and not self._says_nothing(span):
            self.items.setdefault(field.path, []).append(self.on.spoken.raw(*span))

    def _settle_waiting(self) -> None:
        """Pieces that nothing points with: where the last one belonged, or to the question."""
        target = self.last or (self.on.asked if self.on.asked in self.fields else None)
        doubtful = self.last is None and (self.addressed or self.on.questioning)
        if target is not None and self.waiting and not doubtful:
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
        # "Nada de alergias" is about allergies, and nobody's dislike.
        meant = [m for m in found if not any(m.end == o.start and m.meaning is not o.meaning for o in found)]
        return max(meant or found, key=lambda m: (m.end - m.start, -m.start), default=None)

    def _named(self, piece: Piece) -> Match[Field] | None:
        """The name in a piece, by the same measure; of equals that of the question."""
        found = [
            Match(match.start, match.end, field)
            for field in self.fields
            for match in names_of(field).find(self.on.spoken, piece.start, piece.end)
        ]
        # "Dumbbells up to 20 kg": what stands right behind the thing only describes it.
        found = [m for m in found if not any(o.end == m.start and o.start == piece.start for o in found)]
        return max(found, key=lambda m: (m.end - m.start, self.on.is_asked(m.meaning)), default=None)


def _covering(spoken: Spoken, span: tuple[int, int] | None, names: list[Match[str]]) -> tuple[int, int]:
    """A piece with all of its names; "I train at home with dumbbells" begins at the dumbbells."""
    first, last = names[0].start, names[-1].end
    start, end = span or (first, last)
    parted = [i + 1 for i in range(start, first) if spoken.word(i) in {"with", "con"}]
    return min(max([start, *parted]), first), max(end, last)


def _denied(spoken: Spoken, start: int, end: int) -> bool:
    """Whether a piece denies what comes in it: a negation between its beginning and a match."""
    return bool(NOT.find(spoken, start, end)) and negated(spoken, end)
