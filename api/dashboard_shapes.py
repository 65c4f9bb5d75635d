"""What the dashboard answers."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal

from msgspec import Struct

from api.periods import PeriodOut
from db.dashboard import People, Recent, Sum, TaskCounts
from db.funnel import Total
from onboarding.access import Role
from onboarding.ai_money import dollars
from onboarding.errors import UnknownFlow
from onboarding.flow import State
from onboarding.flows import FLOWS
from onboarding.monitoring import Severity
from onboarding.payloads import Status
from onboarding.windows import Unit, timeline

SEVERITIES: tuple[Severity, ...] = ("critical", "high", "medium", "low", "unknown")
TaskStatus = Literal["open", "in_progress", "closed"]
TaskPriority = Literal["critical", "high", "medium", "low"]


class TimelineItem(Struct, frozen=True, kw_only=True):
    """The events that came in the hour, day or month (UTC) that begins then, as far as it lies in the period."""

    at: datetime
    total: int
    by_severity: dict[Severity, int]


class EventsStats(Struct, frozen=True, kw_only=True):
    """Events that are not deleted, by when they came.

    The hundred most frequent sources and accounts have their own number, the rest is in `other_sources` and
    `other_accounts`. `without_account` are those of no AWS account, such as Gangway's own.
    """

    total: int
    by_severity: dict[Severity, int]
    by_source: dict[str, int]
    other_sources: int
    by_account: dict[str, int]
    other_accounts: int
    without_account: int
    recent_events: list[Recent]
    timeline: list[TimelineItem]
    timeline_unit: Unit
    period: PeriodOut
    generated_at: datetime


class TasksStats(Struct, frozen=True, kw_only=True):
    """Tasks by when they were made; to role `user`, those assigned to them.

    `my_tasks` are assigned to whoever asks; `overdue` are past their due date and not closed; `completion_rate`, 0
    to 1, is closed ones of all.
    """

    total: int
    by_status: dict[TaskStatus, int]
    by_priority: dict[TaskPriority, int]
    my_tasks: int
    overdue: int
    completion_rate: float
    period: PeriodOut
    generated_at: datetime


class UsersStats(Struct, frozen=True, kw_only=True):
    """The accounts that there are now; those that are not active count in `total` and `by_role`."""

    total: int
    active: int
    by_role: dict[Role, int]
    generated_at: datetime


class FunnelStep(Struct, frozen=True, kw_only=True):
    """How many runs came to a state, and what became of it. `key` is null for a flow that is no longer there."""

    flow: str
    flow_version: int
    state: int
    key: str | None
    entered: int
    completed: int
    skipped: int
    abandoned: int


class OnboardingStats(Struct, frozen=True, kw_only=True):
    """Runs by when they began, those in the archive too.

    `median_minutes` from start to completion; `completion_rate` is 0 to 1: completed ones of all; `ai_cost` is in
    US dollars, of the calls of models that were made in the period.
    """

    by_status: dict[Status, int]
    funnel: list[FunnelStep]
    median_minutes: float | None
    completion_rate: float
    ai_cost: float
    period: PeriodOut
    generated_at: datetime


class Overview(Struct, frozen=True, kw_only=True):
    """Everything at once. `users` and `onboarding` are null for who may not see them."""

    events: EventsStats
    tasks: TasksStats
    users: UsersStats | None
    onboarding: OnboardingStats | None


def events_stats(
    sums: Sequence[Sum], recent: list[Recent], since: datetime, until: datetime, unit: Unit, period: PeriodOut
) -> EventsStats:
    """From sums over time, sources and accounts; a time without events has a zero of its own."""
    times = {each.at: each for each in sums if each.at}
    # A clock may be a little behind the database's.
    until = max([until, *(at + timedelta.resolution for at in times)])
    items = [_item(at, times.get(at)) for at in timeline(since, until, unit)]
    total = sum(each.total for each in items)
    sources = {each.source: each.total for each in sums if each.source is not None}
    accounts = {each.account: each.total for each in sums if each.account is not None}
    without = accounts.pop("", 0)
    return EventsStats(
        total=total,
        by_severity={name: sum(each.by_severity[name] for each in items) for name in SEVERITIES},
        by_source=sources,
        other_sources=total - sum(sources.values()),
        by_account=accounts,
        other_accounts=total - sum(accounts.values()) - without,
        without_account=without,
        recent_events=recent,
        timeline=items,
        timeline_unit=unit,
        period=period,
        generated_at=datetime.now(UTC),
    )


def _item(at: datetime, found: Sum | None) -> TimelineItem:
    by_severity = found.by_severity if found else dict.fromkeys(SEVERITIES, 0)
    return TimelineItem(at=at, total=sum(by_severity.values()), by_severity=by_severity)


def tasks_stats(counts: TaskCounts, period: PeriodOut) -> TasksStats:
    """From counts."""
    return TasksStats(
        total=counts.total,
        by_status={"open": counts.open, "in_progress": counts.in_progress, "closed": counts.closed},
        by_priority={
            "critical": counts.critical,
            "high": counts.high,
            "medium": counts.medium,
            "low": counts.low,
        },
        my_tasks=counts.mine,
        overdue=counts.overdue,
        completion_rate=rate(counts.closed, counts.total),
        period=period,
        generated_at=datetime.now(UTC),
    )


def users_stats(found: Sequence[People]) -> UsersStats:
    """From counts by role."""
    return UsersStats(
        total=sum(each.count for each in found),
        active=sum(each.count for each in found if each.is_active),
        by_role={role: sum(each.count for each in found if each.role is role) for role in Role},
        generated_at=datetime.now(UTC),
    )


def onboarding_stats(
    totals: Sequence[Total], median_seconds: float | None, cost_micros: int, period: PeriodOut
) -> OnboardingStats:
    """From what became of states; state 0 is the run itself."""
    runs = [each for each in totals if each.state == 0]
    began, completed, abandoned = (
        sum(getattr(each, name) for each in runs) for name in ("entered", "completed", "abandoned")
    )
    return OnboardingStats(
        by_status={
            Status.IN_PROGRESS: began - completed - abandoned,
            Status.COMPLETED: completed,
            Status.ABANDONED: abandoned,
        },
        funnel=_funnel(totals),
        median_minutes=None if median_seconds is None else round(median_seconds / 60, 2),
        completion_rate=rate(completed, began),
        ai_cost=dollars(cost_micros),
        period=period,
        generated_at=datetime.now(UTC),
    )


def _funnel(totals: Sequence[Total]) -> list[FunnelStep]:
    """Each state of each flow that runs began in, also when none came to it."""
    found = {(each.flow, each.flow_version, each.state): each for each in totals}
    names = ("entered", "completed", "skipped", "abandoned")
    return [
        FunnelStep(
            flow=flow,
            flow_version=version,
            state=number,
            key=state.key if state else None,
            **{name: getattr(found.get((flow, version, number)), name, 0) for name in names},
        )
        for flow, version in dict.fromkeys((each.flow, each.flow_version) for each in totals)
        for number, state in states_of(flow, version, [each[2] for each in found if each[:2] == (flow, version)])
    ]


def states_of(flow: str, version: int, met: Sequence[int]) -> list[tuple[int, State | None]]:
    """The states of a flow by number; of one that is no longer there, those that were met."""
    try:
        return [(state.number, state) for state in FLOWS.get(flow, version).states]
    except UnknownFlow:
        return [(number, None) for number in sorted(set(met) - {0})]


def rate(part: int, whole: int) -> float:
    """0 to 1; 0 of nothing.

    >>> rate(1, 3), rate(0, 0)
    (0.3333, 0.0)
    """
    return round(part / whole, 4) if whole else 0.0
