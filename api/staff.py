"""Staff in a run: answering in the agent's place, reminding the person, ending it, forking it."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response, post
from litestar.exceptions import NotFoundException
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, JSONBody

from api.admin_run_shapes import AdminRunOut, ForkBody, of_run
from api.admin_runs import found, whose
from api.chat_shapes import ChatMessageOut, StaffBody, message_out
from api.commands import deliver
from api.deps import Deps, MessageId, Principal, SignedIn, WithDeps, tells_of
from api.forking import Reach, fork_run
from api.guards import requires
from api.problems import Code, ProblemError
from api.run_shapes import RunOut, run_out
from db import messages, runs, users
from db.pool import Connection
from onboarding.access import Caller, Role
from onboarding.advance import refuse_if_finished
from onboarding.chat import conversation_of
from onboarding.errors import RemindersOff, RunNotFound
from onboarding.payloads import (
    Abandon,
    AbandonedReason,
    Actor,
    ActorKind,
    Channel,
    Command,
    HandBack,
    Nudge,
    Run,
    Status,
    TakeOver,
)
from onboarding.progress import current_state, flow_of


class StaffController(Controller):
    """A run, as somebody who helps with it."""

    path = "/admin/runs/{run_id:uuid}"
    tags = ("staff",)
    guards = (requires("nudge:runs"),)

    @post("/take-over", status_code=200)
    async def take_over(
        self,
        run_id: FromPath[UUID],
        deps: WithDeps,
        principal: SignedIn,
        message_id: MessageId,
        request: Request[Any, Any, Any],
    ) -> RunOut:
        """Answer in the agent's place from now on; the model is silent. Twice is once."""
        command = TakeOver(
            actor=_staff(principal), channel=Channel.CHAT, message_id=message_id, run_id=str(run_id)
        )
        run = await _told(deps, principal, command)
        tells_of(request, run.user_id)
        return run_out(run)

    @post("/hand-back", status_code=200)
    async def hand_back(
        self,
        run_id: FromPath[UUID],
        deps: WithDeps,
        principal: SignedIn,
        message_id: MessageId,
        request: Request[Any, Any, Any],
    ) -> RunOut:
        """Let the agent answer again. Twice is once."""
        command = HandBack(
            actor=_staff(principal), channel=Channel.CHAT, message_id=message_id, run_id=str(run_id)
        )
        run = await _told(deps, principal, command)
        tells_of(request, run.user_id)
        return run_out(run)

    @post("/say", status_code=201)
    async def say(
        self,
        run_id: FromPath[UUID],
        data: JSONBody[StaffBody],
        deps: WithDeps,
        principal: SignedIn,
        request: Request[Any, Any, Any],
    ) -> ChatMessageOut:
        """Say something to the person: it is in their history, and in the stream of their run."""
        async with deps.database.transaction(principal.caller) as connection:
            run = await _run(connection, str(run_id))
            refuse_if_finished(run)
            if run.staff is None:
                raise ProblemError(409, Code.NOT_TAKEN_OVER, "Take the run over first: the agent is answering.")
            flow = flow_of(run)
            state = current_state(run, flow)
            message = await messages.say(
                connection,
                user_id=run.user_id,
                conversation=conversation_of(run.flow),
                run_id=run.id,
                agent_type=(state or flow.states[-1]).agent,
                state=state.number if state else None,
                text=data.message,
            )
        tells_of(request, run.user_id)
        return message_out(message)

    @post("/nudge", status_code=200)
    async def nudge(
        self,
        run_id: FromPath[UUID],
        deps: WithDeps,
        principal: SignedIn,
        message_id: MessageId,
        request: Request[Any, Any, Any],
    ) -> AdminRunOut:
        """Remind the person now, unless they want no reminders; at most once an hour."""
        run, user = await _run_and_person(deps, principal, str(run_id))
        tells_of(request, user.id)
        refuse_if_finished(run)
        if not (user.is_active and user.reminders_enabled):
            raise RemindersOff
        command = Nudge(actor=_staff(principal), channel=Channel.API, message_id=message_id, run_id=run.id)
        return of_run(await _told(deps, principal, command), user)

    @post("/abandon", status_code=200)
    async def abandon(
        self,
        run_id: FromPath[UUID],
        deps: WithDeps,
        principal: SignedIn,
        message_id: MessageId,
        request: Request[Any, Any, Any],
    ) -> AdminRunOut:
        """End the run, as its person could. One that was ended already stays as it is."""
        run, user = await _run_and_person(deps, principal, str(run_id))
        tells_of(request, user.id)
        if run.status is Status.ABANDONED and run.abandoned_reason is not AbandonedReason.EXPIRED:
            return of_run(run, user)
        refuse_if_finished(run)
        command = Abandon(
            actor=_staff(principal),
            channel=Channel.API,
            message_id=message_id,
            run_id=run.id,
            reason=AbandonedReason.DELETED,
        )
        return of_run(await _told(deps, principal, command), user)

    @post("/fork", status_code=201, responses={200: ResponseSpec(AdminRunOut, generate_examples=False)})
    async def fork(
        self,
        run_id: FromPath[UUID],
        data: JSONBody[ForkBody],
        deps: WithDeps,
        principal: SignedIn,
        message_id: MessageId,
        request: Request[Any, Any, Any],
    ) -> Response[AdminRunOut]:
        """Begin a run of the same person at a state of this one, with its answers before; what led there does not
        happen again. This one ends if it is open. 200 for a fork that is there and untouched.
        """
        actor = _staff(principal)
        reach = Reach(database=deps.database, gateway=deps.gateway)
        with _gone_is_not_found():
            made = await fork_run(reach, principal.caller, actor, str(run_id), data.from_state, message_id)
        tells_of(request, made.user.id)
        return Response(of_run(made.run, made.user), status_code=201 if made.created else 200)


def _staff(principal: Principal) -> Actor:
    return Actor(kind=ActorKind.STAFF, id=principal.caller.user_id)


async def _run(connection: Connection, run_id: str) -> Run:
    run = await runs.get(connection, run_id)
    if run is None:
        raise NotFoundException
    return run


async def _run_and_person(deps: Deps, principal: Principal, run_id: str) -> tuple[Run, users.User]:
    """A run, archived or not, and whose it is."""
    async with deps.database.transaction(principal.caller) as connection:
        run, _ = await found(connection, run_id)
        return run, await whose(connection, run)


async def _told(deps: Deps, principal: Principal, command: Command) -> Run:
    """Tell somebody else's run, which the command names.

    Raises:
        NotFoundException: there is none in this tenant.
        Refused, RefusedByRun: it is over.
    """

    async def read() -> Run:
        async with deps.database.transaction(principal.caller) as connection:
            assert command.run_id is not None
            return await _run(connection, command.run_id)

    run = await read()
    refuse_if_finished(run)
    owner = Caller(tenant_id=run.tenant_id, user_id=run.user_id, role=Role.USER)
    with _gone_is_not_found():
        return (await deliver(deps, owner, run.flow, command, read)).run


@contextmanager
def _gone_is_not_found() -> Generator[None]:
    """Whose person is erased at this moment is no longer there; staff are not signed out by that."""
    try:
        yield
    except runs.PersonGone:
        raise RunNotFound from None
