"""What something is called: taken before any of its words is heard as something else.

A company called Big Apple is not big. A name ends with the sentence, where somebody goes on to speak of something
else, or at a comma behind which another field finds its answer.
"""

from typing import Any

from onboarding.scripted.addressed import is_addressed
from onboarding.scripted.fields import Field, cues_of, words_of
from onboarding.scripted.listening import Listening, negated
from onboarding.scripted.numbers import number_at
from onboarding.scripted.text import Match
from onboarding.scripted.words import (
    EMPTY,
    ENDING,
    INTERJECTION,
    LEAD,
    NAME_IS,
    NO,
    NONE,
    WRONG,
    YES,
    listed,
    only_fillers,
)

_TURNS = {
    "we", "i", "our", "im", "were", "weve", "its", "which", "that", "who", "sell", "sells", "selling", "make",
    "makes", "making", "build", "builds", "building", "bake", "do", "does", "doing", "offer", "offers", "provide",
    "provides", "help", "helps", "run", "work", "works", "produce", "with", "there", "somos", "hacemos",
    "tenemos", "vendemos", "fabricamos", "ofrecemos", "damos", "trabajamos", "nos", "nuestra", "que", "es", "con",
    "hay", "una", "un", "a", "an", "soy", "vendo", "hago", "vende", "hace", "en",
}  # fmt: skip
"""After a comma or "and": somebody goes on to speak of something else."""
_COMPARING = {
    "over", "under", "about", "around", "more", "less", "fewer", "than", "at", "least", "most", "up", "to",
    "almost", "nearly", "approximately", "roughly", "mas", "menos", "de", "casi", "unos", "unas", "alrededor",
    "cerca",
}  # fmt: skip
"""Words in front of a number, which are no name by themselves."""
_AT_ONCE = {"which", "that", "who", "hacemos", "vendemos", "tenemos", "somos", "que"}
"""Words that end a name without any comma."""
_WE_ARE = listed("we are, were, this is, somos, soy de, i am from, im from, aqui")
_ARTICLES = {"the", "a", "an", "el", "la", "los", "las", "un", "una"}
_UNSAID_AT_MOST = 6
"""Words of a name that nothing announces."""
_DASHES = {"-", "–", "—", ":", "|", "("}
_QUOTES = "\"'“”«»„‘’`"


def hear_names(on: Listening) -> None:
    """Read the fields that hold what something is called."""
    if on.markup:
        return
    for field in on.fields.all:
        if is_name(field):
            cue = next((c for c in _cues(on, field) if _announces(on, c)), None)
            span = _said(on, field, cue)
            if span is not None:
                on.take(*span)
                on.named = (cue.start if cue is not None else span[0], span[1])
                on.found[field.path] = on.spoken.raw(*span)


def _announces(on: Listening, cue: Match[Any]) -> bool:
    """Whether a name comes behind a cue: not so in "our name is wrong"."""
    wrong = WRONG.at(on.spoken, cue.end) if cue.end < len(on.spoken.tokens) else None
    return wrong is None and not negated(on.spoken, cue.start)


def is_name(field: Field) -> bool:
    """Whether a field holds a name in free words."""
    words = f"{field.name.replace('_', ' ')} {field.node.label}".lower().split()
    free = field.hear is None and not field.url and field.node.pattern is None
    return field.kind == "text" and "name" in words and free


def _cues(on: Listening, field: Field) -> list[Match[Any]]:
    return [*on.find(NAME_IS), *on.find(cues_of(field))]


def _said(on: Listening, field: Field, cue: Match[Any] | None) -> tuple[int, int] | None:
    if cue is not None:
        return _bare(on, cue.end, _end(on, field, cue.end))
    if on.questioning:
        return None
    if on.is_asked(field):
        span = _bare(on, 0, _end(on, field, 0))
        nothing = span is None or _says_nothing(on, span) or is_addressed(on.spoken, *span)
        return None if nothing else span
    return _in_front(on, field) if _comes_first(on, field) else None


def _comes_first(on: Listening, field: Field) -> bool:
    """Whether the opening question begins with this field, and nothing is known yet."""
    first = next((each for each in on.fields.all if each.node.required), None)
    return on.asked_path is None and not on.data and field is first


def _in_front(on: Listening, field: Field) -> tuple[int, int] | None:
    """A name that begins the answer to an opening question: "Acme, we build robots"."""
    spoken, start = on.spoken, 0
    while start < len(spoken.tokens) and (hello := INTERJECTION.at(spoken, start)) is not None:
        start = hello.end
        while spoken.word(start) in {",", ".", "!"}:
            start += 1
    end = _end(on, field, start)
    span = _bare(on, start, end)
    if span is None or span[1] - span[0] > _UNSAID_AT_MOST or _says_nothing(on, span):
        return None
    begins = spoken.raw(span[0], span[0] + 1)
    announced = LEAD.at(spoken, start) is not None and spoken.word(start) not in _ARTICLES
    if _WE_ARE.at(spoken, start) is not None:
        return None if begins[:1].islower() or _only_sounds(on, field, span, end) else span
    if announced or spoken.word(start) in _TURNS - _ARTICLES or not begins[:1].isalpha():
        return None
    # In small letters a word is a name only where something else is told behind it.
    small = begins[:1].islower()
    if small and end == len(spoken.tokens):
        return None
    if all(spoken.word(index) in _COMPARING for index in range(*span)):
        return None
    return None if _only_sounds(on, field, span, end) else span


def _only_sounds(on: Listening, field: Field, span: tuple[int, int], end: int) -> bool:
    """Whether it is an answer and no name; not so where the rest has that one: "Acme Robots, we make robots".

    Nor where it goes on with a name of its own and more is told: "Panadería La Espiga, somos 8".
    """
    if end < len(on.spoken.tokens) and _goes_on_named(on, span):
        return False
    return _is_answer(on, field, *span) and not _is_answer(on, field, end)


def _goes_on_named(on: Listening, span: tuple[int, int]) -> bool:
    """Whether an article with a capital letter, and a word with one, stand in it behind the first word."""
    spoken = on.spoken
    return any(
        spoken.word(i) in _ARTICLES and all(spoken.raw(j, j + 1)[:1].isupper() for j in (i, i + 1))
        for i in range(span[0] + 1, span[1] - 1)
    )


def _end(on: Listening, field: Field, start: int) -> int:
    spoken = on.spoken
    commas = False
    for index in range(start, len(spoken.tokens)):
        word, following = spoken.word(index), spoken.word(index + 1)
        if word in {";", "!", "?"} or on.taken[index]:
            return index
        if index <= start:
            continue
        apart = not spoken.glued(index + 1)
        if (
            word == "."
            and apart
            and (following in _TURNS or index - start > 3 or _is_answer(on, field, index + 1))
        ):
            return index
        if word in _DASHES and apart and not spoken.glued(index):
            return index
        if word == "(" or word in _AT_ONCE or (word in {"and", "y"} and following in _TURNS):
            return index
        if word in {"with", "con"} and _counts(on, field, index + 1):
            return index
        if word == "," and apart and _turns(on, field, index + 1, commas):
            return index
        commas = commas or word == ","
        if _counts(on, field, index):
            return index
    return len(spoken.tokens)


def _turns(on: Listening, field: Field, start: int, commas: bool) -> bool:
    """Whether what follows a comma is about something else than the name."""
    spoken, end = on.spoken, start
    while end < len(spoken.tokens) and spoken.word(end) not in {",", ";", ".", "!", "?"}:
        end += 1
    if start == end or spoken.word(start) in _TURNS or number_at(spoken, start) is not None:
        return True
    if not on.is_asked(field) and spoken.raw(start, start + 1)[:1].islower():
        return True
    return _is_answer(on, field, start, end) or (not commas and only_fillers(spoken, start, end))


def _counts(on: Listening, field: Field, start: int) -> bool:
    """Whether a number is said there, and what it counts: "200 employees"."""
    number = number_at(on.spoken, start) if start < len(on.spoken.tokens) else None
    if number is None or number.end >= len(on.spoken.tokens):
        return False
    counted = [
        each for each in on.fields.all if each is not field and (each.said.ranges or each.kind == "integer")
    ]
    return any(cues_of(each).at(on.spoken, number.end) is not None for each in counted)


def _is_answer(on: Listening, field: Field, start: int, end: int | None = None) -> bool:
    """Whether another field hears its answer between two tokens."""
    spoken, last = on.spoken, len(on.spoken.tokens) if end is None else end
    for each in on.fields.all:
        if each is field or start >= last:
            continue
        if each.hear is not None and each.hear(spoken.raw(start, last), on.locale) is not None:
            return True
        if any(m.end - m.start == last - start for m in words_of(each).find(spoken, start, last)):
            return True
    return False


def _bare(on: Listening, start: int, end: int) -> tuple[int, int] | None:
    """A name without the words and signs around it; its own article stays."""
    spoken = on.spoken
    while start < end:
        found = LEAD.at(spoken, start)
        if spoken.word(start) in _ARTICLES and start + 1 < end:
            break
        if found is not None and found.end < end:
            start = found.end
        elif spoken.raw(start, start + 1) in _QUOTES or not spoken.word(start)[:1].isalnum():
            start += 1
        else:
            break
    while start < end:
        ending = ENDING.ending(spoken, end)
        if ending is not None and ending.start > start:
            end = ending.start
        elif not spoken.word(end - 1)[:1].isalnum() and spoken.word(end - 1) not in {")", "+", "#"}:
            end -= 1
        else:
            break
    return (start, end) if start < end else None


def _says_nothing(on: Listening, span: tuple[int, int]) -> bool:
    spoken = on.spoken
    if spoken.raw(span[0], span[0] + 1) in {"no", "not", "none", "sin", "ninguno"}:
        return True
    for words in (EMPTY, NONE, NO, YES):
        found = words.at(spoken, span[0])
        if found is not None and (found.end >= span[1] or only_fillers(spoken, found.end, span[1])):
            return True
    return only_fillers(spoken, *span) and span[1] - span[0] > 1
