"""What can go wrong with one call of one model, told apart by whether another try may help."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

from activities.ai.protocol import AiError, ModelsRefused, ModelsUnavailable, Outcome

if TYPE_CHECKING:
    from openai import APIError

RETRY_AFTER_AT_MOST = 60.0
"""Seconds: whoever says more is not waited for any longer than this."""

MAY_PASS = {"rate_limited", "server_error", "timeout", "cut_off"}
"""Outcomes that say something of the model at this moment, not of what it was asked."""
_SECONDS = re.compile(r"\d{1,9}(\.\d{1,9})?", re.ASCII)


class CallFailed(Exception):
    """A call brought no answer.

    Attributes:
        outcome: how it ended.
        retry_after: seconds to wait, if the server said so.
        costs: whether the model may have been at work, and so must be paid.
    """

    def __init__(self, outcome: Outcome, *, retry_after: float | None = None, costs: bool = True) -> None:
        super().__init__(outcome)
        self.outcome: Outcome = outcome
        self.retry_after = retry_after
        self.costs = costs


def together(failures: list[CallFailed]) -> AiError:
    """The error of a question that every model failed at."""
    passing = [failure for failure in failures if failure.outcome in MAY_PASS]
    if not passing:
        return ModelsRefused(ModelsRefused.code)
    waits = [failure.retry_after for failure in passing if failure.retry_after is not None]
    return ModelsUnavailable(min(waits) if len(waits) == len(passing) else None)


def failure_of(error: "APIError", *, began: bool) -> CallFailed:
    """What an error of the client library means.

    Args:
        error: as it was raised; its message may quote the prompt, so it is never shown.
        began: whether the answer had begun.
    """
    import openai

    match error:
        case openai.APIStatusError():
            headers = error.response.headers
            wait = retry_after(headers.get("retry-after"), datetime.now(UTC))
            return CallFailed(_of_status(error.status_code), retry_after=wait, costs=False)
        case openai.APITimeoutError():
            return CallFailed("timeout")
        case openai.APIConnectionError():
            return CallFailed("cut_off") if began else CallFailed("server_error", costs=False)
        case _:
            # An error in the midst of the stream; gateways give the status of the model behind them as its code.
            code = str(error.code or "")
            return CallFailed(_of_status(int(code)) if re.fullmatch(r"[345]\d\d", code) else "server_error")


def _of_status(status: int) -> Outcome:
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return "rate_limited"
    if status == HTTPStatus.REQUEST_TIMEOUT:
        return "timeout"
    return "server_error" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "refused"


def retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds to wait by a `Retry-After` header (RFC 9110, 10.2.3), from 0 to 60; None when it says nothing.

    >>> retry_after("7", datetime(2026, 1, 1, tzinfo=UTC))
    7.0
    >>> retry_after("Thu, 01 Jan 2026 00:00:09 GMT", datetime(2026, 1, 1, tzinfo=UTC))
    9.0
    >>> retry_after("soon", datetime(2026, 1, 1, tzinfo=UTC)) is None
    True
    """
    if value is None:
        return None
    if _SECONDS.fullmatch(value.strip()):
        seconds = float(value)
    else:
        try:
            then = parsedate_to_datetime(value)
        except (ValueError, OverflowError):
            return None
        # A date without a zone, or with -0000, is one of UTC.
        seconds = (then.replace(tzinfo=then.tzinfo or UTC) - now).total_seconds()
    return min(max(seconds, 0.0), RETRY_AFTER_AT_MOST)
