"""Which passwords may be chosen."""

from collections.abc import Iterator

from zxcvbn import zxcvbn

from onboarding.payloads import FieldError
from runtime.settings import Settings

LOOKED_AT = 40
"""Characters: the estimate takes time with the square of the length, and by then it has seen enough."""


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
    guessed_first = [word[:LOOKED_AT] for word in known]
    score: int = zxcvbn(password[:LOOKED_AT], user_inputs=guessed_first)["score"]
    if score < settings.password_min_score:
        yield FieldError(field=field, code="too_weak", detail="is too easy to guess: longer and less common helps")
