"""Times of day in a message: which of its numbers are times, and whose they are."""

from collections.abc import Mapping

from onboarding.scripted.clock import AT, DAYTIME, Clock, clock_at, day_part
from onboarding.scripted.fields import Field, cues_of
from onboarding.scripted.listening import Listening
from onboarding.scripted.words import BREAKS, LEAD, only_fillers

TIMES_AT_MOST = 40
"""More than anybody says in one message."""
_UNTIL = {"-", "–", "—", "to", "till", "until", "a", "hasta"}
_JOINING = {",", "and", "y", "or", "o", "&", "/", ";", "a", "to", "-", "–", "until", "hasta", "till"}


def clocks(on: Listening, *, bare: bool, known: Mapping[int, int] | None = None) -> list[Clock]:
    """The times in tokens that mean nothing else yet.

    Args:
        on: the message.
        bare: whether a number alone is a time, as it is where a time was asked for.
        known: where names end and begin that a time may stand beside, by the end of each.
    """
    found: list[Clock] = []
    index, spoken = 0, on.spoken
    while index < len(spoken.tokens) and len(found) < TIMES_AT_MOST:
        clock = None if on.taken[index] else clock_at(spoken, index)
        if clock is None or (clock.plain and not (bare or _is_time(on, clock, found, known or {}))):
            index += 1
            continue
        found.append(clock)
        index = clock.end
    return found


def without_ends(on: Listening, found: list[Clock]) -> list[Clock]:
    """Times at which something begins: of "6 to 7pm" and "between 6 and 7pm" the first one, in the evening."""
    kept: list[Clock] = []
    for clock in found:
        last = kept[-1] if kept else None
        until = _UNTIL if last is None or not _opens_span(on, last) else _UNTIL | {"and", "y"}
        joined = last is not None and on.spoken.word(last.end) in until and _is_next(on, last.end + 1, clock)
        if last is None or not joined:
            kept.append(clock)
        elif not last.part and not last.clear and last.hour < clock.hour:
            kept[-1] = last._replace(end=clock.end, part=clock.part)
        else:
            kept[-1] = last._replace(end=clock.end)
    return kept


def _is_next(on: Listening, index: int, clock: Clock) -> bool:
    """Whether a time begins at a token, or behind the article there."""
    return clock.start == index + (on.spoken.word(index) in {"las", "la"})


def _opens_span(on: Listening, clock: Clock) -> bool:
    """Whether a "between" stands in front of a time."""
    return bool({"between", "entre"} & {on.spoken.word(i) for i in range(clock.start - 2, clock.start)})


def _is_time(on: Listening, clock: Clock, before: list[Clock], known: Mapping[int, int]) -> bool:
    """Whether a bare number is a time by what stands beside it."""
    spoken, index = on.spoken, clock.start
    if AT.ending(spoken, index) is not None or spoken.word(index - 1) in {"@", "~", ":", "-", "–", "=", "→"}:
        return True
    if any(end <= index and only_fillers(spoken, end, index) for end in known):
        return True
    if not before or any(spoken.word(i) not in _JOINING for i in range(before[-1].end, index)):
        return False
    return clock.end == len(spoken.tokens) or spoken.word(clock.end) in BREAKS | _JOINING


def window_of(field: Field, key: str = "") -> tuple[int, int]:
    """The hours that are meant where morning or evening is not said."""
    return field.said.hours.get(key) or field.said.hours.get("") or DAYTIME


def time_of(on: Listening, field: Field, clock: Clock, key: str = "") -> str | None:
    """A time as it is kept; one that no clock shows is reported."""
    start, end = _clause(on, clock)
    part = clock.part or day_part(on.spoken, start, end) or _part_before(on, clock)
    text = clock.at(window_of(field, key), part)
    if clock.real:
        return text
    on.fail(field.path, "bad_format", "must be a time of day, HH:MM from 00:00 to 23:59")
    return None


def _part_before(on: Listening, clock: Clock) -> str:
    """The part of the day named before the only time: "Tuesdays in the evening, at 7"."""
    start = clock.start
    while start > 0 and not on.spoken.word(start - 1).isdigit():
        start -= 1
    return day_part(on.spoken, start, clock.start) if start == 0 else ""


def _clause(on: Listening, clock: Clock) -> tuple[int, int]:
    start, end = clock.start, clock.end
    while start > 0 and on.spoken.word(start - 1) not in BREAKS | {"and", "y"}:
        start -= 1
    while end < len(on.spoken.tokens) and on.spoken.word(end) not in BREAKS | {"and", "y"}:
        end += 1
    return start, end


def hear_times(on: Listening) -> None:
    """Read every time of day, and every list of them, outside of groups."""
    single = [field for field in on.fields.all if field.kind == "time"]
    lists = [field for field in on.fields.all if field.kind == "list" and field.item.kind == "time"]
    if not single and not lists:
        return
    asked = on.asked is not None and on.asked in [*single, *lists]
    found = clocks(on, bare=asked or on.asked is None)
    for field in lists:
        if found and (on.is_asked(field) or on.find(cues_of(field)) or not single):
            texts = [text for clock in found if (text := time_of(on, field, clock)) is not None]
            on.found[field.path] = list(dict.fromkeys(texts))
            return
    for field, clock in _shared_out(on, single, found):
        text = time_of(on, field, clock)
        on.take(clock.start, clock.end)
        if text is not None:
            on.found[field.path] = text


def _shared_out(on: Listening, fields: list[Field], found: list[Clock]) -> list[tuple[Field, Clock]]:
    """Times with the fields they are for: by the words in front of them, else in order, else to the question."""
    pairs: list[tuple[Field, Clock]] = []
    for field in fields:
        for cue in on.find(cues_of(field)):
            beside = [c for c in found if c.start >= cue.end and _near(on, cue.end, c.start)]
            if beside and field not in [f for f, _ in pairs] and beside[0] not in [c for _, c in pairs]:
                pairs.append((field, beside[0]))
    left = [clock for clock in found if clock not in [c for _, c in pairs]]
    open_ones = [f for f in fields if f not in [p for p, _ in pairs] and f.path not in on.data]
    if len(left) == len(open_ones) > 1:
        return pairs + list(zip(open_ones, left, strict=True))
    asked = next((f for f in fields if on.is_asked(f) and f not in [p for p, _ in pairs]), None)
    if left and asked is not None:
        pairs.append((asked, left[0]))
        others = [f for f in open_ones if f != asked]
        pairs += list(zip(others, left[1:], strict=False))
    elif left and on.correcting and len(fields) == 1:
        pairs.append((fields[0], left[0]))
    return pairs


def _near(on: Listening, start: int, end: int) -> bool:
    index = start
    while index < end:
        found = AT.at(on.spoken, index) or LEAD.at(on.spoken, index)
        if found is None and on.spoken.word(index) not in {":", "=", "-"}:
            return False
        index = found.end if found is not None else index + 1
    return True
