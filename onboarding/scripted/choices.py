"""Choices, yes or no, and lists of choices: what was named, without what was said not to be so."""

from onboarding.scripted.fields import Field, cues_of, none_of, words_of
from onboarding.scripted.listening import Listening, negated
from onboarding.scripted.text import Match, Spoken
from onboarding.scripted.words import (
    ALL,
    AND,
    BREAKS,
    EXCEPT,
    FIRST,
    INSTEAD,
    LEAD,
    NO,
    NONE,
    NOT,
    SECOND,
    YES,
    content,
)


def hear_choices(on: Listening) -> None:
    """Read every choice, boolean and list of choices of the answer."""
    for field in on.fields.all:
        match field.kind:
            case "choice":
                _hear_choice(on, field)
            case "boolean":
                _hear_boolean(on, field)
            case "choices":
                found = mentioned(on, field, field)
                if found or _none_of_them(on, field):
                    on.found[field.path] = found
            case "groups" if field.identity.kind == "choice" and not _more_to_say(field):
                found = mentioned(on, field, field.identity)
                if found:
                    on.found[field.path] = [{field.identity.name: value} for value in found]
            case _:
                pass


def _more_to_say(field: Field) -> bool:
    return any(inner.node.required for inner in field.inner[1:])


def _own_words(on: Listening, field: Field) -> list[Match[str]]:
    """The words of a field, without those that belong to a longer phrase of another: "like everything"."""
    matches = [m for m in on.find(words_of(field)) if not _only_resembles(on, field, m)]
    if not matches:
        return matches
    others = [
        other
        for each in on.fields.all
        if each is not field
        for phrases in (none_of(each), cues_of(each))
        for other in phrases.find(on.spoken)
    ]
    return [m for m in matches if not any(_inside(m, other) for other in others)]


def _only_resembles(on: Listening, field: Field, match: Match[str]) -> bool:
    """Whether a word is the singular of a value that is a plural: a team is not Teams."""
    said = on.spoken.word(match.start)
    single = match.end - match.start == 1 and match.meaning.endswith("s") and f"{said}s" == match.meaning
    return single and said not in field.said.words.get(match.meaning, ())


def _take(on: Listening, field: Field, matches: list[Match[str]]) -> None:
    """These words are read, save where a cue of another field begins in them: "eat anything but olives"."""
    cues = [cue for each in on.fields.all if each is not field for cue in cues_of(each).find(on.spoken)]
    for match in matches:
        over = [cue.start for cue in cues if match.start < cue.start < match.end < cue.end]
        on.take(match.start, min(over, default=match.end))


def _inside(match: Match[str], other: Match[str]) -> bool:
    longer = other.end - other.start > match.end - match.start
    return longer and other.start <= match.start and match.end <= other.end


def _hear_choice(on: Listening, field: Field) -> None:
    if field.path in on.found:
        return
    matches = _own_words(on, field)
    if not matches and (on.is_asked(field) or field.path not in on.data):
        matches = [m for m in words_of(field).misspelled(on.spoken) if on.is_free(m.start, m.end)]
    if not on.is_asked(field):
        # "none" is a way to say "another way" only where that was the question.
        matches = [m for m in matches if NONE.at(on.spoken, m.start) is None or m.end - m.start > 1]
        # Of what is counted, an adjective is no number: "a small bakery".
        matches = [m for m in matches if not field.said.ranges or m.end - m.start > 1]
    meant = said_to_be(on.spoken, matches)
    if not meant or (on.settled(field) and not on.find(cues_of(field))):
        return
    values = {match.meaning for match in meant}
    if len(values) > 1:
        last = meant[-1]
        between = INSTEAD.find(on.spoken, meant[-2].end, last.start)
        if not between and not (on.correcting and meant[-1].start > 2):
            return
        values = {last.meaning}
    on.found[field.path] = values.pop()
    _take(on, field, matches)


def said_to_be(spoken: Spoken, matches: list[Match[str]]) -> list[Match[str]]:
    """The matches that are not denied."""
    meant: list[Match[str]] = []
    end = 0
    for match in matches:
        if not negated(spoken, match.start, end) and not _taken_back(spoken, match):
            meant.append(match)
        end = match.end
    return meant


def _taken_back(spoken: Spoken, match: Match[str]) -> bool:
    """Whether it is denied behind its name, "perder grasa no", or only in part: "no meat except chicken"."""
    after = spoken.word(match.end + 1)
    if spoken.word(match.end) == "no" and (not after or (after in BREAKS and after != "?")):
        return True
    exception = EXCEPT.at(spoken, match.end) if match.end < len(spoken.tokens) else None
    return exception is not None and NOT.at(spoken, match.start) is not None


def mentioned(on: Listening, field: Field, choice: Field) -> list[str]:
    """The values of a list of choices, most important first where that is said, else in the order of mention."""
    matches = [m for m in on.find(words_of(choice)) if not _only_resembles(on, choice, m)]
    if not matches and (on.is_asked(field) or field.path not in on.data):
        matches = [m for m in words_of(choice).misspelled(on.spoken) if on.is_free(m.start, m.end)]
    meant = said_to_be(on.spoken, matches)
    denied = {m.meaning for m in matches if m not in meant}
    for match in matches:
        on.take(match.start, match.end)
    everything = [m for m in on.find(ALL) if not negated(on.spoken, m.start)]
    if everything and (not meant or EXCEPT.find(on.spoken)) and on.is_asked(field):
        return [value for value in choice.values if value not in denied]
    ranked = sorted(meant, key=lambda match: _rank(on.spoken, match))
    return list(dict.fromkeys(match.meaning for match in ranked))


def _none_of_them(on: Listening, field: Field) -> bool:
    """Whether a list of choices is said to be empty: none, where it was asked for, or "no tools"."""
    if not field.may_be_empty:
        return False
    whole = content(on.spoken, 0, len(on.spoken.tokens))
    none = NONE.at(on.spoken, whole[0]) if whole is not None else None
    if on.is_asked(field) and whole and none and content(on.spoken, none.end, whole[1]) is None:
        return True
    return any(negated(on.spoken, cue.start) for cue in on.find(cues_of(field)))


def _rank(spoken: Spoken, match: Match[str]) -> int:
    """0 for what comes first, 2 for what comes later, 1 for the rest, by the words of its clause."""
    start, end = match.start, match.end
    while start > 0 and spoken.word(start - 1) not in BREAKS | AND:
        start -= 1
    while end < len(spoken.tokens) and spoken.word(end) not in BREAKS | AND:
        end += 1
    if start and spoken.word(start - 1) in {"then", "luego"}:
        return 2
    if SECOND.find(spoken, start, end):
        return 2
    return 0 if FIRST.find(spoken, start, end) else 1


def _hear_boolean(on: Listening, field: Field) -> None:
    value = yes_or_no(on, field)
    if value is not None and not (on.settled(field) and not on.find(cues_of(field))):
        on.found[field.path] = value


def yes_or_no(on: Listening, field: Field) -> bool | None:
    """What a message says of something that is true or false."""
    spoken = on.spoken
    if on.is_asked(field):
        for index in range(min(4, len(spoken.tokens))):
            # The longer one is meant: "not really" is no "really".
            no, yes = NO.at(spoken, index), YES.at(spoken, index)
            if no is not None and (yes is None or no.end >= yes.end):
                on.take(index, no.end)
                return False
            if yes is not None:
                on.take(index, yes.end)
                return True
            if LEAD.at(spoken, index) is None and spoken.word(index) not in BREAKS:
                break
    said = _own_words(on, field)
    meant = said_to_be(spoken, said)
    if meant:
        return meant[-1].meaning == "true"
    if any(match.meaning == "true" for match in said):
        return False
    for cue in on.find(cues_of(field)):
        if negated(spoken, cue.start):
            return False
        if YES.find(spoken) and not NO.find(spoken):
            return True
    return None
