"""The chat after the onboarding: `/chat`."""

from contextlib import suppress
from uuid import UUID

from litestar import Controller, delete, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, JSONBody
from litestar.response import ServerSentEvent
from uuid_utils.compat import uuid7

from api.chat_history import history_of
from api.chat_shapes import ChatPage, GeneralChatBody
from api.deps import Deps, MessageId, Principal, SignedIn, WithDeps
from api.gateway import WorkflowsUnavailable
from api.guards import onboarding_completed
from api.limits import give_back, spending
from api.paging import DEFAULT_LIMIT, Cursor, Limit, WithTotal
from api.parameters import LastEventId
from api.problems import Code, ProblemError
from api.profiles import ProfileOut, profile_out
from api.talking import HandOver, answered, is_lost, streamed
from db import chat, profiles, proposals
from db.chat import Turn
from onboarding.chat import GENERAL, ChatAnswer
from onboarding.flows import FLOWS
from onboarding.general import GENERAL_AGENT
from onboarding.payloads import TurnOrder
from onboarding.profile import edit


class GeneralChatController(Controller):
    """Talking about one's own profile."""

    path = "/chat"
    tags = ("chat",)

    @post("/", status_code=200, guards=[onboarding_completed])
    async def say(
        self, data: JSONBody[GeneralChatBody], deps: WithDeps, principal: SignedIn, message_id: MessageId
    ) -> ChatAnswer:
        """Say something, and wait for the answer."""
        turn, hand_over = await _begun(deps, principal, data, message_id, streamed=False)
        return await answered(deps, principal, turn, hand_over)

    @post(
        "/stream",
        status_code=200,
        media_type="text/event-stream",
        guards=[onboarding_completed],
        opt={"resumable": True},
    )
    async def stream(
        self,
        data: JSONBody[GeneralChatBody],
        deps: WithDeps,
        principal: SignedIn,
        message_id: MessageId,
        last_event_id: LastEventId = None,
    ) -> ServerSentEvent:
        """The same, as it is said; the events are those of `/chat/onboarding/stream`, without `STATE_DELTA`."""
        turn, hand_over = await _begun(deps, principal, data, message_id, streamed=True)
        return ServerSentEvent(streamed(deps, principal, turn, hand_over, last_event_id))

    @get("/history")
    async def history(
        self,
        deps: WithDeps,
        principal: SignedIn,
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
        with_total: WithTotal = False,
    ) -> ChatPage:
        """The conversation, newest message first."""
        user_id = principal.caller.user_id
        async with deps.database.transaction(principal.caller) as connection:
            return await history_of(
                connection, user_id, GENERAL, limit=limit, cursor=cursor, with_total=with_total
            )

    @delete("/history")
    async def forget(self, deps: WithDeps, principal: SignedIn) -> None:
        """Delete the conversation; one that is being answered ends with it."""
        async with deps.database.transaction(principal.caller) as connection:
            await chat.forget(connection, GENERAL)

    @post("/proposals/{proposal_id:uuid}/confirm", status_code=200, guards=[onboarding_completed])
    async def confirm(self, proposal_id: FromPath[UUID], deps: WithDeps, principal: SignedIn) -> ProfileOut:
        """Make what the agent proposed the profile's next version. Twice is once."""
        async with deps.database.transaction(principal.caller) as connection:
            proposal = await proposals.hold(connection, str(proposal_id))
            if proposal is None or proposal.status == "declined":
                raise NotFoundException
            while True:
                profile = await profiles.get(connection, principal.caller.user_id, proposal.flow)
                if profile is None:
                    raise NotFoundException
                flow = FLOWS.get(profile.flow, profile.flow_version)
                answers = edit(
                    flow,
                    profile.answers,
                    dict(proposal.answers),
                    tenant_id=principal.caller.tenant_id,
                    user_id=principal.caller.user_id,
                )
                if proposal.status == "confirmed" or answers == profile.answers:
                    break
                with suppress(profiles.ProfileConflict):  # Another tab was first: on top of what it wrote.
                    profile = await profiles.save(
                        connection, profile, answers, changed_by=principal.caller.user_id
                    )
                    break
            await proposals.decide(connection, proposal.id, "confirmed")
            return profile_out(profile)

    @post("/proposals/{proposal_id:uuid}/decline", status_code=204)
    async def decline(self, proposal_id: FromPath[UUID], deps: WithDeps, principal: SignedIn) -> None:
        """Do not make it so."""
        async with deps.database.transaction(principal.caller) as connection:
            if await proposals.hold(connection, str(proposal_id)) is None:
                raise NotFoundException
            await proposals.decide(connection, str(proposal_id), "declined")


async def _begun(
    deps: Deps, principal: Principal, body: GeneralChatBody, key: str | None, *, streamed: bool
) -> tuple[Turn, HandOver]:
    """The turn of a message, which is stored by then, and how it is handed over.

    Raises:
        ProblemError: 403 for another agent, 429.
        TurnInProgress: another message is being answered.
    """
    if body.agent_type and body.agent_type != GENERAL_AGENT.key:
        detail = f"Only the agent {GENERAL_AGENT.key} speaks here."
        raise ProblemError(403, Code.AGENT_NOT_ALLOWED, detail)
    given = body.message_id or key
    if given:
        # Before anything is counted: who lost the answer, or the connection, asks for nothing new.
        async with deps.database.transaction(principal.caller) as connection:
            if turn := await chat.repeated(connection, GENERAL, given, body.message):
                return turn, _hand_over(deps, principal)
    async with spending(deps, principal, "chat"):
        try:
            async with deps.database.transaction(principal.caller) as connection:
                turn, new = await chat.begin(
                    connection,
                    id=str(uuid7()),
                    conversation=GENERAL,
                    message_id=given or str(uuid7()),
                    text=body.message,
                    agent_type=GENERAL_AGENT.key,
                    streamed=streamed,
                )
        except chat.TurnInProgress as running:
            if is_lost(running):
                await _hand_over(deps, principal)(running.turn_id)
            raise
    if not new:
        await give_back(deps, principal, "chat")  # The same message came in at the same moment.
    return turn, _hand_over(deps, principal, counted=new)


def _hand_over(deps: Deps, principal: Principal, *, counted: bool = False) -> HandOver:
    """How a turn is handed over; one that was `counted` is given back when nobody can be asked."""

    async def hand_over(turn_id: str) -> None:
        caller = principal.caller
        order = TurnOrder(turn_id=turn_id, tenant_id=caller.tenant_id, user_id=caller.user_id)
        try:
            await deps.gateway.answer(order)
        except WorkflowsUnavailable:
            if counted:
                await give_back(deps, principal, "chat")
            raise

    return hand_over
