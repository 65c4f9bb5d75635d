"""CSV imports: `/imports/csv` takes a file, `/imports/{id}` says what its columns are and how far it has come."""

import asyncio
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from typing import Annotated, Any

from litestar import Controller, Request, delete, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct
from uuid_utils.compat import uuid7

from api.body import Body
from api.deps import Deps, MessageId, Principal, SignedIn, WithDeps
from api.import_form import FORM_BYTES, ImportForm, Table, import_form
from api.problems import Code, ProblemError
from db import imports
from db.imports import Import, Status
from onboarding.imports import FIELDS, OPEN_AT_ONCE, Preview, RowError, Unreadable
from onboarding.imports.mapping import wrong_mapping
from onboarding.imports.table import examine
from onboarding.payloads import ImportOrder
from runtime.storage import Object, StorageUnavailable, file_of_import

_IMPORTS = uuid.UUID("b7a1d7a5-33a5-5c0f-8f6e-3f2a2b8f4c11")
"""The name space of ids that follow from a request's key: the same request again is the same import."""

_READERS = ThreadPoolExecutor(max_workers=2, thread_name_prefix="csv")


class ImportBegun(Struct, frozen=True, kw_only=True):
    """What is in a file: its columns, what they seem to be by field, and its first rows."""

    import_id: str
    columns: tuple[str, ...]
    suggested_mapping: dict[str, str]
    sample: tuple[tuple[str, ...], ...]
    rows: int


class ImportOut(ImportBegun, frozen=True, kw_only=True):
    """An import: how many of its rows are items now, how many are not, and why (the first thousand reasons).

    `reason` is why it failed: `expired`, `file_gone`, `unreadable` or `interrupted`.
    """

    status: Status
    reason: str | None
    mapping: dict[str, str] | None
    imported: int
    failed: int
    errors: tuple[RowError, ...]
    error_count: int
    created_at: datetime
    ended_at: datetime | None


class Mapping(Body, frozen=True, kw_only=True):
    """By field, the column that it is in. One of name, gtin, sku and url is needed."""

    mapping: Annotated[
        dict[Annotated[str, Meta(max_length=100)], Annotated[str, Meta(max_length=200)]],
        Meta(min_length=1, max_length=2 * len(FIELDS)),
    ]


class ImportsController(Controller):
    """One's own imports; nobody else sees them."""

    path = "/imports"
    tags = ("capture",)

    @post(
        "/csv",
        status_code=201,
        opt={"uploads": FORM_BYTES, "form": ImportForm},
        request_max_body_size=FORM_BYTES,
    )
    async def upload(
        self, request: Request[Any, Any, Any], deps: WithDeps, principal: SignedIn, message_id: MessageId
    ) -> ImportBegun:
        """Upload a table. Nothing is imported until `confirm` says what its columns are, within a day."""
        import_id = str(uuid.uuid5(_IMPORTS, message_id) if message_id else uuid7())
        async with import_form(request) as table:
            preview = await _examined(table)
            await _begin(deps, principal, import_id, table, preview)
        return ImportBegun(
            import_id=import_id,
            columns=preview.columns,
            suggested_mapping=preview.suggested,
            sample=preview.sample,
            rows=preview.rows,
        )

    @post("/{import_id:uuid}/confirm", status_code=202)
    async def confirm(
        self, import_id: FromPath[uuid.UUID], data: JSONBody[Mapping], deps: WithDeps, principal: SignedIn
    ) -> ImportOut:
        """Say what the columns are, and have the rows imported."""
        found = await _import(deps, principal, str(import_id))
        if errors := wrong_mapping(data.mapping, found.columns):
            raise ProblemError(400, Code.VALIDATION_ERROR, "The request is not valid.", errors=errors)
        async with deps.database.transaction(principal.caller) as connection:
            if not await imports.confirm(connection, found.id, principal.caller.user_id, data.mapping):
                raise _ended()
        await deps.gateway.decide_import(_order(principal, found.id))
        return _shown(await _import(deps, principal, found.id))

    @get("/{import_id:uuid}")
    async def read(self, import_id: FromPath[uuid.UUID], deps: WithDeps, principal: SignedIn) -> ImportOut:
        """How far it has come, and what is wrong with which rows."""
        return _shown(await _import(deps, principal, str(import_id)))

    @delete("/{import_id:uuid}")
    async def cancel(self, import_id: FromPath[uuid.UUID], deps: WithDeps, principal: SignedIn) -> None:
        """End it. Rows that are items already stay, the file goes."""
        found = await _import(deps, principal, str(import_id))
        async with deps.database.transaction(principal.caller) as connection:
            if not await imports.cancel(connection, found.id, principal.caller.user_id):
                raise _ended()
        await deps.gateway.decide_import(_order(principal, found.id))


async def _examined(table: Table) -> Preview:
    """What is in a file, which is read in a thread."""
    try:
        return await asyncio.get_running_loop().run_in_executor(_READERS, examine, table.content)
    except Unreadable as error:
        if any(each.code == "too_many_rows" for each in error.errors):
            raise ProblemError(
                413, Code.PAYLOAD_TOO_LARGE, "The file has too many rows.", errors=error.errors
            ) from None
        detail = "The file cannot be read as a table."
        raise ProblemError(400, Code.CSV_UNREADABLE, detail, errors=error.errors) from None


async def _begin(deps: Deps, principal: Principal, import_id: str, table: Table, preview: Preview) -> None:
    """Have it looked after, keep the file, and only then write it down.

    Whatever ends here leaves no import that is open: the workflow waits for its day, and deletes what it finds.
    """
    caller, order = principal.caller, _order(principal, import_id)
    async with deps.database.transaction(caller) as connection:
        if not await imports.has_room(connection, import_id, caller.user_id):
            raise _too_many()
    await deps.gateway.await_import(order)
    key = file_of_import(caller.tenant_id, caller.user_id, import_id)
    await deps.objects.put(key, table.content)
    async with deps.database.transaction(caller) as connection:
        begun = await imports.begin(
            connection,
            import_id=import_id,
            tenant_id=caller.tenant_id,
            user_id=caller.user_id,
            file_name=table.filename,
            preview=preview,
        )
    if not begun:  # others came in between
        with suppress(StorageUnavailable):
            await deps.objects.delete([Object(key=key, size=0)])
        raise _too_many()


async def _import(deps: Deps, principal: Principal, import_id: str) -> Import:
    async with deps.database.transaction(principal.caller) as connection:
        found = await imports.get(connection, import_id, principal.caller.user_id)
    if found is None:
        raise NotFoundException
    return found


def _order(principal: Principal, import_id: str) -> ImportOrder:
    return ImportOrder(import_id=import_id, tenant_id=principal.caller.tenant_id, user_id=principal.caller.user_id)


def _too_many() -> ProblemError:
    detail = f"There are {OPEN_AT_ONCE} imports open; confirm or delete one first."
    return ProblemError(409, Code.TOO_MANY_IMPORTS, detail)


def _ended() -> ProblemError:
    return ProblemError(409, Code.IMPORT_ENDED, "This import has ended, or was confirmed otherwise.")


def _shown(found: Import) -> ImportOut:
    return ImportOut(
        import_id=found.id,
        columns=found.columns,
        suggested_mapping=found.suggested,
        sample=found.sample,
        rows=found.rows,
        status=found.status,
        reason=found.reason,
        mapping=found.mapping,
        imported=found.imported,
        failed=found.failed,
        errors=found.errors,
        error_count=found.error_count,
        created_at=found.created_at,
        ended_at=found.ended_at,
    )
