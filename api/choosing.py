"""Choosing the account of a connection, where a consent opened several."""

from litestar.exceptions import NotFoundException
from msgspec.structs import replace

from api.deps import Deps, Principal
from api.problems import Code, ProblemError
from db import connections
from db.connections import MERGED, Waiting
from db.pool import Connection
from onboarding.connections import Account, Kept
from onboarding.payloads import FieldError
from runtime.addresses import Owner
from runtime.encryption import CannotOpen, DataKey
from runtime.providers import keeping

ROUNDS = 3
"""Tokens are opened while no connection to the database is held; so often they may be others by then."""


async def chosen(deps: Deps, principal: Principal, connection_id: str, account_id: str) -> str:
    """Give a connection its account, or its tokens to the connection that has it; gives the id of that one.

    The same choice again gives the same.

    Raises:
        NotFoundException: there is no such connection.
        ProblemError: 409 where there is nothing to choose, 400 for an account that was not offered.
        GangwayError: what keeps the data keys is away.
    """
    person = principal.caller.user_id
    key = await deps.keys.sealing(Owner(principal.caller.tenant_id, person))
    for _ in range(ROUNDS):
        async with deps.database.transaction(principal.caller) as connection:
            waiting = await connections.waiting(connection, connection_id, person)
            if waiting is None:
                return await _chosen_before(connection, connection_id, person, account_id)
        account = _offered(waiting, account_id)
        try:
            kept = await keeping.opened(deps.keys, connection_id, waiting.tokens.sealed)
        except CannotOpen:
            break
        async with deps.database.transaction(principal.caller) as connection:
            await connections.alone(connection, person)
            now = await connections.waiting(connection, connection_id, person)
            if now is not None and now.version == waiting.version:
                return await _settled(connection, connection_id, person, now, account, key, kept)
    raise _nothing_to_choose()


async def _settled(
    connection: Connection,
    connection_id: str,
    person: str,
    waiting: Waiting,
    account: Account,
    key: DataKey,
    kept: Kept,
) -> str:
    other = await connections.ever_of_account(connection, person, waiting.provider, account.id)
    if other is None:
        await connections.choose(connection, connection_id, person, account)
        return connection_id
    tokens = replace(waiting.tokens, sealed=keeping.sealed(key, other, kept))
    await connections.give_way(connection, connection_id, person, account)
    await connections.renew(connection, other, person, tokens=tokens, account=account)
    return other


async def _chosen_before(connection: Connection, connection_id: str, person: str, account_id: str) -> str:
    found = await connections.get(connection, connection_id, person)
    if found is None:
        raise NotFoundException
    if found.account_id == account_id and (found.status != "disconnected" or found.reason == MERGED):
        other = await connections.of_account(connection, person, found.provider, account_id)
        if other is not None:
            return other
    raise _nothing_to_choose()


def _offered(waiting: Waiting, account_id: str) -> Account:
    for account in waiting.accounts:
        if account.id == account_id:
            return account
    error = FieldError(field="account_id", code="not_allowed", detail="is not one of the accounts")
    raise ProblemError(400, Code.VALIDATION_ERROR, "The request is not valid.", errors=(error,))


def _nothing_to_choose() -> ProblemError:
    return ProblemError(409, Code.NO_ACCOUNT_TO_CHOOSE, "This connection waits for no choice of an account.")
