"""The one way to an access token: exactly one exchange of a refresh token, however many ask, and none is lost.

A provider that rotates refresh tokens gives the new one once. So an exchange is written down before it is asked
for, in the connection's row, with a time until when nobody else asks; no database connection is held meanwhile.
Who dies in between, or never hears the answer, is followed by another after that time, with the same token,
which providers answer for a while. What came is kept only where the row still has the tokens that were exchanged.
"""

import asyncio
import time
from math import ceil

import structlog
from msgspec import Struct
from uuid_utils.compat import uuid7

from db import connection_tokens
from db.connection_tokens import REFUSED, REVOKED, Held, Reason
from db.pool import Database, DatabaseUnavailable
from onboarding.access import Caller, Role
from onboarding.connections import REFRESH_BEFORE, Kept, Tokens
from onboarding.payloads import ConnectionRef, ConnectionSync
from runtime.addresses import Owner
from runtime.encryption import CannotOpen, DataKey, Keys
from runtime.providers import PROVIDERS, keeping, oauth
from runtime.providers.asking import SECONDS, Away, Refused, Revoked
from runtime.providers.endpoints import endpoints
from runtime.settings import Settings

GONE = "disconnected"
USABLE_SECONDS = 30.0
"""A token that lasts so long is given where no newer one is to be had."""

OURS = {"invalid_client", "unauthorized_client", "not_configured"}
"""Refusals that say something of our client, not of what somebody consented to."""

log = structlog.get_logger()


class NeedsConsent(Revoked):
    """There is no token, and none will come before somebody consents anew; the code says why."""


class Patience(Struct, frozen=True, kw_only=True):
    """How long what may take, in seconds, and how often.

    Attributes:
        before: a token that lasts no longer than this is exchanged.
        asking: an exchange is given up for lost after this; longer than a request can take.
        sends: exchanges that one call of `token` asks for, until it leaves it to its caller to come again.
        doubts: how often more a refusal is asked for where an earlier answer was never heard.
        pause: before the second try; then twice as long each time, up to `pause_at_most`.
        waiting: for somebody else's exchange, and between one's own.
        keeping: for a database that is away while tokens are to be kept, which nobody else has.
    """

    before: float = REFRESH_BEFORE.total_seconds()
    asking: float = SECONDS + 10
    sends: int = 3
    doubts: int = 3
    pause: float = 0.5
    pause_at_most: float = 30.0
    waiting: float = SECONDS + 20
    keeping: float = 300.0

    def after(self, tries: int) -> float:
        """The pause after so many tries."""
        return min(self.pause * 2.0 ** min(tries - 1, 20), self.pause_at_most)


PATIENCE = Patience()
Ref = ConnectionRef | ConnectionSync


class Refresher:
    """Gives access tokens, and exchanges refresh tokens for them."""

    def __init__(self, database: Database, keys: Keys, settings: Settings, patience: Patience = PATIENCE) -> None:
        self._database = database
        self._keys = keys
        self._settings = settings
        self._patience = patience
        self._under_way: dict[tuple[str, str, str | None], asyncio.Task[str]] = {}

    async def token(self, ref: Ref, stale: str | None = None) -> str:
        """An access token that lasts a while; not the one that is `stale`, since an API refused it.

        Whoever asks for the same in this process waits for the same answer. Being cancelled ends the waiting, not
        the exchange.

        Raises:
            NeedsConsent: somebody must consent anew, or the connection is gone.
            Away: the provider gives none at the moment; after `rest_seconds` it may.
            GangwayError: the database, or what keeps the data keys, is away.
        """
        key = (ref.user_id, ref.connection_id, stale)
        task = self._under_way.get(key)
        if task is None:
            asking = _Asking(self._database, self._keys, self._settings, self._patience, ref)
            task = self._under_way[key] = asyncio.create_task(asking.token(stale))
            task.add_done_callback(lambda done: self._forget(key, done))
        return await asyncio.shield(task)

    def _forget(self, key: tuple[str, str, str | None], done: asyncio.Task[str]) -> None:
        del self._under_way[key]
        if not done.cancelled():
            done.exception()  # Whoever asked may have been cancelled; then nobody else looks at it.


class _Asking:
    """One call for a token, on behalf of all who make it."""

    def __init__(self, database: Database, keys: Keys, settings: Settings, patience: Patience, ref: Ref) -> None:
        self._database = database
        self._keys = keys
        self._settings = settings
        self._patience = patience
        self._ref = ref
        self._mine = ref.connection_id, ref.user_id
        self._sent = self._doubted = 0

    async def token(self, stale: str | None) -> str:
        """See `Refresher.token`."""
        deadline, looks = time.monotonic() + self._patience.waiting, 0
        while True:
            held, kept = await self._read()
            usable = kept.access != stale
            if usable and self._lasts(held):
                return kept.access
            try:
                if held.taken:
                    looks += 1
                    await self._wait(held.taken, looks, deadline)
                elif (access := await self._exchange(held, kept)) is not None:
                    return access
            except Away:
                if usable and held.left is not None and held.left > USABLE_SECONDS:
                    return kept.access
                raise

    def _lasts(self, held: Held) -> bool:
        """Whether nothing need be done. Where our client was refused, only asking tells whether it still is."""
        return held.reason != REFUSED and (held.left is None or held.left > self._patience.before)

    async def _read(self) -> tuple[Held, Kept]:
        async with self._database.transaction(caller_of(self._ref)) as connection:
            held = await connection_tokens.held(connection, *self._mine)
        if held is None or held.sealed is None:
            raise NeedsConsent(GONE)
        if held.status == "reauth_required":
            raise NeedsConsent(held.reason or REVOKED)
        try:
            return held, await keeping.opened(self._keys, self._ref.connection_id, held.sealed)
        except CannotOpen:
            await self._lose(held, "tokens_unreadable")
            raise NeedsConsent("tokens_unreadable") from None

    async def _wait(self, taken: float, looks: int, deadline: float) -> None:
        """Somebody else exchanges it, or nobody should for a while: look again soon, or leave it to the caller."""
        if time.monotonic() + min(taken, 1.0) > deadline or taken > self._patience.waiting:
            raise Away("refresh_waits", ceil(taken), sent=False)
        await asyncio.sleep(min(taken, self._patience.after(looks) / 5, 1.0))

    async def _exchange(self, held: Held, kept: Kept) -> str | None:
        """Ask the provider once; without a token the row says what came of it."""
        if kept.refresh is None:
            await self._lose(held, REVOKED)
            return None
        # Before there are tokens: the key may have to be fetched, and meanwhile they would exist nowhere else.
        key = await self._keys.sealing(Owner(self._ref.tenant_id, self._ref.user_id))
        refresh_id = str(uuid7())
        tries = await self._take(held, refresh_id)
        if tries is None:
            return None
        self._sent += 1
        asked = time.monotonic()
        try:
            tokens = await self._ask(held, kept.refresh)
        except Away as away:
            await self._rest(refresh_id, tries, away)
        except Revoked:
            await self._doubt(held, refresh_id, tries)
        except Refused as refused:
            await self._rest(refresh_id, tries, Away(refused.code), ours=refused.code in OURS)
        else:
            return await self._keep(held, key, tokens, kept.refresh, asked)
        return None

    async def _ask(self, held: Held, refresh_token: str) -> Tokens:
        where = endpoints(self._settings, held.provider)
        if where is None:
            raise Refused("not_configured")
        return await oauth.refresh(where, PROVIDERS[held.provider].description, refresh_token)

    async def _take(self, held: Held, refresh_id: str) -> int | None:
        async with self._database.transaction(caller_of(self._ref)) as connection:
            return await connection_tokens.take(
                connection,
                *self._mine,
                version=held.version,
                refresh_id=refresh_id,
                seconds=self._patience.asking,
            )

    async def _rest(self, refresh_id: str, tries: int, away: Away, *, ours: bool = False) -> None:
        """Nothing came: nobody asks for a while, and this one only so often."""
        seconds = max(self._patience.after(tries), away.rest_seconds)
        async with self._database.transaction(caller_of(self._ref)) as connection:
            await connection_tokens.rest(
                connection, *self._mine, refresh_id=refresh_id, seconds=seconds, sent=away.sent
            )
            if ours:
                await connection_tokens.refuse(connection, *self._mine)
        log.info("no token was given", connection_id=self._ref.connection_id, code=away.code, tries=tries)
        if ours or self._sent >= self._patience.sends:
            raise Away(REFUSED if ours else away.code, ceil(seconds), sent=away.sent)

    async def _doubt(self, held: Held, refresh_id: str, tries: int) -> None:
        """A refusal is believed at once, but not where an answer was never heard: that one may still be kept."""
        if tries > 1 and self._doubted < self._patience.doubts:
            self._doubted += 1
            seconds = self._patience.after(self._doubted)
            async with self._database.transaction(caller_of(self._ref)) as connection:
                await connection_tokens.rest(connection, *self._mine, refresh_id=refresh_id, seconds=seconds)
        else:
            await self._lose(held, REVOKED)

    async def _lose(self, held: Held, reason: Reason) -> None:
        async with self._database.transaction(caller_of(self._ref)) as connection:
            lost = await connection_tokens.lose(
                connection, self._ref.tenant_id, *self._mine, version=held.version, reason=reason
            )
        if lost:
            log.warning("a connection needs consent", connection_id=self._ref.connection_id, reason=reason)

    async def _keep(self, held: Held, key: DataKey, tokens: Tokens, refresh: str, asked: float) -> str | None:
        """Write down what came, while the database is away, within reason; None when newer ones are there."""
        kept = Kept(access=tokens.access, refresh=tokens.refresh or refresh)
        sealed = keeping.sealed(key, self._ref.connection_id, kept)
        deadline, tries = time.monotonic() + self._patience.keeping, 0
        while True:
            seconds = max(tokens.expires_in - (time.monotonic() - asked), 0.0)
            try:
                async with self._database.transaction(caller_of(self._ref)) as connection:
                    done = await connection_tokens.keep(
                        connection, *self._mine, version=held.version, sealed=sealed, seconds=seconds
                    )
                return tokens.access if done else None
            except DatabaseUnavailable:
                tries += 1
                if time.monotonic() > deadline:
                    raise
                await asyncio.sleep(min(self._patience.after(tries), 2.0))


def caller_of(ref: Ref) -> Caller:
    """Whose connection it is."""
    return Caller(tenant_id=ref.tenant_id, user_id=ref.user_id, role=Role.USER)
