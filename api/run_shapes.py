"""The bodies and answers of `/onboarding`."""

from datetime import datetime
from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType

from api.body import Body
from api.paging import Page, page_of
from db.runs import StoredEvent
from onboarding.forms import StateForm
from onboarding.payloads import AbandonedReason, Actor, AgentTurn, Channel, EventKind, Run, Status
from onboarding.people import Locale, TimeZone
from onboarding.progress import Progress, StateInfo, current_state, flow_of, progress

FlowKey = Annotated[str, Meta(min_length=1, max_length=64)]
StepName = int | Annotated[str, Meta(min_length=1, max_length=64)]
OptionalFlow = FlowKey | UnsetType | None
MAX_STEPS = 50


class StartBody(Body, frozen=True, kw_only=True):
    """Start or resume."""

    flow: OptionalFlow = UNSET
    restart: bool | UnsetType | None = UNSET
    timezone: TimeZone | UnsetType | None = UNSET
    locale: Locale | UnsetType | None = UNSET


class FlowBody(Body, frozen=True, kw_only=True):
    """A request that needs no more than the flow."""

    flow: OptionalFlow = UNSET


class StepBody(Body, frozen=True, kw_only=True):
    """An answer to one state, by number or key."""

    step: StepName
    data: dict[str, Any]
    flow: OptionalFlow = UNSET


class OneStep(Body, frozen=True, kw_only=True):
    """One of several answers."""

    step: StepName
    data: dict[str, Any]


class StepsBody(Body, frozen=True, kw_only=True):
    """Several answers in order, all or nothing."""

    steps: Annotated[list[OneStep], Meta(min_length=1, max_length=MAX_STEPS)]
    flow: OptionalFlow = UNSET


class SkipBody(Body, frozen=True, kw_only=True):
    """An optional state to leave out."""

    step: StepName
    flow: OptionalFlow = UNSET


class RunOut(Struct, frozen=True, kw_only=True):
    """A run. `current_step` is None when no state is open; `prefill` are answers offered for reuse."""

    id: str
    user_id: str
    flow: str
    flow_version: int
    status: Status
    abandoned_reason: AbandonedReason | None
    current_step: int | None
    step_data: dict[str, dict[str, Any]]
    skipped_steps: list[int]
    prefilled: bool
    prefill: dict[str, dict[str, Any]]
    agent_history: list[AgentTurn]
    timezone: str
    locale: str
    created_at: datetime
    last_activity_at: datetime
    completed_at: datetime | None
    expires_at: datetime
    version: int


class StepOut(Struct, frozen=True, kw_only=True):
    """Where the run stands after an answer. `projected` is False when reads will see it a moment later."""

    current_step: int | None
    next_state: int | None
    next_state_info: StateInfo | None
    is_complete: bool
    message: str
    progress: Progress
    projected: bool


class EventOut(Struct, frozen=True, kw_only=True):
    """One thing that happened to a run. The start of a fork names the run that it comes from."""

    id: str
    version: int
    kind: EventKind
    state: int | None
    actor: Actor
    channel: Channel
    created_at: datetime
    forked_from: str | None


class EventPage(Page[EventOut], frozen=True, kw_only=True):
    """A page of a run's history."""


def event_page(found: list[StoredEvent], limit: int, total: int | UnsetType = UNSET) -> EventPage:
    """A page of a history from `limit + 1` events, newest first."""
    page = page_of(found, limit, lambda event: event.seq)
    names = EventOut.__struct_fields__
    items = [EventOut(**{name: getattr(event, name) for name in names}) for event in page.items]
    return EventPage(items=items, next_cursor=page.next_cursor, total=total)


class StatesOut(Struct, frozen=True, kw_only=True):
    """The states of a flow: all that a client needs which knows none of them."""

    flow: str
    flow_version: int
    title: str
    items: list[StateForm]


def run_out(run: Run) -> RunOut:
    """The run as the API shows it."""
    flow = flow_of(run)
    current = current_state(run, flow)
    return RunOut(
        id=run.id,
        user_id=run.user_id,
        flow=run.flow,
        flow_version=run.flow_version,
        status=run.status,
        abandoned_reason=run.abandoned_reason,
        current_step=current.number if current else None,
        step_data=run.answers,
        skipped_steps=[state.number for state in flow.states if state.key in run.skipped],
        prefilled=bool(run.prefill),
        prefill=run.prefill,
        agent_history=list(run.agent_history),
        timezone=run.timezone,
        locale=run.locale,
        created_at=run.created_at,
        last_activity_at=run.last_activity_at,
        completed_at=run.completed_at,
        expires_at=run.expires_at,
        version=run.version,
    )


def step_out(run: Run, projected: bool, message: str) -> StepOut:
    """What an answer is answered with."""
    where = progress(run)
    following = where.next_state_info
    return StepOut(
        current_step=where.current_state,
        next_state=following.state_number if following else None,
        next_state_info=following,
        is_complete=where.is_complete,
        message=message,
        progress=where,
        projected=projected,
    )
