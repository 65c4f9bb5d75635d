"""The company wizard: `/api/onboarding`, camelCase and without a version, as its published interface is."""

from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

from litestar import Controller, Response, delete, get, post, put
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, JSONBody
from msgspec.structs import replace

from api.commands import person_of, send
from api.completing import being_written, complete_run
from api.deps import Deps, MessageId, Principal, SignedIn, WithDeps
from api.errors import of_refusal
from api.gateway import RefusedByRun
from api.organizing import organize
from api.problems import ProblemError
from api.refusals import counted
from api.run_shapes import StartBody
from api.starting import open_run
from api.wizard_shapes import (
    FLOW,
    NAMES,
    OnboardingSession,
    WizardCompleteBody,
    WizardCompleted,
    WizardProgressBody,
    WizardStartBody,
    organization_out,
    session_out,
)
from db import organizations, runs
from onboarding.advance import advance
from onboarding.errors import Refused, RunNotFound
from onboarding.flows.company import COMPANY
from onboarding.hints import Hints, hints
from onboarding.payloads import (
    Abandon,
    AbandonedReason,
    Command,
    Complete,
    FieldError,
    Run,
    SaveSteps,
    Status,
    StepAnswer,
)

CommandT = TypeVar("CommandT", bound=Command)


class WizardController(Controller):
    """A person's own company sessions: runs of the flow `company`."""

    path = "/onboarding"
    tags = ("company wizard",)

    @post("/start", status_code=200, responses={201: ResponseSpec(OnboardingSession, generate_examples=False)})
    async def start(
        self,
        deps: WithDeps,
        principal: SignedIn,
        message_id: MessageId,
        data: JSONBody[WizardStartBody | None] = None,
    ) -> Response[OnboardingSession]:
        """Start a session (201), or answer with the one that there is (200)."""
        body = data or WizardStartBody()
        start = StartBody(flow=FLOW, restart=body.restart)
        opened = await open_run(deps, principal, start, message_id, _hints(principal, body))
        return Response(await _shown(deps, principal, opened.run), status_code=201 if opened.created else 200)

    @put("/progress")
    async def progress(
        self, data: JSONBody[WizardProgressBody], deps: WithDeps, principal: SignedIn, message_id: MessageId
    ) -> OnboardingSession:
        """Save the answer to one step."""
        command = SaveSteps(
            actor=person_of(principal),
            message_id=message_id,
            steps=(StepAnswer(step=data.step, data=NAMES.swapped(data.data)),),
        )
        try:
            async with counted(deps, principal):
                run = await _follow(deps, principal, data.session_id or None, command)
        except (Refused, RefusedByRun) as refused:
            raise _in_camel(of_refusal(refused.refusal)) from refused
        return await _shown(deps, principal, run)

    @post("/complete", status_code=200)
    async def complete(
        self,
        deps: WithDeps,
        principal: SignedIn,
        message_id: MessageId,
        data: JSONBody[WizardCompleteBody | None] = None,
    ) -> WizardCompleted:
        """Finish, and make the organization with its owner and departments. A repeat makes nothing twice."""
        body = data or WizardCompleteBody()
        command = Complete(actor=person_of(principal), message_id=message_id)
        run = await _completed(deps, principal, body.session_id or None, command)
        # The run comes first: should this fail, the same request finishes it.
        async with deps.database.transaction(principal.caller) as connection:
            stored = await runs.stored(connection, run.id, principal.caller.user_id)
            if stored is None or stored.run.status is not Status.COMPLETED:
                raise being_written()  # by another request, which was first
            organization = (
                await organize(connection, stored.run)
                if body.create_organization
                else await organizations.of_run(connection, run.id)
            )
        session = session_out(stored.run, stored)
        return WizardCompleted(
            session=session,
            organization=organization_out(organization) if organization else None,
            ai_recommendations=session.ai_recommendations or None,
        )

    @get("/session/{run_id:uuid}")
    async def session(self, run_id: FromPath[UUID], deps: WithDeps, principal: SignedIn) -> OnboardingSession:
        """A session, whatever became of it."""
        stored = await _found(deps, principal, str(run_id))
        return session_out(stored.run, stored)

    @delete("/session/{run_id:uuid}", status_code=204)
    async def abandon(
        self, run_id: FromPath[UUID], deps: WithDeps, principal: SignedIn, message_id: MessageId
    ) -> None:
        """End a session without completion; once more does nothing."""
        command = Abandon(actor=person_of(principal), message_id=message_id, reason=AbandonedReason.DELETED)
        await _follow(deps, principal, str(run_id), command)


def _hints(principal: Principal, body: WizardStartBody) -> Hints:
    caller, context = principal.caller, dict(body.context or {})
    if "companyName" in context:
        context.setdefault("name", context["companyName"])
    data: dict[str, Any] = NAMES.swapped(context)
    return hints(COMPANY, data, tenant_id=caller.tenant_id, user_id=caller.user_id)


async def _found(deps: Deps, principal: Principal, session_id: str) -> runs.Stored:
    """A session of the person's own.

    Raises:
        RunNotFound: there is none with this id.
    """
    try:
        run_id = str(UUID(session_id))
    except ValueError:
        raise RunNotFound from None
    async with deps.database.transaction(principal.caller) as connection:
        stored = await runs.stored(connection, run_id, principal.caller.user_id)
    if stored is None or stored.run.flow != FLOW:
        raise RunNotFound
    return stored


async def _ended(deps: Deps, principal: Principal, session_id: str | None, command: Command) -> Run | None:
    """The session that is meant as the command leaves it, where it has ended already; None where it is open.

    Raises:
        Refused: it has ended, and the command wants to change it.
        RunNotFound: there is no such session.
    """
    if session_id is None:
        return None
    stored = await _found(deps, principal, session_id)
    if stored.run.status is Status.IN_PROGRESS:
        return None
    return advance(stored.run, command, datetime.now(UTC))[0]


def _to(session_id: str | None, command: CommandT) -> CommandT:
    """The command to the session that is meant, and to none that has taken its place meanwhile."""
    return replace(command, run_id=str(UUID(session_id)) if session_id else None)


async def _follow(deps: Deps, principal: Principal, session_id: str | None, command: Command) -> Run:
    ended = await _ended(deps, principal, session_id, command)
    return ended or (await send(deps, principal, FLOW, _to(session_id, command))).run


async def _completed(deps: Deps, principal: Principal, session_id: str | None, command: Complete) -> Run:
    ended = await _ended(deps, principal, session_id, command)
    return ended or await complete_run(deps, principal, FLOW, _to(session_id, command))


async def _shown(deps: Deps, principal: Principal, run: Run) -> OnboardingSession:
    async with deps.database.transaction(principal.caller) as connection:
        stored = await runs.stored(connection, run.id, principal.caller.user_id)
    return session_out(run, stored)


def _in_camel(problem: ProblemError) -> ProblemError:
    """The problem with the fields named as they were sent."""
    problem.errors = tuple(
        FieldError(field=NAMES.path(error.field), code=error.code, detail=error.detail) for error in problem.errors
    )
    return problem
