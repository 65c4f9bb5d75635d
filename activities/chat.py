"""The turns of conversations, answered: by a model, by rules, or by nobody while staff do."""

from datetime import datetime, timedelta

import msgspec
from msgspec import Struct
from temporalio import activity
from temporalio.client import Client
from temporalio.exceptions import ApplicationError

from activities.agents import ModelAgent
from activities.ai.models import Models
from activities.ai.protocol import AiError, BudgetExhausted, ModelsUnavailable, Payer
from activities.hands import RunHands
from activities.scripted import ScriptedAgent
from activities.streaming import Stream
from activities.turns import Moot, Turns, facts_of, may_ask, try_again, warning_of
from db import chat, runs
from db.pool import Database
from onboarding import voice
from onboarding.access import Caller
from onboarding.chat import REPLY_AT_MOST, ChatAnswer, Memory, Saved, Source
from onboarding.payloads import Channel, Run, TurnOrder
from onboarding.progress import flow_of, progress
from onboarding.prompting import HISTORY_AT_MOST
from onboarding.safety import Facts, numbers_allowed
from onboarding.scripted import Draft, confirm
from onboarding.voice import Words
from runtime.settings import Settings


class Behind(ApplicationError):
    """The database does not show the run yet as it was when the turn was asked for; it will shortly."""

    def __init__(self) -> None:
        super().__init__("the projection is behind", next_retry_delay=timedelta(milliseconds=200))


class Given(Struct, frozen=True, kw_only=True):
    """What a turn is answered from."""

    caller: Caller
    context: chat.Context
    run: Run
    saved: list[Saved]


class Reply(Struct, frozen=True, kw_only=True):
    """What is said, and by whom."""

    words: Words
    source: Source
    exhausted: bool = False


class Chats:
    """Answers turns of onboardings. Every answer is stored once, however often a worker dies over it."""

    def __init__(
        self, turns: Turns, database: Database, client: Client, models: Models, settings: Settings
    ) -> None:
        self._turns = turns
        self._database = database
        self._client = client
        self._models = models
        self._seconds = settings.ai_timeout_seconds

    @activity.defn(name="answer_chat")
    async def answer(self, order: TurnOrder) -> None:
        """Answer one turn, unless that is done already."""
        await self._turns.answer(order, self._answer)

    async def _answer(self, order: TurnOrder, caller: Caller) -> None:
        given = await self._given(order, caller)
        if given is None:
            return
        turn = given.context.turn
        stream = Stream(self._database, caller, turn.id, seq=given.context.seq, followed=turn.streamed)
        facts = facts_of(given.context, given.run.answers)
        hands = RunHands(
            self._client,
            self._database,
            given.run,
            given.context.memory,
            stream,
            lambda data: numbers_allowed(facts, data),
        )
        hands.saved += given.saved
        if given.run.staff is not None:
            reply = Reply(words=Words(text=""), source="staff")
        elif given.saved:
            reply = Reply(words=_after_saving(hands), source="rules")
        else:
            reply = await self._reply(given, hands, stream, facts)
        await self._finish(given, hands, stream, reply)

    async def _given(self, order: TurnOrder, caller: Caller) -> Given | None:
        assert order.run_id is not None
        async with self._database.transaction(caller) as connection:
            context = await chat.context(connection, order.turn_id, HISTORY_AT_MOST)
            if context is None:
                return None
            if context.turn.run_id != order.run_id:
                raise Moot  # Another run has taken the place of the one that it was about.
            run = await runs.get(connection, order.run_id)
            if run is None or run.version < order.run_version:
                raise Behind
            saved = list[Saved]()
            if activity.info().attempt > 1:
                saved = _saved_since(run, await runs.events(connection, run.id), context.turn.created_at)
        return Given(caller=caller, context=context, run=run, saved=saved)

    async def _reply(self, given: Given, hands: RunHands, stream: Stream, facts: Facts) -> Reply:
        """By a model if there is one that answers; else by rules."""
        exhausted = False
        if self._models.configured and (left := may_ask(given.context.turn, self._seconds)):
            try:
                return await self._by_model(given, hands, stream, facts, left)
            except BudgetExhausted:
                exhausted = True
            except ModelsUnavailable as error:
                if not hands.saved:
                    await stream.flush()
                    try_again(error, left)
            except AiError as error:
                activity.logger.info("rules answer: %s", error.code)
            if stream.has_spoken:
                stream.take_back()
        words = await self._by_rules(given, hands)
        if warning := warning_of(given.context, given.run.locale):
            words = msgspec.structs.replace(words, text=f"{warning} {words.text}")
        stream.say(words.text)
        return Reply(words=words, source="rules", exhausted=exhausted)

    async def _by_model(
        self, given: Given, hands: RunHands, stream: Stream, facts: Facts, seconds: float
    ) -> Reply:
        run = given.run
        payer = Payer(tenant_id=run.tenant_id, user_id=run.user_id, run_id=run.id)
        agent = ModelAgent(self._models, payer, hands, stream, facts, seconds)
        agent.begin_with(warning_of(given.context, run.locale))
        before = hands.agent
        await agent.answer(given.context.messages, given.context.text)
        state = hands.state
        if state is None or hands.agent != before:
            # Who speaks next is the flow's to say, and what about.
            words = voice.next_words(hands.run, hands.flow, before)
            told = "" if agent.reply.strip() else _confirmed(hands)
            text = " ".join(part for part in (told, words.text) if part)
            stream.say(f" {text}" if agent.reply.strip() else text)
            words = msgspec.structs.replace(words, text=f"{agent.reply.strip()} {text}".strip())
            return Reply(words=words, source="model")
        if not agent.reply.strip():
            raise AiError
        replies = voice.ask(state, run.locale).quick_replies
        return Reply(words=Words(text=agent.reply.strip(), quick_replies=replies), source="model")

    async def _by_rules(self, given: Given, hands: RunHands) -> Words:
        """What a model did before it failed counts: then there is nothing left to understand."""
        if hands.saved:
            return _after_saving(hands)
        stored = given.context.memory.draft
        draft = msgspec.convert(stored, Draft) if stored else None
        return await ScriptedAgent(hands=hands, draft=draft).answer(given.context.text)

    async def _finish(self, given: Given, hands: RunHands, stream: Stream, reply: Reply) -> None:
        run, words = hands.run, reply.words
        state = hands.state
        answer = ChatAnswer(
            message_id=given.context.turn.message_id,
            response=None if reply.source == "staff" else words.text[:REPLY_AT_MOST],
            agent_type=hands.agent,
            source=reply.source,
            state_updated=bool(hands.saved) or run.skipped != given.run.skipped,
            new_state=progress(run).current_state,
            saved=hands.saved,
            quick_replies=list(words.quick_replies),
            progress=progress(run),
            budget_exhausted=reply.exhausted,
        )
        draft = msgspec.to_builtins(words.asked) if words.asked else None
        await stream.flush()
        async with self._database.transaction(given.caller) as connection:
            await chat.finish(
                connection,
                given.context.turn,
                answer,
                memory=Memory(focus=hands.focus, draft=draft),
                state=state.number if state else None,
                tool_calls=hands.uses,
            )


def _saved_since(run: Run, events: list[runs.StoredEvent], since: datetime) -> list[Saved]:
    """What an earlier attempt at a turn saved before its worker died."""
    numbers = {e.state for e in events if e.channel is Channel.CHAT and e.created_at >= since}
    return [
        Saved(state=state.number, key=state.key, answer=run.answers[state.key])
        for state in flow_of(run).states
        if state.number in numbers and state.key in run.answers
    ]


def _after_saving(hands: RunHands) -> Words:
    """The message is understood and stored; only its answer was never told."""
    last = hands.flow.find(hands.saved[-1].state)
    words = voice.next_words(hands.run, hands.flow, last.agent if last else "")
    return msgspec.structs.replace(words, text=f"{_confirmed(hands)} {words.text}".strip())


def _confirmed(hands: RunHands) -> str:
    """What was saved, in words."""
    states = ((hands.flow.find(saved.state), saved.answer) for saved in hands.saved)
    return " ".join(confirm(state, answer, hands.run.locale) for state, answer in states if state)
