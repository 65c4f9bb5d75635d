"""`GET /events/export`: as many events as there are, page by page, in a form that other programs read."""

import csv
import io
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from weakref import WeakSet

import msgspec
from litestar import Controller, Request, get
from litestar.openapi import ResponseSpec
from litestar.params import QueryParameter
from litestar.response import Stream
from msgspec.structs import replace

from api.deps import Deps, Principal, SignedIn, WithDeps
from api.event_shapes import Account, EventOut, Name, Search, Severities, Sort, filter_of, shown
from api.filters import Moment
from api.guards import requires
from api.problems import Code, ProblemError
from db import event_lists, monitoring
from db.event_lists import Filter, Order, Spot, spot_of

PAGE, FIRST_PAGE = 1000, 100
AT_ONCE = 4
"""Exports of one tenant that a process sends."""

_COLUMNS = (
    *(
        "id",
        "published_at",
        "created_at",
        "severity",
        "severity_level",
        "source",
        "detail_type",
        "account",
        "region",
    ),
    *("resources", "run_id", "acknowledged_at", "acknowledged_by", "notes", "detail"),
)
Format = Annotated[Literal["csv", "json"], QueryParameter(description="A table with a header, or a JSON list.")]


class Turn:
    """One of the exports of a tenant. It counts until it has ended, or nobody holds it any more."""

    def __init__(self, tenant_id: str) -> None:
        """Nothing is counted yet."""
        self.tenant_id = tenant_id


_turns = WeakSet[Turn]()


class EventExportController(Controller):
    """Events for other programs."""

    path = "/events"
    tags = ("events",)

    @get(
        "/export",
        guards=[requires("read:events")],
        opt={"reads": filter_of, "also": "text/csv"},
        responses={200: ResponseSpec(list[EventOut], description="The events.", generate_examples=False)},
    )
    async def export(
        self,
        deps: WithDeps,
        principal: SignedIn,
        request: Request[Any, Any, Any],
        format: Format = "json",
        account: Account = None,  # noqa: ARG002 - these eight are read by `filter_of`
        region: Name = None,  # noqa: ARG002
        source: Name = None,  # noqa: ARG002
        detail_type: Name = None,  # noqa: ARG002
        severity: Severities = None,  # noqa: ARG002
        search: Search = None,  # noqa: ARG002
        start_date: Moment = None,  # noqa: ARG002
        end_date: Moment = None,  # noqa: ARG002
        sort: Sort = "-created_at",
    ) -> Stream:
        """All events that a list with these filters has. Cells that a spreadsheet would run begin with '."""
        which, now = filter_of(request), datetime.now(UTC)
        # So that it ends, however fast new ones arrive.
        which = replace(which, until=min(which.until or now, now))
        turn, pages = _turn(principal.caller.tenant_id), _pages(deps, principal, which, sort)
        try:
            # Before anything is said: what goes wrong here is still a proper answer.
            first = await anext(pages)
        # Cancelled too: what never began takes nobody's turn.
        except BaseException:
            _turns.discard(turn)
            raise
        texts = _csv(first, pages) if format == "csv" else _json(first, pages)
        media_type = "text/csv; header=present" if format == "csv" else "application/json"
        headers = {
            "Content-Disposition": f'attachment; filename="events.{format}"',
            "Cache-Control": "no-store",
        }
        return Stream(_until_sent(turn, texts), media_type=media_type, headers=headers)


async def _pages(deps: Deps, principal: Principal, which: Filter, order: Order) -> AsyncGenerator[list[EventOut]]:
    """The events in pages, each read in a transaction of its own: who reads slowly holds no connection."""
    tenant_id, after, limit = principal.caller.tenant_id, None, min(PAGE, FIRST_PAGE)
    while True:
        async with deps.database.transaction(principal.caller) as connection:
            days = (await monitoring.get(connection, tenant_id)).global_settings.data_retention_days
            found = await event_lists.listed(connection, tenant_id, which, order, after=after, limit=limit)
        yield [shown(event, days) for event in found.events]
        if not found.more:
            return
        after: Spot | None = spot_of(found.events[-1], order)
        # Large events are not looked for by the thousand, of which a few at a time are read.
        limit = min(PAGE, 2 * len(found.events))


def _turn(tenant_id: str) -> Turn:
    """Count an export.

    Raises:
        ProblemError: 429 when the tenant has as many as it may.
    """
    if sum(turn.tenant_id == tenant_id for turn in _turns) >= AT_ONCE:
        headers = {"Retry-After": "10"}
        raise ProblemError(429, Code.RATE_LIMITED, "Too many exports at once.", headers=headers)
    turn = Turn(tenant_id)
    _turns.add(turn)
    return turn


async def _until_sent(turn: Turn, texts: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    try:
        async for text in texts:
            yield text
    finally:
        _turns.discard(turn)


async def _json(first: list[EventOut], pages: AsyncGenerator[list[EventOut]]) -> AsyncGenerator[bytes]:
    yield b"[" + _joined(first)
    async for page in pages:
        if page:
            yield b",\n" + _joined(page)
    yield b"]\n"


def _joined(page: list[EventOut]) -> bytes:
    return b",\n".join(msgspec.json.encode(event) for event in page)


async def _csv(first: list[EventOut], pages: AsyncGenerator[list[EventOut]]) -> AsyncGenerator[bytes]:
    yield _rows([list(_COLUMNS), *map(_cells, first)])
    async for page in pages:
        yield _rows(map(_cells, page))


def _rows(rows: Any) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer).writerows(rows)
    return buffer.getvalue().encode()


def _cells(event: EventOut) -> list[str]:
    plain = msgspec.to_builtins(event)
    return [_harmless(plain[name]) for name in _COLUMNS]


def _harmless(value: object) -> str:
    """A cell that no spreadsheet takes for a formula.

    >>> _harmless("=1+1"), _harmless(" @SUM(A1)"), _harmless("fine"), _harmless(None)
    ("'=1+1", "' @SUM(A1)", 'fine', '')
    """
    if value is None:
        return ""
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    begins = text.lstrip(" \"'\ufeff\u00a0")[:1]
    return f"'{text}" if begins and begins in "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20" else text
