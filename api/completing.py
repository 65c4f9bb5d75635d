"""Completing a run, and telling what stands in the way."""

from api.commands import Outcome, current_run, send
from api.deps import Deps, Principal
from api.errors import of_refusal, unavailable
from api.gateway import RefusedByRun
from api.problems import Code, ProblemError
from onboarding.errors import Incomplete
from onboarding.payloads import Complete, Run
from onboarding.progress import flow_of, requirements


async def complete_run(deps: Deps, principal: Principal, flow: str | None, command: Complete) -> Run:
    """Finish a run; a repeat finds it completed.

    Raises:
        ProblemError: 400 with what is missing; 503 while what is completed is not written yet.
    """
    try:
        outcome = await send(deps, principal, flow, command)
    except (Incomplete, RefusedByRun) as refused:
        raise await _with_requirements(deps, principal, flow, refused) from refused
    return _written(outcome)


def _written(outcome: Outcome) -> Run:
    """The run, once what follows from it can be read.

    Raises:
        ProblemError: 503; it is being written.
    """
    if not outcome.projected:
        raise being_written()
    return outcome.run


def being_written() -> ProblemError:
    """503 for a run that is completed, but not where reads look."""
    return unavailable(Code.DATABASE_UNAVAILABLE, "The run is complete; its profile is being written.")


async def _with_requirements(
    deps: Deps, principal: Principal, flow: str | None, refused: Incomplete | RefusedByRun
) -> ProblemError:
    problem = of_refusal(refused.refusal)
    if problem.code is Code.ONBOARDING_INCOMPLETE:
        run = await current_run(deps, principal, flow)
        problem.extra["requirements"] = requirements(run, flow_of(run))
    return problem
