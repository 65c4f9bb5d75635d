"""What somebody came back with from a provider becomes a connection.

A code holds once. It is emptied from its row before it is sent, so that no second attempt sends it again; tokens
are in memory until they are written, sealed, in the connection's row. A worker that dies in between leaves nothing
behind: the attempt after it says `interrupted`, and the person starts again.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog
from msgspec import Struct
from temporalio import activity
from uuid_utils.compat import uuid7

from activities.beating import alive
from db import connections, consents, erasures
from db.connections import TooManyConnections
from db.pool import Connection, Database, DatabaseUnavailable
from db.runs import PersonGone
from onboarding.access import Caller, Role
from onboarding.connections import Account, Kept, ProviderKey, Tokens
from onboarding.payloads import ConnectOrder, ConnectReport
from runtime.addresses import Owner
from runtime.encryption import CannotOpen, DataKey, Keys
from runtime.providers import PROVIDERS, available, keeping, oauth
from runtime.providers.asking import Api, Away, ProviderError, Refused, Revoked
from runtime.providers.endpoints import Endpoints, endpoints, redirect_uri
from runtime.providers.provider import Provider
from runtime.settings import Settings

AGAIN_SECONDS = 0.5
TRIES = 6
"""Of what is harmless to ask again, as long as there is no answer; half a second lies between two."""

KEEP_SECONDS = 60.0
"""For a database that is away while tokens are to be kept, which nobody else has."""

T = TypeVar("T")
log = structlog.get_logger()


class NotConnected(Exception):
    """Nothing comes of this consent; the message is a stable word for the person."""


class _Grant(Struct, frozen=True, kw_only=True):
    """What a code was exchanged for, and when."""

    tokens: Tokens
    refresh: str
    scopes: tuple[str, ...]
    at: float

    def __repr__(self) -> str:
        return "_Grant()"


class _There(Struct, frozen=True, kw_only=True):
    """A provider, and the application there."""

    provider: Provider
    endpoints: Endpoints
    redirect_uri: str

    @property
    def key(self) -> ProviderKey:
        return self.provider.description.key


class Connecting:
    """Exchanges codes for connections. What it logs and answers are ids and words."""

    def __init__(self, database: Database, keys: Keys, settings: Settings) -> None:
        """With the keys that seal what providers give."""
        self._database = database
        self._keys = keys
        self._settings = settings

    @activity.defn(name="exchange_code")
    async def exchange_code(self, order: ConnectOrder) -> ConnectReport:
        """Exchange a code, see whose account it is, and write the connection; or say why there is none."""
        async with alive():
            try:
                return await self._connect(order)
            except NotConnected as error:
                log.info("nobody was connected", consent_id=order.consent_id, why=str(error))
                return ConnectReport(status="error", reason=str(error))

    async def _connect(self, order: ConnectOrder) -> ConnectReport:
        async with self._database.transaction(_caller(order)) as connection:
            came = await consents.arrived(connection, order.consent_id, order.user_id)
        if came is None:
            raise NotConnected("interrupted")
        there = self._there(came.provider)
        code = await self._text(came.sealed_code, keeping.code_place(order.consent_id))
        verifier = await self._text(came.sealed_verifier, keeping.verifier_place(order.consent_id))
        # All that may be away is asked before the code is: what fails from here on is not tried again.
        key = await self._keys.sealing(Owner(order.tenant_id, order.user_id))
        async with self._database.transaction(_caller(order)) as connection:
            if not await consents.spend(connection, order.consent_id, order.user_id):
                raise NotConnected("interrupted")
        grant = await _exchanged(there, code, verifier)
        try:
            accounts = await _accounts(there, grant, came.realm)
            return await self._kept(order, there, key, grant, accounts)
        except NotConnected:
            await self._forget(order, there, grant)
            raise

    def _there(self, key: ProviderKey) -> _There:
        where = endpoints(self._settings, key)
        if where is None or key not in available(self._settings):
            raise NotConnected("connection_disabled")
        return _There(provider=PROVIDERS[key], endpoints=where, redirect_uri=redirect_uri(self._settings, key))

    async def _text(self, sealed: object, place: bytes) -> str:
        try:
            return await keeping.opened_text(self._keys, sealed, place)
        except CannotOpen:
            raise NotConnected("interrupted") from None

    async def _kept(
        self, order: ConnectOrder, there: _There, key: DataKey, grant: _Grant, accounts: list[Account]
    ) -> ConnectReport:
        """Write the connection, also where the database is away for a while."""
        deadline, new = time.monotonic() + KEEP_SECONDS, str(uuid7())
        while True:
            try:
                async with self._database.transaction(_caller(order)) as connection:
                    id = await _written(connection, order, there.key, key, grant, accounts, new)
            except TooManyConnections:
                raise NotConnected(TooManyConnections.code) from None
            except PersonGone:
                raise NotConnected("person_gone") from None
            except DatabaseUnavailable:
                if time.monotonic() > deadline:
                    raise NotConnected("interrupted") from None
                await asyncio.sleep(AGAIN_SECONDS)
            else:
                status = "connected" if len(accounts) == 1 else "choose_account"
                return ConnectReport(status=status, connection_id=id)

    async def _forget(self, order: ConnectOrder, there: _There, grant: _Grant) -> None:
        """Have the provider forget tokens that nobody keeps, as far as it can be asked.

        Not where the person has a connection there: some providers take back the whole consent of an account,
        and with it the tokens of that one.
        """
        try:
            async with self._database.transaction(_caller(order)) as connection:
                if await connections.has_live(connection, order.user_id, there.key):
                    return
            await oauth.revoke(there.endpoints, there.provider.description, grant.refresh or grant.tokens.access)
        except (ProviderError, DatabaseUnavailable) as error:
            log.info("tokens were not revoked", consent_id=order.consent_id, why=type(error).__name__)


async def _exchanged(there: _There, code: str, verifier: str) -> _Grant:
    """What a code gives. A server that was not reached is asked again; one that may have been reached is not."""
    description = there.provider.description

    async def ask() -> Tokens:
        return await oauth.exchange(
            there.endpoints, description, code=code, verifier=verifier, redirect_uri=there.redirect_uri
        )

    try:
        tokens = await _patiently(ask, lambda away: not away.sent)
    except Away:
        raise NotConnected("provider_away") from None
    except Revoked:
        raise NotConnected("code_refused") from None
    except Refused as error:
        log.error("a provider refuses our client", provider=there.key, code=error.code)
        raise NotConnected("client_refused") from None
    # Nothing said is all that was asked for (RFC 6749, section 5.1).
    scopes = description.scopes if tokens.scopes is None else tokens.scopes
    return _Grant(tokens=tokens, refresh=tokens.refresh or "", scopes=scopes, at=time.monotonic())


async def _accounts(there: _There, grant: _Grant, realm: str | None) -> list[Account]:
    """Whose account it is, where enough was granted to find out."""
    if not set(there.provider.description.needs) <= set(grant.scopes):
        raise NotConnected("scopes_missing")
    if not grant.refresh:
        raise NotConnected("no_refresh_token")

    async def token(_: str | None) -> str:
        return grant.tokens.access

    api = Api(there.endpoints.identity, token)
    try:
        accounts = await _patiently(lambda: there.provider.accounts(api, realm), lambda _: True)
    except Away:
        raise NotConnected("provider_away") from None
    except ProviderError as error:
        log.info("no account is told", provider=there.key, code=error.code)
        raise NotConnected("account_unknown") from None
    if not accounts:
        raise NotConnected("no_accounts")
    return accounts


async def _patiently(ask: Callable[[], Awaitable[T]], harmless: Callable[[Away], bool]) -> T:
    """Ask, and again where that is harmless, for a few seconds."""
    for _ in range(TRIES - 1):
        try:
            return await ask()
        except Away as away:
            if not harmless(away):
                raise
            await asyncio.sleep(AGAIN_SECONDS)
    return await ask()


async def _written(
    connection: Connection,
    order: ConnectOrder,
    provider: ProviderKey,
    key: DataKey,
    grant: _Grant,
    accounts: list[Account],
    new: str,
) -> str:
    """Give the tokens to the connection that this account has or had, or to a new one; gives its id.

    Not to those of somebody who is about to be erased: theirs are disconnected by now, and nobody looks again.
    """
    await connections.alone(connection, order.user_id)
    if await erasures.of_person(connection, order.user_id):
        raise PersonGone
    known = None
    if len(accounts) == 1:
        known = await connections.ever_of_account(connection, order.user_id, provider, accounts[0].id)
    id = known or new
    kept = Kept(access=grant.tokens.access, refresh=grant.refresh)
    tokens = connections.Tokens(
        sealed=keeping.sealed(key, id, kept),
        seconds=max(grant.tokens.expires_in - (time.monotonic() - grant.at), 0.0),
        scopes=grant.scopes,
    )
    if known:
        await connections.renew(connection, id, order.user_id, tokens=tokens, account=accounts[0])
    else:
        await connections.keep_consented(
            connection,
            id,
            order.user_id,
            tenant_id=order.tenant_id,
            provider=provider,
            tokens=tokens,
            accounts=accounts,
        )
    return id


def _caller(order: ConnectOrder) -> Caller:
    return Caller(tenant_id=order.tenant_id, user_id=order.user_id, role=Role.USER)
