"""Runs as staff look for them: `/admin/runs`. What they do to one is in `api/staff.py`."""

import re
from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

import msgspec
import structlog
from litestar import Controller, Request, get
from litestar.params import FromPath, QueryParameter
from msgspec import UNSET
from msgspec.structs import asdict

from api.admin_run_shapes import (
    AdminRunDetailOut,
    AdminRunPage,
    of_row,
    of_run,
    reminders_of,
    requirements_of,
)
from api.deps import Principal, SignedIn, WithDeps
from api.filters import many, one
from api.guards import requires
from api.paging import (
    DEFAULT_LIMIT,
    Cursor,
    Limit,
    WithTotal,
    page_of,
    place_of,
    read_cursor,
    read_place_cursor,
)
from api.parameters import UUID_PATTERN, FlowQuery, together
from api.problems import Code, ProblemError
from api.run_shapes import EventPage, event_page
from db import admin_runs, runs, users
from db.pool import Connection
from onboarding.errors import RunNotFound
from onboarding.payloads import FieldError, Run, Status
from onboarding.progress import progress, view
from runtime.addresses import RunAddress, temporal_ui_page, workflow_id

log = structlog.get_logger()

SHORTEST, LONGEST = timedelta(minutes=1), timedelta(days=365)
LONGEST_TEXT = 20
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}

Statuses = Annotated[
    list[str] | None,
    QueryParameter(name="status", description="in_progress, completed, abandoned: one or several."),
]
AtState = Annotated[
    int | None,
    QueryParameter(
        name="state",
        ge=1,
        le=1000,
        description="Runs that stand at this state; open ones, unless `status` says more.",
    ),
]
StuckFor = Annotated[
    str | None,
    QueryParameter(
        max_length=LONGEST_TEXT, description="Open runs without an answer for so long: 90m, 24h, 3d or PT24H."
    ),
]
SomeId = Annotated[str | None, QueryParameter(pattern=UUID_PATTERN)]


def _filter(request: Request[Any, Any, Any]) -> tuple[Any, ...]:
    """What of a query the framework does not read.

    Raises:
        ProblemError: 400 with all that is wrong in it.
    """
    stuck_for = one(request, "stuck_for")
    return together(lambda: many(request, "status", Status), lambda: _duration("stuck_for", stuck_for))


class AdminRunsController(Controller):
    """The runs of a tenant."""

    path = "/admin/runs"
    tags = ("staff",)
    guards = (requires("read:runs"),)

    @get("/", opt={"reads": _filter})
    async def listed(
        self,
        deps: WithDeps,
        principal: SignedIn,
        request: Request[Any, Any, Any],
        status: Statuses = None,  # noqa: ARG002 - for the document: `many` reads it
        flow: FlowQuery = None,
        at_state: AtState = None,
        stuck_for: StuckFor = None,  # noqa: ARG002 - for the document: `_filter` reads it
        user_id: SomeId = None,
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
        with_total: WithTotal = False,
    ) -> AdminRunPage:
        """The tenant's runs that are not archived, newest first."""
        (statuses, silent_for), before = together(lambda: _filter(request), lambda: read_place_cursor(cursor))
        which = admin_runs.Filter(
            statuses=statuses, flow=flow, state=at_state, silent_for=silent_for, user_id=user_id
        )
        tenant_id = principal.caller.tenant_id
        async with deps.database.transaction(principal.caller) as connection:
            found = await admin_runs.listed(connection, tenant_id, which, before=before, limit=limit + 1)
            total = await admin_runs.count(connection, tenant_id, which) if with_total else UNSET
        page = page_of(found, limit, lambda run: place_of(run.created_at, run.id))
        return AdminRunPage(items=[of_row(run) for run in page.items], next_cursor=page.next_cursor, total=total)

    @get("/{run_id:uuid}")
    async def read(self, run_id: FromPath[UUID], deps: WithDeps, principal: SignedIn) -> AdminRunDetailOut:
        """One run, also an archived one: where it stands, what is missing, what happened, its Temporal page."""
        async with deps.database.transaction(principal.caller) as connection:
            run, archived = await found(connection, str(run_id))
            user = await whose(connection, run)
            events = await runs.events(connection, run.id, limit=DEFAULT_LIMIT + 1)
        _note_access(principal, run)
        shown = view(run)
        address = workflow_id(RunAddress(run.tenant_id, run.user_id, run.flow))
        return AdminRunDetailOut(
            **asdict(of_run(run, user)),
            archived=archived,
            timezone=run.timezone,
            locale=run.locale,
            states=list(shown.states),
            can_complete=progress(run).can_complete,
            requirements=requirements_of(run),
            agent_history=list(run.agent_history),
            reminders=reminders_of(run),
            history=event_page(events, DEFAULT_LIMIT),
            workflow_id=address,
            temporal_ui_url=temporal_ui_page(deps.settings, address),
        )

    @get("/{run_id:uuid}/history")
    async def history(
        self,
        run_id: FromPath[UUID],
        deps: WithDeps,
        principal: SignedIn,
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
        with_total: WithTotal = False,
    ) -> EventPage:
        """What happened to a run, newest first."""
        before = read_cursor(cursor)
        async with deps.database.transaction(principal.caller) as connection:
            run, _ = await found(connection, str(run_id))
            events = await runs.events(connection, run.id, before=before, limit=limit + 1)
        _note_access(principal, run)
        return event_page(events, limit, run.seq if with_total else UNSET)


async def found(connection: Connection, run_id: str) -> tuple[Run, bool]:
    """A run of the tenant, and whether it has been archived.

    Raises:
        RunNotFound: there is none.
    """
    one = await runs.anywhere(connection, run_id)
    if one is None:
        raise RunNotFound
    return one


async def whose(connection: Connection, run: Run) -> users.User:
    """The person whose run it is.

    Raises:
        RunNotFound: they were erased at this moment, and their runs with them.
    """
    user = await users.by_id(connection, run.user_id)
    if user is None:
        raise RunNotFound
    return user


def _note_access(principal: Principal, run: Run) -> None:
    log.info("run read by staff", run_id=run.id, user_id=run.user_id, staff_id=principal.caller.user_id)


def _duration(name: str, text: str | None) -> timedelta | None:
    if text is None or len(text) > LONGEST_TEXT:
        return None  # One that is too long the framework refuses.
    try:
        found = _read_duration(text)
    except (msgspec.ValidationError, OverflowError):
        raise _wrong(name, "bad_format", "must be a time such as 90m, 24h, 3d or PT24H") from None
    if not SHORTEST <= found <= LONGEST:
        raise _wrong(name, "out_of_range", "must be at least one minute, and at most 365 days")
    return found


def _read_duration(text: str) -> timedelta:
    if short := re.fullmatch(r"([0-9]{1,9})([smhd])", text):
        return timedelta(**{_UNITS[short[2]]: int(short[1])})
    return msgspec.convert(text, timedelta)


def _wrong(name: str, code: str, detail: str) -> ProblemError:
    error = FieldError(field=name, code=code, detail=detail)
    return ProblemError(400, Code.VALIDATION_ERROR, "The request is not valid.", errors=(error,))
