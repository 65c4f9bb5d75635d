"""One message while it is being read: its tokens, which of them have a meaning already, and what was found."""

from typing import Any

from onboarding.payloads import FieldError
from onboarding.reading import has_markup
from onboarding.scripted.elsewhere import Elsewhere
from onboarding.scripted.fields import Field, Fields
from onboarding.scripted.text import Match, Phrases, Spoken, T
from onboarding.scripted.words import CLAUSE, CORRECTION, JOINS_NOT, NOT, NOT_ONLY

_NEGATION_REACHES = 8


class Listening:
    """The readers of fields take tokens one after the other, the surest reader first."""

    def __init__(
        self,
        spoken: Spoken,
        fields: Fields,
        elsewhere: Elsewhere,
        asked: str | None,
        data: dict[str, Any],
        locale: str,
    ) -> None:
        self.spoken = spoken
        self.elsewhere = elsewhere
        self.away: list[str] = []
        self.fields = fields
        self.locale = locale
        self.data = data
        self.asked_path = asked
        self.asked = fields.find(asked) or _only_question(fields, data)
        self.taken = bytearray(len(spoken.tokens))
        self.found: dict[str, Any] = {}
        self.errors: list[FieldError] = []
        self.correcting = bool(CORRECTION.find(spoken))
        self.named: tuple[int, int] | None = None
        self.markup = has_markup(spoken.text)
        self.questioning = spoken.text.endswith("?")

    def take(self, start: int, end: int) -> None:
        """These tokens have their meaning."""
        self.taken[start:end] = b"\x01" * (end - start)

    def is_free(self, start: int, end: int) -> bool:
        """Whether none of these tokens has a meaning yet."""
        return not any(self.taken[start:end])

    def find(self, phrases: Phrases[T]) -> list[Match[T]]:
        """Phrases among the tokens that have no meaning yet."""
        return [match for match in phrases.find(self.spoken) if self.is_free(match.start, match.end)]

    def is_asked(self, field: Field) -> bool:
        """Whether this is the field that the message answers, if nothing else is said."""
        return self.asked is not None and self.asked.path == field.path

    def settled(self, field: Field) -> bool:
        """Whether a field has its value and nobody speaks of changing it."""
        return field.path in self.data and not self.is_asked(field) and not self.correcting

    def point_away(self, state: str) -> None:
        """Something was said that is for another state."""
        if state not in self.away:
            self.away.append(state)

    def fail(self, field: str, code: str, detail: str) -> None:
        """Something was said that cannot be."""
        self.errors.append(FieldError(field=field, code=code, detail=detail))


def negated(spoken: Spoken, start: int, after: int = 0) -> bool:
    """Whether what begins at a token is said not to be so.

    A negation reaches to the end of its clause; past an earlier match, which ends at `after`, only when the two
    are joined: "neither a beginner nor advanced".
    """
    for index in range(start - 1, max(-1, start - 1 - _NEGATION_REACHES), -1):
        if NOT_ONLY.at(spoken, index) is not None:
            return False
        found = NOT.at(spoken, index)
        if found is not None and found.end <= start:
            return True
        if index < after and any(spoken.word(i) not in JOINS_NOT for i in range(after, start)):
            return False
        if spoken.word(index) in CLAUSE:
            return False
    return False


def _only_question(fields: Fields, data: dict[str, Any]) -> Field | None:
    """The field that any answer must be for: the only one that is required, or the only one still missing."""
    required = [field for field in fields.all if field.node.required]
    missing = [field for field in required if field.path not in data]
    if len(missing) == 1:
        return missing[0]
    return required[0] if len(required) == 1 else None
