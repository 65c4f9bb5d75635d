"""The items of a list of groups that a message names: by words for them, or by names of their own."""

from typing import Any, NamedTuple

from onboarding.scripted.clock import AT, Clock, day_parts
from onboarding.scripted.fields import Field, cues_of, sets_of, words_of
from onboarding.scripted.listening import Listening
from onboarding.scripted.numbers import number_at
from onboarding.scripted.pieces import Piece, pieces
from onboarding.scripted.words import ALL, AND, BREAKS, EMPTY, NONE, content

PIECES = BREAKS | AND - {"mas", "as", "asi"}
"""What parts one item from another."""
_UNTIL = {"to", "-", "–", "—", "a", "al", "through", "thru", "till", "until", "hasta"}
_NAMES_AT_MOST = 60


class Named(NamedTuple):
    """Items that are named between two tokens; `several` by a word for all of them."""

    start: int
    end: int
    values: tuple[Any, ...]
    several: bool = False


def known_names(on: Listening, identity: Field) -> list[Named]:
    """Names that have words: days, meals, choices; and words for several of them."""
    found = [
        Named(
            m.start, m.end, tuple(_value(identity, word) for word in identity.said.sets[m.meaning]), several=True
        )
        for m in on.find(sets_of(identity))
    ]
    covered = {i for named in found for i in range(named.start, named.end)}
    found += [
        Named(m.start, m.end, (_value(identity, m.meaning),))
        for m in on.find(words_of(identity))
        if m.start not in covered
    ]
    return _runs(on, identity, sorted(found, key=lambda named: named.start)[:_NAMES_AT_MOST])


def _runs(on: Listening, identity: Field, names: list[Named]) -> list[Named]:
    """Monday to Friday are five."""
    whole: list[Named] = []
    for named in names:
        last = whole[-1] if whole else None
        if (
            last is not None
            and identity.kind == "integer"
            and not (last.several or named.several)
            and named.start == last.end + 1
            and on.spoken.word(last.end) in _UNTIL
        ):
            first, final = last.values[0], named.values[0]
            count = len(identity.said.words)
            row = tuple((first + i) % count for i in range((final - first) % count + 1))
            whole[-1] = Named(last.start, named.end, row, several=True)
        else:
            whole.append(named)
    return whole


def _value(identity: Field, word: str) -> Any:
    return int(word) if identity.kind == "integer" else word


def own_names(on: Listening, field: Field, names: list[Named], times: list[Clock], asked_name: str) -> list[Named]:
    """Names without words of their own: what stands beside a time, or alone where names are asked for."""
    if field.identity.kind != "text" or on.markup:
        return names
    busy = bytearray(on.taken)
    for clock in times:
        start = clock.start
        before = AT.ending(on.spoken, start)
        start = before.start if before is not None else start
        busy[start : clock.end] = b"\x01" * (clock.end - start)
    for part in day_parts(on.spoken, 0, len(on.spoken.tokens)):
        if times:
            busy[part.start : part.end] = b"\x01" * (part.end - part.start)
    timed = any(inner.kind == "time" for inner in field.inner)
    asked = on.is_asked(field) and asked_name in {"", field.identity.name} and not on.questioning
    pointed = next((cue.end for cue in on.find(cues_of(field))), len(on.spoken.tokens))
    found = list(names)
    for piece in _runs_between(on, busy):
        if any(n.start < piece.end and piece.start < n.end for n in names):
            continue
        name_end = _before_cues(on, field, piece)
        start = pointed if piece.start < pointed < name_end and not asked else piece.start
        span = content(on.spoken, start, name_end)
        beside = any(c.start == piece.end or c.end <= piece.start <= c.end + 1 for c in times) or any(
            0 <= c.start - piece.end <= 2 and not broken(on, piece.end, c.start) for c in times
        )
        if span is None or not (asked or beside or piece.end > pointed) or _says_nothing(on, field, span):
            continue
        text = on.spoken.raw(*span)
        found.append(Named(span[0], span[1], (text[:1].upper() + text[1:] if timed else text,)))
    return sorted(found, key=lambda named: named.start)[:_NAMES_AT_MOST]


def _before_cues(on: Listening, field: Field, piece: Piece) -> int:
    """Where a name ends because another field of the group begins: "Backend under Engineering"."""
    starts = [
        cue.start
        for inner in field.inner[1:]
        for cue in cues_of(inner).find(on.spoken, piece.start, piece.end)
        if cue.start > piece.start
    ]
    return min(starts, default=piece.end)


def _says_nothing(on: Listening, field: Field, span: tuple[int, int]) -> bool:
    spoken = on.spoken
    empty = EMPTY.at(spoken, span[0]) or NONE.at(spoken, span[0]) or ALL.at(spoken, span[0])
    own = cues_of(field).at(spoken, span[0])
    done = [m.end for m in (empty, own) if m is not None]
    counted = cues_of(field).at(spoken, span[0] + 1) if span[0] + 1 < span[1] else None
    if number_at(spoken, span[0]) is not None and counted is not None and counted.end >= span[1]:
        return True
    number = all(t.word.isdigit() for t in spoken.tokens[span[0] : span[1]])
    wordless = not any(t.word.isalnum() for t in spoken.tokens[span[0] : span[1]])
    return number or wordless or any(content(spoken, end, span[1]) is None for end in done)


def broken(on: Listening, start: int, end: int) -> bool:
    """Whether something parts what stands before two tokens from what stands after them."""
    return any(on.spoken.word(i) in PIECES for i in range(start, end))


def _runs_between(on: Listening, busy: bytearray) -> list[Piece]:
    # "Sales & Marketing" is one department where commas stand between departments.
    commas = any(token.word in {",", ";"} for token in on.spoken.tokens)
    return list(pieces(on.spoken, busy, PIECES - {"&"} if commas else PIECES))
