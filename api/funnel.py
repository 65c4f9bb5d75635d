"""How far runs come, and where they end: `/admin/funnel`."""

from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import groupby
from typing import Annotated, Any

from litestar import Controller, Request, get
from litestar.params import QueryParameter
from msgspec import Struct

from api.dashboard_shapes import rate, states_of
from api.deps import SignedIn, WithDeps
from api.filters import Moment
from api.guards import requires
from api.parameters import FlowQuery
from api.periods import Named, PeriodOut, period_of
from db import funnel
from db.funnel import Step, Which
from onboarding.payloads import Channel

FlowVersion = Annotated[int | None, QueryParameter(ge=1, le=2**31 - 1, description="A version of a flow.")]
ByChannel = Annotated[Channel | None, QueryParameter(description="What happened by this channel only.")]
_FIGURES = ("entered", "completed", "skipped", "edited", "abandoned", "median_seconds")


class Figures(Struct, frozen=True, kw_only=True):
    """What became of a state.

    `entered`: runs that came to it. `completed`: runs that answered it, by the channel of their first answer.
    `skipped`: runs that left it out. `edited`: how often an answer to it was changed. `abandoned`: runs that ended
    there. `median_seconds`: from when it was entered to its first answer.
    """

    entered: int = 0
    completed: int = 0
    skipped: int = 0
    edited: int = 0
    abandoned: int = 0
    median_seconds: float | None = None


class FunnelStateOut(Figures, frozen=True, kw_only=True):
    """A state, by all channels together and by each. `key` is null for a flow that is no longer there."""

    state: int
    key: str | None
    name: str | None
    channels: dict[Channel, Figures]


class FunnelFlowOut(Struct, frozen=True, kw_only=True):
    """A version of a flow. The times of its runs are from their start to their completion."""

    flow: str
    flow_version: int
    started: int
    completed: int
    abandoned: int
    completion_rate: float
    median_seconds: float | None
    channels: dict[Channel, Figures]
    states: list[FunnelStateOut]


class FunnelOut(Struct, frozen=True, kw_only=True):
    """Every flow that runs began in, by version."""

    items: list[FunnelFlowOut]
    period: PeriodOut
    generated_at: datetime


class FunnelController(Controller):
    """For staff."""

    path = "/admin/funnel"
    tags = ("onboarding",)

    @get("/", guards=[requires("read:runs")], opt={"reads": period_of})
    async def read(
        self,
        deps: WithDeps,
        principal: SignedIn,
        request: Request[Any, Any, Any],
        flow: FlowQuery = None,
        flow_version: FlowVersion = None,
        channel: ByChannel = None,
        time_period: Named = None,  # noqa: ARG002 - these three are read by `period_of`
        start_date: Moment = None,  # noqa: ARG002
        end_date: Moment = None,  # noqa: ARG002
    ) -> FunnelOut:
        """How many runs came to each state and what became of it, of those that began in the period."""
        caller, period = principal.owner, period_of(request)

        async def count() -> FunnelOut:
            window = period.window(datetime.now(UTC))
            which = Which(flow=flow, flow_version=flow_version, channel=channel, window=window)
            async with deps.database.transaction(caller) as connection:
                found = await funnel.steps(connection, caller.tenant_id, which)
            items = [_flow(steps, channel) for steps in _by_flow(found)]
            return FunnelOut(items=items, period=period.shown(window), generated_at=datetime.now(UTC))

        return await deps.counted.get(("funnel", caller.tenant_id, flow, flow_version, channel, period), count)


def _by_flow(found: list[Step]) -> Iterable[list[Step]]:
    return (list(steps) for _, steps in groupby(found, lambda step: (step.flow, step.flow_version)))


def _flow(steps: list[Step], channel: Channel | None) -> FunnelFlowOut:
    flow, version = steps[0].flow, steps[0].flow_version
    by_place = {(step.state, step.channel): _figures(step) for step in steps}
    shown = [channel] if channel else list(Channel)

    def channels(number: int) -> dict[Channel, Figures]:
        return {each: by_place.get((number, each), Figures()) for each in shown}

    run = by_place.get((0, None), Figures())
    return FunnelFlowOut(
        flow=flow,
        flow_version=version,
        started=run.entered,
        completed=run.completed,
        abandoned=run.abandoned,
        completion_rate=rate(run.completed, run.entered),
        median_seconds=run.median_seconds,
        channels=channels(0),
        states=[
            FunnelStateOut(
                state=number,
                key=state.key if state else None,
                name=state.title if state else None,
                channels=channels(number),
                **_named(by_place.get((number, None), Figures())),
            )
            for number, state in states_of(flow, version, [step.state for step in steps])
        ],
    )


def _figures(step: Step) -> Figures:
    return Figures(**_named(step))


def _named(of: Step | Figures) -> dict[str, Any]:
    return {name: getattr(of, name) for name in _FIGURES}
