"""The chat of an onboarding: `/chat/onboarding`."""

from datetime import UTC, datetime

import msgspec
from litestar import Controller, get, post
from litestar.params import JSONBody
from litestar.response import ServerSentEvent
from msgspec import UNSET
from uuid_utils.compat import uuid7

from api.chat_history import history_of
from api.chat_shapes import ChatBody, ChatPage, OpenerOut
from api.commands import flow_asked, person_of, send
from api.deps import Deps, MessageId, Principal, SignedIn, WithDeps
from api.gateway import RefusedByRun, RunClosed, WorkflowsUnavailable
from api.limits import give_back, spending
from api.paging import DEFAULT_LIMIT, Cursor, Limit, WithTotal
from api.parameters import FlowQuery, LastEventId
from api.problems import Code, ProblemError
from api.run_shapes import StartBody
from api.starting import open_run
from api.talking import HandOver, answered, is_lost, streamed
from db import chat, recall, runs
from db.chat import Turn
from db.pool import Connection
from onboarding import voice
from onboarding.advance import new_run, refuse_if_finished
from onboarding.chat import ChatAnswer, Memory, conversation_of
from onboarding.errors import Refused, RunExpired, StateMismatch
from onboarding.flow import State
from onboarding.flows import FLOWS
from onboarding.general import GENERAL_AGENT
from onboarding.payloads import Channel, Run, Say, Status
from onboarding.progress import current_state, flow_of, progress
from onboarding.prompting import HISTORY_AT_MOST
from onboarding.safety import Facts, facts_of
from onboarding.scripted import Draft
from onboarding.tools import asked_state


class OnboardingChatController(Controller):
    """Going through an onboarding by talking."""

    path = "/chat/onboarding"
    tags = ("chat",)

    @get("/")
    async def opener(self, deps: WithDeps, principal: SignedIn, flow: FlowQuery = None) -> OpenerOut:
        """What the agent says first, or would ask next; no model is asked, and nothing is started."""
        async with deps.database.transaction(principal.caller) as connection:
            key = await flow_asked(connection, principal, flow)
            run = await runs.latest(connection, principal.caller.user_id, key)
            memory = await recall.remembered(connection, conversation_of(key), run.id) if run else Memory()
            lately = await recall.lately(
                connection, conversation_of(key), run.id if run else None, HISTORY_AT_MOST
            )
        facts = facts_of(lately.age, lately.said, run.answers if run else {})
        return _opener(run, key, principal, memory, facts)

    @post("/", status_code=200)
    async def say(
        self, data: JSONBody[ChatBody], deps: WithDeps, principal: SignedIn, message_id: MessageId
    ) -> ChatAnswer:
        """Say something, and wait for the answer. Starts the run when there is none."""
        turn, hand_over = await _begun(deps, principal, data, message_id, streamed=False)
        return await answered(deps, principal, turn, hand_over)

    @post("/stream", status_code=200, media_type="text/event-stream", opt={"resumable": True})
    async def stream(
        self,
        data: JSONBody[ChatBody],
        deps: WithDeps,
        principal: SignedIn,
        message_id: MessageId,
        last_event_id: LastEventId = None,
    ) -> ServerSentEvent:
        """The same, as it is said.

        Server-sent events, each with an `id`, and JSON as its `data`:

        - `RUN_STARTED` `{message_id}`, first.
        - `TEXT_MESSAGE_CONTENT` `{delta}`: more of the answer.
        - `TEXT_MESSAGE_RESET` `{}`: forget the text so far, it begins anew.
        - `TOOL_CALL_START` `{tool}`, `TOOL_CALL_END` `{tool, ok, error?}`.
        - `STATE_DELTA` `{progress}`: something was saved.
        - `RUN_FINISHED`: the answer of the plain POST, a `ChatAnswer`; or `RUN_ERROR` `{code, detail, retryable}`.

        Who loses the connection sends the same message with its `message_id` and `Last-Event-ID`, to any process.
        """
        turn, hand_over = await _begun(deps, principal, data, message_id, streamed=True)
        return ServerSentEvent(streamed(deps, principal, turn, hand_over, last_event_id))

    @get("/history")
    async def history(
        self,
        deps: WithDeps,
        principal: SignedIn,
        flow: FlowQuery = None,
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
        with_total: WithTotal = False,
    ) -> ChatPage:
        """The conversation, newest message first; also after completion."""
        user_id = principal.caller.user_id
        async with deps.database.transaction(principal.caller) as connection:
            conversation = conversation_of(await flow_asked(connection, principal, flow))
            return await history_of(
                connection, user_id, conversation, limit=limit, cursor=cursor, with_total=with_total
            )


async def _begun(
    deps: Deps, principal: Principal, body: ChatBody, key: str | None, *, streamed: bool
) -> tuple[Turn, HandOver]:
    """The turn of a message, which is stored by then, and how it is handed over.

    Raises:
        ProblemError: 403 after completion, 409 while another message is answered, 429.
        Refused: the run is over, or stands elsewhere.
    """
    given, flow, turn_id = body.message_id or key, body.flow or None, str(uuid7())
    if given:
        # Before anything is counted: who lost the answer, or the connection, asks for nothing new.
        async with deps.database.transaction(principal.caller) as connection:
            flow = await flow_asked(connection, principal, flow)
            if turn := await chat.repeated(connection, conversation_of(flow), given, body.message):
                return turn, _hand_over(deps, principal, flow)  # Wherever the run stands by now.
    async with spending(deps, principal, "chat"):
        for _ in range(2):
            try:
                async with deps.database.transaction(principal.caller) as connection:
                    flow = await flow_asked(connection, principal, flow)
                    turn = await _turn(connection, principal, flow, body, turn_id, given or str(uuid7()), streamed)
            except chat.TurnInProgress as running:
                if flow and is_lost(running):
                    await _hand_over(deps, principal, flow)(running.turn_id)
                raise
            if turn is not None:
                break
            await open_run(deps, principal, StartBody(flow=flow), None)
        else:
            raise RunClosed
    if turn.id != turn_id:
        await give_back(deps, principal, "chat")  # The same message came in at the same moment.
    return turn, _hand_over(deps, principal, flow, counted=turn.id == turn_id)


async def _turn(
    connection: Connection,
    principal: Principal,
    flow: str,
    body: ChatBody,
    turn_id: str,
    message_id: str,
    streamed: bool,
) -> Turn | None:
    """The turn of a message; None where there is no run, or none any more."""
    conversation = conversation_of(flow)
    run = await runs.latest(connection, principal.caller.user_id, flow)
    if run is None or run.status is Status.ABANDONED:
        return None  # Who deleted theirs and talks on begins anew.
    state = _stands(run, body)
    turn, _ = await chat.begin(
        connection,
        id=turn_id,
        conversation=conversation,
        message_id=message_id,
        text=body.message,
        agent_type=_agent(run),
        state=state.number if state else None,
        run_id=run.id,
        streamed=streamed,
    )
    if run.staff is None or turn.status != "running":
        return turn
    # Somebody of the staff answers, in their own time: nobody is asked for an answer now.
    answer = ChatAnswer(
        message_id=message_id,
        response=None,
        agent_type=_agent(run),
        source="staff",
        new_state=state.number if state else None,
        progress=progress(run),
    )
    await chat.finish(
        connection, turn, answer, memory=Memory(), state=state.number if state else None, tool_calls=[]
    )
    return msgspec.structs.replace(turn, status="done", answer=answer)


def _stands(run: Run, body: ChatBody) -> State | None:
    """The state that is open, where the run takes messages and stands where the caller thinks.

    Raises:
        ProblemError: 403 after completion.
        Refused: it does not.
    """
    if run.status is Status.COMPLETED:
        detail = "The onboarding is complete; talk to the general agent."
        raise ProblemError(403, Code.ONBOARDING_ALREADY_COMPLETE, detail)
    refuse_if_finished(run)
    if datetime.now(UTC) >= run.expires_at:
        raise RunExpired
    state = current_state(run, flow_of(run))
    if (body.current_state and state is None) or (
        state
        and body.current_state
        not in (
            UNSET,
            None,
            state.number,
            state.key,
        )
    ):
        raise StateMismatch(current_state=state.number if state else None)
    return state


def _hand_over(deps: Deps, principal: Principal, flow: str, *, counted: bool = False) -> HandOver:
    """How a turn is handed over; one that was `counted` is given back when nobody can be asked."""

    async def hand_over(turn_id: str) -> None:
        say = Say(actor=person_of(principal), channel=Channel.CHAT, message_id=turn_id, turn_id=turn_id)
        try:
            await send(deps, principal, flow, say)
        except (Refused, RefusedByRun):
            # The run ended in between. Whoever sends the message again is told so at once.
            async with deps.database.transaction(principal.caller) as connection:
                await chat.fail(connection, turn_id)
            raise
        except WorkflowsUnavailable:
            if counted:
                await give_back(deps, principal, "chat")
            raise

    return hand_over


def _opener(run: Run | None, key: str, principal: Principal, memory: Memory, facts: Facts) -> OpenerOut:
    flow = flow_of(run) if run else FLOWS.get(key)
    shown = run or new_run(
        id="",
        tenant_id=principal.caller.tenant_id,
        user_id=principal.caller.user_id,
        flow=flow,
        now=datetime.now(UTC),
        locale=principal.locale,
    )
    draft = msgspec.convert(memory.draft, Draft) if memory.draft else None
    if run and run.status is Status.COMPLETED:
        return OpenerOut(
            response=voice.completed(run.locale).text,
            agent_type=GENERAL_AGENT.key,
            agent_name=GENERAL_AGENT.name.get(run.locale, GENERAL_AGENT.key),
            current_state=None,
            quick_replies=[],
            progress=progress(run),
        )
    words = voice.words_again(shown, flow, memory.focus, draft, facts)
    state = current_state(shown, flow)
    agent = flow.agent(_agent(shown))
    return OpenerOut(
        response=words.text,
        agent_type=agent.key,
        agent_name=agent.name.get(shown.locale, agent.key),
        current_state=state.number if state else None,
        quick_replies=list(words.quick_replies),
        progress=progress(run) if run else None,
    )


def _agent(run: Run) -> str:
    flow = flow_of(run)
    return (asked_state(run, flow, None) or flow.states[-1]).agent
