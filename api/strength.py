"""Which passwords may be chosen."""

import math
from collections.abc import Iterator
from contextlib import suppress

from zxcvbn import zxcvbn
from zxcvbn.matching import L33T_TABLE

from onboarding.answers import Answer, NotThere
from onboarding.payloads import FieldError
from runtime.settings import Settings

LOOKED_AT = 40
"""Characters: the estimate takes time with the square of the length, and by then it has seen enough."""

ONE_FOR_EACH = str.maketrans({"@": "4", "$": "5", "+": "7", "!": "1", "|": "1", "{": "(", "[": "(", "<": "("})
READINGS = 16
"""The estimate tries every combination of the letters that signs may stand for, which for a text of all such signs
takes half a second. Where there are more than these, signs that stand for the same letter are made one.
"""


def strong_enough(settings: Settings, field: str, body: Answer) -> Iterator[FieldError]:
    """The rule of a body with a new password, if there is one in it. What it says of the person is known."""
    if isinstance(password := getattr(body, field), str):
        yield from weaknesses(settings, field, password, *_told(body))


def _told(body: Answer) -> Iterator[str]:
    """Name and e-mail, as far as they can be read."""
    for field in ("email", "full_name"):
        with suppress(NotThere):
            if isinstance(value := getattr(body, field, None), str):
                yield value


def weaknesses(settings: Settings, field: str, password: str, *known: str) -> Iterator[FieldError]:
    """What is wrong with a new password: too short, or too easy to guess.

    Args:
        settings: with `PASSWORD_MIN_LENGTH` and `PASSWORD_MIN_SCORE`.
        field: the field's name in the body.
        password: the new one.
        known: what an attacker would try first, such as the e-mail and the name.
    """
    least = settings.password_min_length
    if len(password) < least:
        yield FieldError(field=field, code="too_short", detail=f"must have at least {least} characters")
        return
    if not settings.password_min_score:
        return
    looked_at, *guessed_first = [text[:LOOKED_AT] for text in (password, *known)]
    if _readings(looked_at) > READINGS:
        looked_at, *guessed_first = [text.translate(ONE_FOR_EACH) for text in (looked_at, *guessed_first)]
    score: int = zxcvbn(looked_at, user_inputs=guessed_first)["score"]
    if score < settings.password_min_score:
        yield FieldError(field=field, code="too_weak", detail="is too easy to guess: longer and less common helps")


def _readings(text: str) -> int:
    """In how many ways zxcvbn would read the signs of a text as letters."""
    return math.prod(max(1, sum(sign in text for sign in signs)) for signs in L33T_TABLE.values())
