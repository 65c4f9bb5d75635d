"""Who changed what of the configuration: `/config/changes`."""

from datetime import datetime
from typing import Any, Literal

from litestar import Controller, get
from msgspec import UNSET, Struct
from msgspec.structs import asdict

from api.deps import SignedIn, WithDeps
from api.guards import requires
from api.paging import DEFAULT_LIMIT, Cursor, Limit, Page, WithTotal, page_of, read_id_cursor
from db import config_changes


class ConfigChangeOut(Struct, frozen=True, kw_only=True):
    """A change: what there was before it and after it, secrets masked.

    `before` is null where something was made, `after` where it was deleted. `subject_id` is the account, null for
    the monitoring. `changed_by` is null once they are erased.
    """

    id: str
    kind: Literal["monitoring", "aws_account"]
    subject_id: str | None
    changed_by: str | None
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    created_at: datetime


class ConfigChangePage(Page[ConfigChangeOut], frozen=True, kw_only=True):
    """A page of a tenant's changes."""


class ConfigChangesController(Controller):
    """The record of changes; nobody edits it."""

    path = "/config/changes"
    tags = ("configuration",)

    @get("/", guards=[requires("read:config")])
    async def read(
        self,
        deps: WithDeps,
        principal: SignedIn,
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
        with_total: WithTotal = False,
    ) -> ConfigChangePage:
        """Every change of the monitoring and of AWS accounts, newest first."""
        before, tenant_id = read_id_cursor(cursor), principal.caller.tenant_id
        async with deps.database.transaction(principal.caller) as connection:
            found = await config_changes.listed(connection, tenant_id, before=before, limit=limit + 1)
            total = await config_changes.count(connection, tenant_id) if with_total else UNSET
        page = page_of(found, limit, lambda change: change.id)
        items = [ConfigChangeOut(**asdict(change)) for change in page.items]
        return ConfigChangePage(items=items, next_cursor=page.next_cursor, total=total)
