"""Staff in a run: answering a person in the agent's place."""

from uuid import UUID

from litestar import Controller, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, JSONBody

from api.chat_shapes import ChatMessageOut, StaffBody, message_out
from api.commands import deliver
from api.deps import Deps, MessageId, Principal, SignedIn, WithDeps
from api.guards import requires
from api.problems import Code, ProblemError
from api.run_shapes import RunOut, run_out
from db import messages, runs
from db.pool import Connection
from onboarding.access import Caller, Role
from onboarding.advance import refuse_if_finished
from onboarding.chat import conversation_of
from onboarding.payloads import Actor, ActorKind, Channel, Command, HandBack, Run, TakeOver
from onboarding.progress import current_state, flow_of


class StaffController(Controller):
    """A run, as somebody who helps with it."""

    path = "/admin/runs/{run_id:uuid}"
    tags = ("staff",)
    guards = (requires("nudge:runs"),)

    @post("/take-over", status_code=200)
    async def take_over(
        self, run_id: FromPath[UUID], deps: WithDeps, principal: SignedIn, message_id: MessageId
    ) -> RunOut:
        """Answer in the agent's place from now on; the model is silent. Twice is once."""
        command = TakeOver(
            actor=_staff(principal), channel=Channel.CHAT, message_id=message_id, run_id=str(run_id)
        )
        return run_out(await _told(deps, principal, command))

    @post("/hand-back", status_code=200)
    async def hand_back(
        self, run_id: FromPath[UUID], deps: WithDeps, principal: SignedIn, message_id: MessageId
    ) -> RunOut:
        """Let the agent answer again. Twice is once."""
        command = HandBack(
            actor=_staff(principal), channel=Channel.CHAT, message_id=message_id, run_id=str(run_id)
        )
        return run_out(await _told(deps, principal, command))

    @post("/say", status_code=201)
    async def say(
        self, run_id: FromPath[UUID], data: JSONBody[StaffBody], deps: WithDeps, principal: SignedIn
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
        return message_out(message)


def _staff(principal: Principal) -> Actor:
    return Actor(kind=ActorKind.STAFF, id=principal.caller.user_id)


async def _run(connection: Connection, run_id: str) -> Run:
    run = await runs.get(connection, run_id)
    if run is None:
        raise NotFoundException
    return run


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
    return (await deliver(deps, owner, run.flow, command, read)).run
