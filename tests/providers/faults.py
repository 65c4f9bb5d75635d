"""What goes wrong at a provider, and its clock."""

import asyncio
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tests.providers.http import Reply


class Gate:
    """Lets so many requests pass, and holds back those that come after them until it is opened.

    With `of`, requests that do not hold this word all pass.
    """

    def __init__(self, passes: int = 0, of: str = "") -> None:
        self._passes = passes
        self._of = of
        self._open = asyncio.Event()
        self.reached = asyncio.Event()

    async def passed(self, what: str = "") -> None:
        """Come through it, with what is asked for."""
        if self._of not in what:
            return
        if self._passes > 0:
            self._passes -= 1
            return
        self.reached.set()
        await self._open.wait()

    def open(self) -> None:
        """Let everybody through."""
        self._open.set()


@dataclass(kw_only=True)
class Faults:
    """Switches of one provider; a test sets them at any time. Numbers of answers count down to nothing.

    Attributes:
        rotates: whether a refresh gives another refresh token too.
        refuses_old: whether a refresh token is refused at once when it was exchanged, whatever `grace_seconds` is.
        grace_seconds: in which one that was exchanged gives the same new pair again.
        token_seconds: the life of access tokens, and `code_seconds` that of codes.
        drop_tokens: so many answers to a refresh are not sent, though the tokens were rotated.
        drop_codes: so many answers to a code are not sent, though it is used up.
        failing_tokens: so many requests for tokens are answered with 503, before anything is done.
        failing: so many requests to the API are answered with 503.
        too_many: so many requests to the API are answered with 429, and `retry_after` seconds.
        failing_revocations: so many revocations are answered with 503, and nothing is revoked.
        slow_seconds: before every answer of tokens and the API.
        gate: what every request of tokens and the API must come through before it is answered.
        down: nothing is answered at all.
        scopes: what is granted, where it is not what was asked for.
        iss: what is said to be the issuer, where it is not what the provider says of itself.
        error: the consent page refuses with this.
        api, tokens: replies given instead of the next ones, one by one.
    """

    rotates: bool = True
    refuses_old: bool = False
    grace_seconds: float = 1800.0
    token_seconds: int = 3600
    code_seconds: int = 300
    drop_tokens: int = 0
    drop_codes: int = 0
    failing_tokens: int = 0
    failing: int = 0
    failing_revocations: int = 0
    too_many: int = 0
    retry_after: int = 1
    slow_seconds: float = 0.0
    gate: Gate | None = None
    down: bool = False
    scopes: tuple[str, ...] | None = None
    iss: str | None = None
    error: str | None = None
    api: list[Reply] = field(default_factory=list[Reply])
    tokens: list[Reply] = field(default_factory=list[Reply])

    def next(self, name: str) -> bool:
        """Whether this happens to the request at hand."""
        left: int = getattr(self, name)
        if left > 0:
            setattr(self, name, left - 1)
        return left > 0


class Clock:
    """The time at all providers: the real one, and what a test has let pass."""

    def __init__(self) -> None:
        self._passed = 0.0

    def now(self) -> float:
        """Seconds since 1970."""
        return time.time() + self._passed

    def moment(self) -> datetime:
        """The same as a date."""
        return datetime.fromtimestamp(self.now(), UTC)

    def skip(self, seconds: float) -> None:
        """Let time pass."""
        self._passed += seconds
