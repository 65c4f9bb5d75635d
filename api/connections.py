"""One's own connections, `/connections`: which there are, and how they stand."""

from uuid import UUID

from litestar import Controller, delete, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, JSONBody
from msgspec import UNSET

from api.choosing import chosen
from api.connection_shapes import (
    AccountBody,
    ConnectionOut,
    ConnectionPage,
    ProviderOut,
    ProvidersOut,
    connection_out,
)
from api.deps import Principal, SignedIn, WithDeps
from api.paging import DEFAULT_LIMIT, Cursor, Limit, WithTotal, page_of, place_of, read_place_cursor
from db import connections, tenants
from db.pool import Connection
from onboarding.payloads import ConnectionRef
from runtime.providers import PROVIDERS, available


class ConnectionsController(Controller):
    """What somebody let Gangway read."""

    path = "/connections"
    tags = ("connections",)

    @get("/providers")
    async def providers(self, deps: WithDeps, principal: SignedIn) -> ProvidersOut:
        """Which accounts can be connected: where an operator has set a provider up, and the tenant wants it."""
        async with deps.database.transaction(principal.caller) as connection:
            tenant = await tenants.get(connection, principal.caller.tenant_id)
        on = {*available(deps.settings)} & {*(tenant.allowed_connections if tenant else ())}
        return ProvidersOut(
            items=[
                ProviderOut(provider=key, title=provider.description.title, available=key in on)
                for key, provider in PROVIDERS.items()
            ]
        )

    @get("/")
    async def listed(
        self,
        deps: WithDeps,
        principal: SignedIn,
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
        with_total: WithTotal = False,
    ) -> ConnectionPage:
        """One's connections, newest first, also those that are disconnected."""
        before, person = read_place_cursor(cursor), principal.caller.user_id
        async with deps.database.transaction(principal.caller) as connection:
            found = await connections.listed(connection, person, before=before, limit=limit + 1)
            total = await connections.count(connection, person) if with_total else UNSET
        page = page_of(found, limit, lambda each: place_of(each.created_at, each.id))
        items = [connection_out(each) for each in page.items]
        return ConnectionPage(items=items, next_cursor=page.next_cursor, total=total)

    @get("/{connection_id:uuid}")
    async def read(self, connection_id: FromPath[UUID], deps: WithDeps, principal: SignedIn) -> ConnectionOut:
        """How a connection stands."""
        async with deps.database.transaction(principal.caller) as connection:
            return connection_out(await _mine(connection, principal, connection_id))

    @post("/{connection_id:uuid}/account", status_code=200)
    async def choose(
        self, connection_id: FromPath[UUID], data: JSONBody[AccountBody], deps: WithDeps, principal: SignedIn
    ) -> ConnectionOut:
        """Choose the account of a connection that waits for it.

        Where another connection has that account already, it is given the new tokens, and is the answer.
        """
        ref = ConnectionRef(
            tenant_id=principal.caller.tenant_id,
            user_id=principal.caller.user_id,
            connection_id=await chosen(deps, principal, str(connection_id), data.account_id),
        )
        await deps.gateway.wake_connection(ref)
        async with deps.database.transaction(principal.caller) as connection:
            return connection_out(await _mine(connection, principal, UUID(ref.connection_id)))

    @delete("/{connection_id:uuid}", status_code=204)
    async def disconnect(self, connection_id: FromPath[UUID], deps: WithDeps, principal: SignedIn) -> None:
        """Have the provider forget the consent, as far as it can be asked, and destroy the tokens.

        What was imported stays. One that is disconnected already stays so.
        """
        caller = principal.caller
        async with deps.database.transaction(caller) as connection:
            found = await _mine(connection, principal, connection_id)
        if found.status != "disconnected":
            await deps.gateway.disconnect(
                ConnectionRef(tenant_id=caller.tenant_id, user_id=caller.user_id, connection_id=found.id)
            )


async def _mine(connection: Connection, principal: Principal, connection_id: UUID) -> connections.Connection:
    found = await connections.get(connection, str(connection_id), principal.caller.user_id)
    if found is None:
        raise NotFoundException
    return found
