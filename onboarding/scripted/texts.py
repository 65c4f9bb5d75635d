"""Single texts: addresses of sites, texts of a certain form, names, and what has a reader of its own."""

import re
from bisect import bisect_left

from onboarding.scripted.addressed import is_addressed
from onboarding.scripted.fields import Field, cues_of, words_of
from onboarding.scripted.listening import Listening, negated
from onboarding.scripted.names import is_name
from onboarding.scripted.text import Spoken
from onboarding.scripted.words import CLAUSE, EMPTY, NONE, content, listed, only_fillers

_URL = re.compile(r"(?:https?://)?(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24}(?::\d{1,5})?(?:[/?#][^\s<>\"]{0,500})?")
_AROUND_ADDRESS = ".,;:!?()[]'\"“”«»"
_USING = listed("we use, using, we work with, usamos, utilizamos, usando")
_WORD = re.compile(r"\S{1,300}")
_TURNS = {"we", "i", "our", "im", "were", "with", "a", "an", "con", "somos", "hacemos", "tenemos", "vendemos"}
"""After a comma or and: somebody goes on to speak of something else."""


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
        if on.is_asked(field) or (field.path not in on.data and (on.asked is None or is_name(on.asked))):
            text = _besides_names(on)
        elif cue is not None:
            text = on.spoken.raw(cue.end, len(on.spoken.tokens))
        else:
            continue
        value = field.hear(text, on.locale) if text else None
        if value is None and cue is not None:
            value = field.hear(on.spoken.raw(cue.end, len(on.spoken.tokens)), on.locale)
        if value is not None:
            on.found[field.path] = value


def offered(on: Listening) -> tuple[str, ...]:
    """Values that a message may mean where it is not clear which: of the field that is asked for."""
    if on.markup:
        return ()
    guessing = (
        f for f in on.fields.all if f.guess is not None and f.path not in on.found and f.path not in on.data
    )
    field = next((f for f in guessing if on.is_asked(f) or on.asked is None), None)
    return field.guess(_besides_names(on), on.locale) if field is not None and field.guess is not None else ()


def _besides_names(on: Listening) -> str:
    """The message without what something is called, where its site is, and what tools it uses.

    None of that says anything of a trade: who uses mail does not deliver it.
    """
    spoken = on.spoken
    silent = [*([on.named] if on.named is not None else []), *_sites(on), *_tools(spoken)]
    kept, start = list[str](), 0
    for first, last in sorted(silent):
        kept.append(spoken.raw(start, max(start, first)))
        start = max(start, last)
    kept.append(spoken.raw(start, len(spoken.tokens)))
    return ", ".join(kept) if silent else spoken.text


def _sites(on: Listening) -> list[tuple[int, int]]:
    """Where addresses stand, each with the words that announce it: "our website is https://acme.io"."""
    spoken = on.spoken
    cues = [cue for field in on.fields.all if field.url for cue in cues_of(field).find(spoken)]
    found: list[tuple[int, int]] = []
    for word in _WORD.finditer(spoken.text):
        bare = word.group().strip(_AROUND_ADDRESS)
        if _URL.fullmatch(bare) is None or "@" in bare:
            continue
        start, end = (bisect_left(spoken.tokens, at, key=lambda t: t.start) for at in word.span())
        announced = [c.start for c in cues if c.end <= start and only_fillers(spoken, c.end, start)]
        found.append((min(announced, default=start), end))
    return found


def _tools(spoken: Spoken) -> list[tuple[int, int]]:
    """What is used, up to the end of the clause."""
    found: list[tuple[int, int]] = []
    for using in _USING.find(spoken):
        rest = range(using.end, len(spoken.tokens))
        found.append((using.start, next((i for i in rest if spoken.word(i) in CLAUSE), len(spoken.tokens))))
    return found


def _text(on: Listening, field: Field) -> str | None:
    known = [m for m in on.find(words_of(field)) if not negated(on.spoken, m.start)]
    if known and (on.is_asked(field) or on.find(cues_of(field))):
        return known[0].meaning
    if field.url:
        return _address(on)
    if field.node.pattern is not None:
        return _of_form(on, field.node.pattern)
    if is_name(field):
        return None
    cue = next((c for c in on.find(cues_of(field)) if not negated(on.spoken, c.start)), None)
    if cue is not None:
        span = content(on.spoken, cue.end, _end_of_text(on, cue.end))
        if span is not None and not all(on.taken[i] for i in range(*span)) and _may_be(on, field):
            on.take(*span)
            return on.spoken.raw(*span)
    if not on.is_asked(field) or on.questioning:
        return None
    return _whole(on)


def _may_be(on: Listening, field: Field) -> bool:
    """Whether a text can be said at all: the choice that it belongs to is not another one. Saying it chooses."""
    if field.said.only_with is None:
        return True
    path, value = field.said.only_with
    chosen = on.found.get(path, None if on.correcting else on.data.get(path))
    if chosen not in {None, value}:
        return False
    on.found[path] = value
    return True


def _whole(on: Listening) -> str | None:
    """The message as an answer, without the words around it."""
    spoken = on.spoken
    span = content(spoken, 0, _end_of_text(on, 0))
    if span is None:
        return None
    said = EMPTY.at(spoken, span[0]) or NONE.at(spoken, span[0])
    if said is not None and content(spoken, said.end, span[1]) is None:
        return None
    if is_addressed(spoken, *span):
        return None
    return spoken.raw(*span)


def _end_of_text(on: Listening, start: int) -> int:
    """Where it ends: with the sentence, or where somebody goes on to speak of something else."""
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
        found = _URL.fullmatch(word.strip(_AROUND_ADDRESS))
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
