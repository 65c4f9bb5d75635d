"""The dashboard: `/dashboard`. Every answer is counted in SQL, and kept for some seconds."""

import asyncio
from datetime import UTC, datetime
from typing import Any

from litestar import Controller, Request, get

from api.dashboard_shapes import (
    EventsStats,
    OnboardingStats,
    Overview,
    TasksStats,
    UsersStats,
    events_stats,
    onboarding_stats,
    tasks_stats,
    users_stats,
)
from api.deps import Deps, Principal, SignedIn, WithDeps
from api.filters import Moment
from api.guards import onboarding_completed, requires
from api.periods import Named, Period, period_of
from db import dashboard, funnel
from onboarding.windows import Window, unit_of


class DashboardController(Controller):
    """What staff look at first. To role `user` it opens with their completed onboarding."""

    path = "/dashboard"
    tags = ("dashboard",)
    guards = (onboarding_completed,)

    @get("/overview", guards=[requires("read:events")], opt={"reads": period_of})
    async def overview(
        self,
        deps: WithDeps,
        principal: SignedIn,
        request: Request[Any, Any, Any],
        time_period: Named = None,  # noqa: ARG002 - these three are read by `period_of`
        start_date: Moment = None,  # noqa: ARG002
        end_date: Moment = None,  # noqa: ARG002
    ) -> Overview:
        """Events, tasks, users and onboarding; null what the role may not see. Without a period, all there is."""
        period, allowed = period_of(request), principal.permissions
        found = await asyncio.gather(
            _events(deps, principal, period),
            _tasks(deps, principal, period),
            _users(deps, principal) if "read:users" in allowed else _nothing(),
            _onboarding(deps, principal, period) if "read:runs" in allowed else _nothing(),
        )
        return Overview(events=found[0], tasks=found[1], users=found[2], onboarding=found[3])

    @get("/events-stats", guards=[requires("read:events")], opt={"reads": period_of})
    async def events(
        self,
        deps: WithDeps,
        principal: SignedIn,
        request: Request[Any, Any, Any],
        time_period: Named = None,  # noqa: ARG002
        start_date: Moment = None,  # noqa: ARG002
        end_date: Moment = None,  # noqa: ARG002
    ) -> EventsStats:
        """Events by severity, source, account and time, and the latest ones; by when they came."""
        return await _events(deps, principal, period_of(request))

    @get("/tasks-stats", guards=[requires("read:own_tasks")], opt={"reads": period_of})
    async def tasks(
        self,
        deps: WithDeps,
        principal: SignedIn,
        request: Request[Any, Any, Any],
        time_period: Named = None,  # noqa: ARG002
        start_date: Moment = None,  # noqa: ARG002
        end_date: Moment = None,  # noqa: ARG002
    ) -> TasksStats:
        """Tasks by status and priority, by when they were made; users count those assigned to them."""
        return await _tasks(deps, principal, period_of(request))

    @get("/users-stats", guards=[requires("read:users")])
    async def users(self, deps: WithDeps, principal: SignedIn) -> UsersStats:
        """The accounts that there are now."""
        return await _users(deps, principal)

    @get("/onboarding-stats", guards=[requires("read:runs")], opt={"reads": period_of})
    async def onboarding(
        self,
        deps: WithDeps,
        principal: SignedIn,
        request: Request[Any, Any, Any],
        time_period: Named = None,  # noqa: ARG002
        start_date: Moment = None,  # noqa: ARG002
        end_date: Moment = None,  # noqa: ARG002
    ) -> OnboardingStats:
        """Runs by status and state, by when they began; what models cost."""
        return await _onboarding(deps, principal, period_of(request))


async def _events(deps: Deps, principal: Principal, period: Period) -> EventsStats:
    """The same for everybody of the tenant."""
    caller, tenant_id = principal.owner, principal.caller.tenant_id

    async def count() -> EventsStats:
        now = datetime.now(UTC)
        window = period.window(now)
        async with deps.database.transaction(caller) as connection:
            since = window.since or await dashboard.first_event(connection, tenant_id) or window.until or now
            until = window.until or now
            unit = unit_of(since, until)
            sums = await dashboard.events(connection, tenant_id, Window(since=since, until=window.until), unit)
            recent = await dashboard.recent_events(connection, tenant_id, window)
        return events_stats(sums, recent, since, until, unit, period.shown(window))

    return await deps.counted.get(("events", tenant_id, period), count)


async def _tasks(deps: Deps, principal: Principal, period: Period) -> TasksStats:
    """To everybody their own."""
    caller, own_only = principal.owner, "read:all_tasks" not in principal.permissions

    async def count() -> TasksStats:
        now = datetime.now(UTC)
        window = period.window(now)
        async with deps.database.transaction(caller) as connection:
            counts = await dashboard.tasks(
                connection, caller.tenant_id, caller.user_id, window, now, own_only=own_only
            )
        return tasks_stats(counts, period.shown(window))

    return await deps.counted.get(("tasks", caller, period), count)


async def _users(deps: Deps, principal: Principal) -> UsersStats:
    """The same for all staff."""
    caller = principal.owner

    async def count() -> UsersStats:
        async with deps.database.transaction(caller) as connection:
            return users_stats(await dashboard.people(connection, caller.tenant_id))

    return await deps.counted.get(("users", caller.tenant_id), count)


async def _onboarding(deps: Deps, principal: Principal, period: Period) -> OnboardingStats:
    """The same for all staff."""
    caller, tenant_id = principal.owner, principal.caller.tenant_id

    async def count() -> OnboardingStats:
        window = period.window(datetime.now(UTC))
        async with deps.database.transaction(caller) as connection:
            totals = await funnel.totals(connection, tenant_id, window)
            median = await funnel.median_seconds(connection, tenant_id, window)
            cost = await dashboard.ai_cost(connection, tenant_id, window)
        return onboarding_stats(totals, median, cost, period.shown(window))

    return await deps.counted.get(("onboarding", tenant_id, period), count)


async def _nothing() -> None:
    """For who may not see it."""
