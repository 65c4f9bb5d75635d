"""The AWS accounts that a tenant has monitored: `/config/aws-accounts`."""

import secrets
from collections.abc import Sequence
from uuid import UUID

import msgspec
import structlog
from litestar import Controller, delete, get, post, route
from litestar.enums import HttpMethod
from litestar.params import FromPath, JSONBody
from msgspec import UNSET
from msgspec.structs import asdict
from uuid_utils.compat import uuid7

from api.aws_changes import changes, sealed
from api.aws_shapes import (
    AccountPage,
    AwsAccountOut,
    ChangeAccountBody,
    ConnectionOut,
    CreateAccountBody,
    CreatedAccountOut,
    shown,
)
from api.aws_testing import tried
from api.deps import Deps, Principal, SignedIn, WithDeps
from api.gateway import WorkflowsUnavailable
from api.guards import requires
from api.mailing import digest_of, new_token
from api.paging import DEFAULT_LIMIT, Cursor, Limit, WithTotal, page_of, place_of, read_place_cursor
from api.problems import Code, ProblemError
from db import aws_accounts, config_changes, monitoring
from db.aws_accounts import AccountData, AwsAccount, Held
from db.pool import Connection
from db.tenant import monitor
from onboarding.aws_accounts import HIDDEN
from runtime import account_schedules
from runtime.addresses import account_schedule_id

EXTERNAL_ID_BYTES = 20
WAITED_FOR = 16
"""Schedules that a change makes good itself: with more, nobody need wait for them."""

log = structlog.get_logger()


class AwsAccountsController(Controller):
    """The AWS accounts of a tenant."""

    path = "/config/aws-accounts"
    tags = ("configuration",)

    @get("/", guards=[requires("read:config")])
    async def listed(
        self,
        deps: WithDeps,
        principal: SignedIn,
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
        with_total: WithTotal = False,
    ) -> AccountPage:
        """The tenant's accounts, newest first."""
        before, tenant_id = read_place_cursor(cursor), principal.caller.tenant_id
        async with deps.database.transaction(principal.caller) as connection:
            found = await aws_accounts.listed(connection, tenant_id, before=before, limit=limit + 1)
            total = await aws_accounts.count(connection, tenant_id) if with_total else UNSET
        page = page_of(found, limit, lambda account: place_of(account.created_at, account.id))
        return AccountPage(items=[shown(each) for each in page.items], next_cursor=page.next_cursor, total=total)

    @post("/", guards=[requires("update:config")])
    async def create(
        self, data: JSONBody[CreateAccountBody], deps: WithDeps, principal: SignedIn
    ) -> CreatedAccountOut:
        """Add an account. It is told its external id, and once the token by which it sends events."""
        caller, id, token = principal.caller, str(uuid7()), new_token()
        key = await deps.keys.sealing(None)
        keys = None
        if data.access_key_id and data.secret_access_key:
            keys = sealed(key, id, data.access_key_id, data.secret_access_key)
        async with deps.database.transaction(caller) as connection:
            account = await aws_accounts.create(
                connection,
                id=id,
                tenant_id=caller.tenant_id,
                account_id=data.account_id,
                account_name=data.account_name,
                region=data.region,
                external_id=secrets.token_hex(EXTERNAL_ID_BYTES),
                ingest_token_hash=digest_of(token),
                role_arn=data.role_arn or None,
                is_active=data.is_active is not False,
                key_data=keys,
            )
            await _noted(connection, principal, account.id, None, account)
        await reschedule(deps, caller.tenant_id, id)
        return CreatedAccountOut(**asdict(shown(account)), ingest_token=token)

    @get("/{account_id:uuid}", guards=[requires("read:config")])
    async def read(self, account_id: FromPath[UUID], deps: WithDeps, principal: SignedIn) -> AwsAccountOut:
        """One account."""
        async with deps.database.transaction(principal.caller) as connection:
            account = await aws_accounts.get(connection, principal.caller.tenant_id, str(account_id))
        if account is None:
            raise _not_found()
        return shown(account)

    @route(
        "/{account_id:uuid}",
        http_method=[HttpMethod.PUT, HttpMethod.PATCH],
        status_code=200,
        guards=[requires("update:config")],
    )
    async def change(
        self,
        account_id: FromPath[UUID],
        data: JSONBody[ChangeAccountBody],
        deps: WithDeps,
        principal: SignedIn,
    ) -> AwsAccountOut:
        """Change what is given, with PUT as with PATCH."""
        caller, key = principal.caller, await deps.keys.sealing(None)
        async with deps.database.transaction(caller) as connection:
            before = (await _held(connection, principal, account_id)).account
            fields = changes(key, before, data)
            account = before
            if fields:
                changed = await aws_accounts.change(connection, caller.tenant_id, before.id, **fields)
                account = changed or before
                # The masks of two keys may be alike.
                replaced = ["secret_access_key"] if fields.get("sealed_secret") else []
                await _noted(connection, principal, account.id, before, account, replaced)
        await reschedule(deps, caller.tenant_id, account.id)
        return shown(account)

    @delete("/{account_id:uuid}", guards=[requires("update:config")])
    async def remove(self, account_id: FromPath[UUID], deps: WithDeps, principal: SignedIn) -> None:
        """Delete an account, its keys and its token; the events that came from it stay."""
        caller = principal.caller
        async with deps.database.transaction(caller) as connection:
            before = (await _held(connection, principal, account_id)).account
            await aws_accounts.remove(connection, caller.tenant_id, before.id)
            await _noted(connection, principal, before.id, before, None)
        try:
            await deps.gateway.unwatch(account_schedule_id(caller.tenant_id, before.id))
        except WorkflowsUnavailable:
            log.warning("a schedule waits to be deleted", aws_account=before.id)

    @post("/{account_id:uuid}/rotate-ingest-token", status_code=200, guards=[requires("update:config")])
    async def rotate(self, account_id: FromPath[UUID], deps: WithDeps, principal: SignedIn) -> CreatedAccountOut:
        """A new token by which the account sends events, told this once; the one before is refused from now on."""
        caller, token = principal.caller, new_token()
        async with deps.database.transaction(caller) as connection:
            before = (await _held(connection, principal, account_id)).account
            fields: AccountData = {"ingest_token_hash": digest_of(token)}
            account = await aws_accounts.change(connection, caller.tenant_id, before.id, **fields)
            await config_changes.note(
                connection,
                tenant_id=caller.tenant_id,
                changed_by=caller.user_id,
                kind="aws_account",
                subject_id=before.id,
                before={"ingest_token": HIDDEN},
                after={"ingest_token": "another"},
            )
        return CreatedAccountOut(**asdict(shown(account or before)), ingest_token=token)

    @post(
        ["/{account_id:uuid}/test-connection", "/{account_id:uuid}/test"],
        status_code=200,
        guards=[requires("update:config")],
    )
    async def test(self, account_id: FromPath[UUID], deps: WithDeps, principal: SignedIn) -> ConnectionOut:
        """Enter the account now, and say how it went; the answer is 200 either way, within eight seconds."""
        async with deps.database.transaction(principal.caller) as connection:
            held = await _held(connection, principal, account_id)
        result = await tried(deps.aws, deps.keys, held)
        failure = None if result.success else result.message
        async with deps.database.transaction(principal.caller) as connection:
            await aws_accounts.tell(connection, held.account, failure=failure, tested=True)
        return result


async def reschedule(deps: Deps, tenant_id: str, *account_ids: str) -> None:
    """Have accounts looked at as often as is set now; without ids all of the tenant's.

    Many are the worker's to make good. With Temporal away it does so when that is back.
    """
    async with deps.database.transaction(monitor(tenant_id)) as connection:
        accounts = await aws_accounts.active(connection, tenant_id)
        settings = await monitoring.get(connection, tenant_id)
    wanted = {id: active for id, active in accounts.items() if not account_ids or id in account_ids}
    try:
        if len(wanted) > WAITED_FOR:
            await deps.gateway.watch_all()
        else:
            await deps.gateway.watch(*account_schedules.watches(tenant_id, wanted, settings))
    except WorkflowsUnavailable:
        log.warning("schedules wait", aws_accounts=len(wanted))


async def _held(connection: Connection, principal: Principal, account_id: UUID) -> Held:
    held = await aws_accounts.held(connection, principal.caller.tenant_id, str(account_id))
    if held is None:
        raise _not_found()
    return held


async def _noted(
    connection: Connection,
    principal: Principal,
    account_id: str,
    before: AwsAccount | None,
    after: AwsAccount | None,
    replaced: Sequence[str] = (),
) -> None:
    """Write down who changed what, as it is shown: without secrets, but with the names of those replaced."""
    await config_changes.note(
        connection,
        tenant_id=principal.caller.tenant_id,
        changed_by=principal.caller.user_id,
        kind="aws_account",
        subject_id=account_id,
        before=before and msgspec.to_builtins(shown(before)),
        after=after and {**msgspec.to_builtins(shown(after)), "replaced": [*replaced]},
    )


def _not_found() -> ProblemError:
    return ProblemError(404, Code.NOT_FOUND, "There is no such AWS account.")
