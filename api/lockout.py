"""Shuts the door to whoever guesses passwords: by e-mail and address, and by e-mail alone, over all processes."""

import hmac

from api.problems import Code, ProblemError
from api.tokens import derived
from db import events, failures
from db.failures import Attempt
from db.pool import Connection
from db.users import User
from runtime.settings import Settings


class Lockout:
    """Counts in the transaction in which the password is looked at, so that a race gains no try."""

    def __init__(self, settings: Settings) -> None:
        assert settings.jwt_secret
        self._key = derived(settings.jwt_secret, "gangway failed sign-ins")

    def attempt(self, email: str, address: str) -> Attempt:
        """What is counted: digests, of which nobody learns an e-mail without the secret."""
        return Attempt(who=self._digest(email), whence=self._digest(f"{email}\n{address}"))

    async def admit(self, conn: Connection, attempt: Attempt) -> failures.Standing:
        """Let an attempt through.

        Raises:
            ProblemError: 429 with the time to wait.
        """
        standing = await failures.standing(conn, attempt)
        if wait := standing.locked_seconds:
            detail = "Too many wrong passwords; try again later, or reset the password."
            raise ProblemError(429, Code.SIGN_IN_LOCKED, detail, headers={"Retry-After": str(wait)})
        return standing

    async def failed(
        self, conn: Connection, attempt: Attempt, standing: failures.Standing, user: User | None
    ) -> None:
        """Count a wrong password; the one that shuts the door is told to staff."""
        await failures.note(conn, attempt)
        if user is not None and standing.locks_next:
            await events.note(
                conn,
                tenant_id=user.tenant_id,
                source="gangway.auth",
                detail_type="sign_in_locked",
                severity="medium",
                detail={"user_id": user.id},
            )

    async def succeeded(self, conn: Connection, attempt: Attempt, standing: failures.Standing) -> None:
        """What went wrong from this address before no longer counts."""
        if standing.pair:
            await failures.forgive(conn, attempt)

    async def reset(self, conn: Connection, email: str) -> None:
        """The password is another one: what was tried before no longer counts."""
        await failures.forgive_all(conn, self._digest(email))

    def _digest(self, text: str) -> bytes:
        return hmac.digest(self._key, text.encode(), "sha256")
