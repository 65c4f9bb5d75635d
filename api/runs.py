"""Runs: `/api/v1/onboarding`."""

import structlog
from litestar import Controller, Response, delete, get, post
from litestar.openapi import ResponseSpec
from litestar.params import JSONBody
from msgspec import UNSET

from api.commands import Outcome, current_run, flow_asked, person_of, send
from api.completing import being_written, complete_run
from api.deps import MessageId, SignedIn, WithDeps
from api.paging import DEFAULT_LIMIT, Cursor, Limit, WithTotal, read_cursor
from api.parameters import AgentContext, FlowQuery, IfMatch, read_version
from api.profiles import ProfileOut, profile_out
from api.refusals import counted
from api.run_shapes import (
    EventPage,
    FlowBody,
    RunOut,
    SkipBody,
    StartBody,
    StatesOut,
    StepBody,
    StepOut,
    StepsBody,
    event_page,
    run_out,
    step_out,
)
from api.starting import open_run
from db import profiles, runs
from onboarding.flows import FLOWS
from onboarding.forms import state_forms
from onboarding.payloads import (
    Abandon,
    AbandonedReason,
    AcceptPrefilled,
    Complete,
    SaveSteps,
    SkipStep,
    Status,
    StepAnswer,
)
from onboarding.progress import Progress, progress

log = structlog.get_logger()


class RunsController(Controller):
    """A person's own runs."""

    path = "/onboarding"
    tags = ("onboarding",)

    @post("/start", status_code=200, responses={201: ResponseSpec(RunOut, generate_examples=False)})
    async def start(
        self,
        deps: WithDeps,
        principal: SignedIn,
        message_id: MessageId,
        data: JSONBody[StartBody | None] = None,
    ) -> Response[RunOut]:
        """Start a run (201), or answer with the one that there is (200)."""
        opened = await open_run(deps, principal, data or StartBody(), message_id)
        return Response(run_out(opened.run), status_code=201 if opened.created else 200)

    @get("/progress")
    async def progress(self, deps: WithDeps, principal: SignedIn, flow: FlowQuery = None) -> Progress:
        """Where the run stands."""
        return progress(await current_run(deps, principal, flow))

    @get("/state")
    async def state(self, deps: WithDeps, principal: SignedIn, flow: FlowQuery = None) -> RunOut:
        """The run with its answers."""
        return run_out(await current_run(deps, principal, flow))

    @get("/states")
    async def states(self, deps: WithDeps, principal: SignedIn, flow: FlowQuery = None) -> StatesOut:
        """The flow's states with schemas and forms."""
        async with deps.database.transaction(principal.caller) as connection:
            key = await flow_asked(connection, principal, flow)
            run = await runs.latest(connection, principal.caller.user_id, key)
        open_version = run.flow_version if run and run.status is Status.IN_PROGRESS else None
        found = FLOWS.get(key, open_version)
        return StatesOut(flow=found.key, flow_version=found.version, title=found.title, items=state_forms(found))

    @post("/step", status_code=200)
    async def step(
        self,
        data: JSONBody[StepBody],
        deps: WithDeps,
        principal: SignedIn,
        message_id: MessageId,
        if_match: IfMatch = None,
        agent_context: AgentContext = None,
    ) -> StepOut:
        """Save the answer to one state."""
        if agent_context:
            log.info("agent context claimed", claim=agent_context[:200], user_id=principal.caller.user_id)
        async with counted(deps, principal):
            command = SaveSteps(
                actor=person_of(principal),
                message_id=message_id,
                expected_version=read_version(if_match),
                steps=(StepAnswer(step=data.step, data=data.data),),
            )
            return _told(await send(deps, principal, data.flow or None, command), "Saved.")

    @post("/steps", status_code=200)
    async def steps(
        self,
        data: JSONBody[StepsBody],
        deps: WithDeps,
        principal: SignedIn,
        message_id: MessageId,
        if_match: IfMatch = None,
    ) -> StepOut:
        """Save several answers in order, all or nothing."""
        async with counted(deps, principal):
            command = SaveSteps(
                actor=person_of(principal),
                message_id=message_id,
                expected_version=read_version(if_match),
                steps=tuple(StepAnswer(step=one.step, data=one.data) for one in data.steps),
                batch=True,
            )
            return _told(await send(deps, principal, data.flow or None, command), "Saved.")

    @post("/skip", status_code=200)
    async def skip(
        self,
        data: JSONBody[SkipBody],
        deps: WithDeps,
        principal: SignedIn,
        message_id: MessageId,
        if_match: IfMatch = None,
    ) -> StepOut:
        """Leave an optional state out."""
        command = SkipStep(
            actor=person_of(principal),
            message_id=message_id,
            expected_version=read_version(if_match),
            step=data.step,
        )
        return _told(await send(deps, principal, data.flow or None, command), "Skipped.")

    @post("/accept-prefilled", status_code=200)
    async def accept_prefilled(
        self,
        deps: WithDeps,
        principal: SignedIn,
        message_id: MessageId,
        data: JSONBody[FlowBody | None] = None,
        if_match: IfMatch = None,
    ) -> StepOut:
        """Take over the answers that an expired run offers, as far as they are valid."""
        command = AcceptPrefilled(
            actor=person_of(principal), message_id=message_id, expected_version=read_version(if_match)
        )
        flow = data.flow if data else None
        return _told(await send(deps, principal, flow or None, command), "Taken over.")

    @post("/complete", status_code=201)
    async def complete(
        self,
        deps: WithDeps,
        principal: SignedIn,
        message_id: MessageId,
        data: JSONBody[FlowBody | None] = None,
        if_match: IfMatch = None,
    ) -> ProfileOut:
        """Finish: the answers become the profile. A repeat completes nothing and answers with the profile."""
        command = Complete(
            actor=person_of(principal), message_id=message_id, expected_version=read_version(if_match)
        )
        flow = (data.flow if data else None) or None
        caller, run = principal.caller, await complete_run(deps, principal, flow, command)
        async with deps.database.transaction(caller) as connection:
            profile = await profiles.get(connection, caller.user_id, run.flow)
        if profile is None:
            raise being_written()
        return profile_out(profile)

    @delete("/", status_code=204)
    async def abandon(
        self,
        deps: WithDeps,
        principal: SignedIn,
        message_id: MessageId,
        flow: FlowQuery = None,
        if_match: IfMatch = None,
    ) -> None:
        """End the run without completion."""
        command = Abandon(
            actor=person_of(principal),
            message_id=message_id,
            expected_version=read_version(if_match),
            reason=AbandonedReason.DELETED,
        )
        await send(deps, principal, flow, command)

    @get("/history")
    async def history(
        self,
        deps: WithDeps,
        principal: SignedIn,
        flow: FlowQuery = None,
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
        with_total: WithTotal = False,
    ) -> EventPage:
        """What happened to the run, newest first."""
        run = await current_run(deps, principal, flow)
        before = read_cursor(cursor)
        async with deps.database.transaction(principal.caller) as connection:
            found = await runs.events(connection, run.id, before=before, limit=limit + 1)
        # Every event has its number, from 1 without a gap.
        return event_page(found, limit, run.seq if with_total else UNSET)


def _told(outcome: Outcome, message: str) -> StepOut:
    return step_out(outcome.run, outcome.projected, message)
