"""The features behind a completed fitness onboarding: workouts and meals."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from litestar import Controller, get

from api.deps import Deps, Principal, SignedIn, WithDeps
from api.guards import onboarding_completed
from api.problems import Code, ProblemError
from db import profiles
from onboarding.schedule import MealsView, WorkoutsView, meals_view, workouts_view

FLOW = "fitness"


class ScheduleController(Controller):
    """Plan and schedule from the profile, with the next week in the person's time zone."""

    path = "/"
    tags = ("schedule",)
    guards = (onboarding_completed,)

    @get("/workouts")
    async def workouts(self, deps: WithDeps, principal: SignedIn) -> WorkoutsView:
        """The workouts of the next seven days."""
        answers = await _answers(deps, principal)
        return workouts_view(answers, principal.timezone, datetime.now(UTC))

    @get("/meals")
    async def meals(self, deps: WithDeps, principal: SignedIn) -> MealsView:
        """The meals of the next seven days."""
        answers = await _answers(deps, principal)
        return meals_view(answers, principal.timezone, datetime.now(UTC))


async def _answers(deps: Deps, principal: Principal) -> Mapping[str, Mapping[str, Any]]:
    async with deps.database.transaction(principal.caller) as connection:
        profile = await profiles.get(connection, principal.caller.user_id, FLOW)
    if profile is None:
        raise ProblemError(404, Code.PROFILE_NOT_FOUND, "There is no profile yet.")
    return profile.answers
