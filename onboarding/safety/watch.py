"""Sentence by sentence: what must not be said gives way to a standard sentence, once, and then to nothing."""

import re

from onboarding.safety.allergens import Allergens
from onboarding.safety.facts import Facts
from onboarding.safety.figures import figures
from onboarding.safety.plain import Plain
from onboarding.safety.sentences import SENTENCE_AT_MOST, Sentences
from onboarding.safety.topics import language_of, referral
from onboarding.safety.words import Token, tokens

NAMED_AT_MOST = 10
"""How many foods one sentence names as left out."""

LEAD_AT_MOST = 40
"""How many words and marks of what stands before a sentence it is read with."""

_LEFT_OUT = {
    "en": "I have left out what does not suit you: {}.",
    "es": "He dejado fuera lo que no te conviene: {}.",
}
_PARTS = re.compile(r"(\s*(?:(?:[-*•–+]|\d{1,2}[.)])\s+|\|\s*)?)(.*?)(\s*)", re.DOTALL)
_TITLE = re.compile(r"#|\*\*.*\*\*$|.*:[*_\s]*$", re.DOTALL)


class Watch:
    """Looks through sentences when there is anything to look for; else lets everything pass at once.

    A line that announces others, such as `Calories:` or `Foods to avoid:`, speaks for those too: it is
    read with each item of the list below it. Numbers are read with the sentence before them as well.
    """

    def __init__(self, facts: Facts, locale: str) -> None:
        self._facts = facts
        self._locale = locale
        self._language = language_of(locale)
        self._allergens = Allergens(facts.allergens, self._language)
        self._active = bool(self._allergens) or bool(facts.touched)
        self._sentences = Sentences()
        self._title: list[Token] = []
        self._lead: list[Token] = []
        self._lead_is_new = False
        self._before: list[Token] = []
        self._at_line_start = True
        self._line_is_empty = True
        self._named: set[str] = set()
        self._referred = False

    def feed(self, text: str) -> str:
        """What may be shown of the sentences that are whole now."""
        return "".join(map(self._shown, self._sentences.feed(text))) if self._active else text

    def end(self) -> str:
        """What may be shown of the last sentence."""
        return self._shown(self._sentences.end())

    def _shown(self, sentence: str) -> str:
        parts = _PARTS.fullmatch(sentence)
        assert parts is not None  # any text has the three parts, each of which may be empty
        mark, body, space = parts.groups()
        if body:
            self._follow_list(mark)
            found = tokens(body)
            instead = self._instead(sentence, found)
            self._announce(body, found, mark.strip())
            if instead is not None:
                sentence = (
                    mark + instead + space if instead else "\n" * (space == "\n" and not self._line_is_empty)
                )
        self._at_line_start = sentence.endswith("\n") or (self._at_line_start and not body)
        _, broken, line = sentence.rpartition("\n")
        self._line_is_empty = not line.strip() and (bool(broken) or self._line_is_empty)
        return sentence

    def _instead(self, sentence: str, found: list[Token]) -> str | None:
        """What stands in its place; None when the sentence may be shown."""
        too_long = len(sentence) > SENTENCE_AT_MOST
        offered = self._allergens.names if too_long else self._allergens.offered(found, self._lead)
        if offered:
            new = [name for name in offered if name not in self._named][:NAMED_AT_MOST]
            self._named.update(new)
            return _plain(_LEFT_OUT[self._language].format(", ".join(new))) if new else ""
        if too_long or self._facts.proposed(figures(found, [*self._lead, *self._before])):
            first, self._referred = not self._referred, True
            return (referral(self._facts.touched, self._locale) or "") if first else ""
        return None

    def _follow_list(self, mark: str) -> None:
        """Forget what announced a list at the first line that is no item of it."""
        if self._at_line_start and not mark.strip() and not self._lead_is_new:
            self._lead = self._title = []
        self._lead_is_new = False

    def _announce(self, body: str, found: list[Token], mark: str) -> None:
        """Remember what the next sentences are read with."""
        self._before = found[-LEAD_AT_MOST:]
        if _TITLE.match(body) or (mark == "|" and not self._lead):
            if not mark:
                self._title = found
            self._lead = [*self._title, *found][-LEAD_AT_MOST:] if mark else found[-LEAD_AT_MOST:]
            self._lead_is_new = True


def _plain(text: str) -> str:
    plain = Plain()
    return plain.feed(text) + plain.end()
