"""What staff see of runs: where each stands, and never what somebody answered."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct
from msgspec.structs import replace

from api.body import Body
from api.paging import Page
from api.run_shapes import EventPage, StepName
from db.admin_runs import ListedRun
from db.users import User
from onboarding.errors import UnknownFlow
from onboarding.flow import Flow
from onboarding.flows import FLOWS
from onboarding.payloads import AbandonedReason, AgentTurn, FieldError, Reminders, Run, StateView, Status
from onboarding.progress import Requirements, progress, view


class ForkBody(Body, frozen=True, kw_only=True):
    """The state, by number or key, at which the new run begins."""

    from_state: StepName


class PersonOut(Struct, frozen=True, kw_only=True):
    """Whose run it is. Of an issuer who gave none, `email` is empty."""

    id: str
    name: str | None
    email: str


class AdminRunOut(Struct, frozen=True, kw_only=True):
    """A run among others. `current_step` is None when no state is open; `staff` answers in the agent's place."""

    id: str
    user: PersonOut
    flow: str
    flow_version: int
    status: Status
    abandoned_reason: AbandonedReason | None
    current_step: int | None
    current_step_name: str | None
    total_states: int
    completion_percentage: Annotated[int, Meta(ge=0, le=100)]
    needs_review: int
    version: int
    staff: str | None
    forked_from: str | None
    created_at: datetime
    last_activity_at: datetime
    expires_at: datetime
    completed_at: datetime | None


class AdminRunPage(Page[AdminRunOut], frozen=True, kw_only=True):
    """A page of a tenant's runs."""


class ReminderView(Struct, frozen=True, kw_only=True):
    """What went out to the person since their last answer, what is next, and what they want."""

    sent: int
    muted: bool
    snoozed_until: datetime | None
    nudged_at: datetime | None
    next_at: datetime | None


class AdminRunDetailOut(AdminRunOut, frozen=True, kw_only=True):
    """A run as a whole, with the first page of its history, and where it is in the Temporal UI.

    Of `requirements` the errors name fields and codes; what people answered is not shown.
    """

    archived: bool
    timezone: str
    locale: str
    states: list[StateView]
    can_complete: bool
    requirements: Requirements
    agent_history: list[AgentTurn]
    reminders: ReminderView
    history: EventPage
    workflow_id: str
    temporal_ui_url: str


def of_row(row: ListedRun) -> AdminRunOut:
    """A run of a list."""
    return AdminRunOut(
        id=row.id,
        user=PersonOut(id=row.user_id, name=row.full_name, email=row.email or ""),
        flow=row.flow,
        flow_version=row.flow_version,
        status=row.status,
        abandoned_reason=row.abandoned_reason,
        current_step=row.current_step or None,
        current_step_name=_title(row.flow, row.flow_version, row.current_step),
        total_states=row.total_states,
        completion_percentage=100 * row.done // row.total_states,
        needs_review=row.needs_review,
        version=row.version,
        staff=row.staff,
        forked_from=row.forked_from,
        created_at=row.created_at,
        last_activity_at=row.last_activity_at,
        expires_at=row.expires_at,
        completed_at=row.completed_at,
    )


def of_run(run: Run, user: User) -> AdminRunOut:
    """A run as it is after something was done to it."""
    where = progress(run)
    return AdminRunOut(
        id=run.id,
        user=PersonOut(id=user.id, name=user.full_name, email=user.email or ""),
        flow=run.flow,
        flow_version=run.flow_version,
        status=run.status,
        abandoned_reason=run.abandoned_reason,
        current_step=where.current_state,
        current_step_name=where.current_state_info.name if where.current_state_info else None,
        total_states=where.total_states,
        completion_percentage=where.completion_percentage,
        needs_review=len(run.needs_review),
        version=run.version,
        staff=run.staff,
        forked_from=run.forked_from,
        created_at=run.created_at,
        last_activity_at=run.last_activity_at,
        expires_at=run.expires_at,
        completed_at=run.completed_at,
    )


def requirements_of(run: Run) -> Requirements:
    """What is due and what needs review; the words of an error may tell of an answer, so they stay away."""
    found = progress(run).requirements
    return replace(found, errors=[_without_words(error) for error in found.errors])


def reminders_of(run: Run) -> ReminderView:
    """What the run remembers of its reminders."""
    known: Reminders = run.reminders
    return ReminderView(
        sent=known.sent,
        muted=known.muted,
        snoozed_until=known.snoozed_until,
        nudged_at=known.nudged_at,
        next_at=view(run).next_reminder_at,
    )


def _without_words(error: FieldError) -> FieldError:
    return replace(error, detail="does not fit an earlier answer")


def _title(flow: str, version: int, step: int) -> str | None:
    try:
        known: Flow = FLOWS.get(flow, version)
    except UnknownFlow:
        return None  # A list shows runs of flows that are no longer known, too.
    state = known.find(step)
    return state.title if state else None
