"""What a message says for another state: an allergy that is told while the question is for equipment.

It is not kept where it does not belong; who said it is told where it is asked for.
"""

from collections.abc import Iterator

from onboarding.answers import Answer
from onboarding.flow import Flow, State
from onboarding.scripted.fields import Field, fields_of
from onboarding.scripted.numbers import number_at
from onboarding.scripted.text import Match, Phrases, Spoken, listen
from onboarding.scripted.words import EXCEPT, LEAD, NOT

_Shape = tuple[str, tuple[tuple[str, type[Answer]], ...]]
_KNOWN: dict[_Shape, "Elsewhere"] = {}


class Elsewhere:
    """The words that point to the other states of a flow; their meanings are the states' keys.

    Those are the cues of their lists, the longer words of choices that are still to come, and what their numbers
    count, behind a number.
    """

    def __init__(self, flow: Flow, state: State) -> None:
        others = [(s, f) for s in flow.states if s.key != state.key for f in fields_of(s).all]
        later = [(s, f) for s, f in others if s.number > state.number]
        pointing = [(cue, s.key) for s, f in others if f.kind == "texts" for cue in _cues(f)]
        chosen = [(word, s.key) for s, f in later for word in _long_words(f)]
        self._words = Phrases([*pointing, *chosen])
        self._counted = Phrases([(cue, s.key) for s, f in later if f.unit is not None for cue in f.said.cues])

    def find(self, spoken: Spoken, start: int, end: int) -> Match[str] | None:
        """What points to another state between two tokens; the longest of several."""
        found = [*self._words.find(spoken, start, end), *self._counts(spoken, start, end)]
        return max(found, key=lambda m: (m.end - m.start, -m.start), default=None)

    def _counts(self, spoken: Spoken, start: int, end: int) -> Iterator[Match[str]]:
        for index in range(start, end):
            number = number_at(spoken, index) if spoken.word(index).isdigit() else None
            if number is not None and number.end < end:
                counted = self._counted.at(spoken, number.end, end)
                if counted is not None:
                    yield Match(index, counted.end, counted.meaning)


def elsewhere(flow: Flow, state: State) -> Elsewhere:
    """What points to the other states, prepared once for each state of each flow."""
    shape = (state.key, tuple((each.key, each.answer) for each in flow.states))
    if shape not in _KNOWN:
        _KNOWN[shape] = Elsewhere(flow, state)
    return _KNOWN[shape]


def _cues(field: Field) -> Iterator[str]:
    """The cues of a list that mean it wherever they are said: not "without", nor "I take"."""
    for cue in (*field.said.cues, field.name.replace("_", " ")):
        said = listen(cue)
        whole = [words.at(said, 0) for words in (EXCEPT, NOT, LEAD)]
        if not any(match is not None and match.end == len(said.tokens) for match in whole):
            yield cue


def _long_words(field: Field) -> Iterator[str]:
    """The words of a choice that are more than one: "eat everything"."""
    said = field.identity.said if field.kind == "groups" else field.said
    if field.kind in {"choice", "groups"}:
        yield from (word for words in said.words.values() for word in words if " " in word)
