"""What of a model's text a person gets to see."""

from onboarding.safety.facts import Facts
from onboarding.safety.plain import Plain
from onboarding.safety.sentences import Limit
from onboarding.safety.watch import Watch

TEXT_AT_MOST = 4000
"""Characters."""


class Censor:
    """A model's text while it streams, as far as it may be shown.

    Without anything to watch for, each piece passes at once. Else it passes sentence by sentence: one that offers
    an allergen, or proposes a number that a professional should, gives way to a standard sentence, the next such
    ones to nothing. Where the stream is cut makes no difference to the whole.

    >>> from onboarding.safety.topics import Topic
    >>> censor = Censor(Facts(allergens=("peanuts",)), "en")
    >>> censor.feed("Oats are good. Add peanut butter. ") + censor.feed("Or fruit.") + censor.end()
    'Oats are good. I have left out what does not suit you: peanuts. Or fruit.'
    >>> censor = Censor(Facts(topics=frozenset({Topic.PREGNANCY}), said=frozenset({"2200"})), "en")
    >>> censor.feed("You said 2,200 kcal. How about 1,900 kcal?") + censor.end()
    'You said 2,200 kcal. I can only give general information here. For figures that fit you, please talk to a \
doctor or a midwife.'
    """

    def __init__(self, facts: Facts, locale: str, limit: int = TEXT_AT_MOST) -> None:
        self._plain = Plain()
        self._limit = Limit(limit)
        self._watch = Watch(facts, locale)

    def feed(self, delta: str) -> str:
        """What may be shown now; nothing while a sentence is held back."""
        return self._limit.feed(self._watch.feed(self._plain.feed(delta)))

    def end(self) -> str:
        """The rest."""
        rest = self._watch.feed(self._plain.end()) + self._watch.end()
        return self._limit.feed(rest) + self._limit.end()


def censored(text: str, facts: Facts, locale: str, limit: int = TEXT_AT_MOST) -> str:
    """A whole text as a `Censor` shows it."""
    censor = Censor(facts, locale, limit)
    return censor.feed(text) + censor.end()
