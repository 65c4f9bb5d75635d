"""The turns of conversations, answered: by a model, by rules, or by nobody while staff do."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct
from temporalio import activity
from temporalio.client import Client
from temporalio.exceptions import ApplicationError

from activities.agents import ModelAgent
from activities.ai.protocol import AiError, BudgetExhausted, ModelsUnavailable, Payer
from activities.hands import RunHands
from activities.scripted import ScriptedAgent
from activities.streaming import Stream
from activities.turns import Bounds, Moot, Turns, calls_left, facts_of, may_ask, try_again, warning_of
from db import chat, recall, runs
from db.pool import Database
from onboarding import voice
from onboarding.access import Caller
from onboarding.chat import REPLY_AT_MOST, ChatAnswer, Memory, Saved, Source
from onboarding.flow import State
from onboarding.payloads import Channel, Run, TurnOrder
from onboarding.progress import current_state, flow_of, progress
from onboarding.prompting import HISTORY_AT_MOST
from onboarding.safety import Facts, numbers_allowed
from onboarding.scripted import Draft, confirm
from onboarding.voice import Words
from runtime.settings import Settings

if TYPE_CHECKING:  # whoever only names these activities, as the API does, needs no client of models
    from activities.ai.models import Models


class Behind(ApplicationError):
    """The database does not show the run yet as it was when the turn was asked for; it will shortly."""

    def __init__(self) -> None:
        super().__init__("the projection is behind", next_retry_delay=timedelta(milliseconds=200))


class Given(Struct, frozen=True, kw_only=True):
    """What a turn is answered from."""

    caller: Caller
    context: recall.Context
    run: Run
    calls: int
    touched: list[State]


class Reply(Struct, frozen=True, kw_only=True):
    """What is said, and by whom."""

    words: Words
    source: Source
    exhausted: bool = False


SILENCE = Reply(words=Words(text=""), source="staff")


class Chats:
    """Answers turns of onboardings. Every answer is stored once, however often a worker dies over it."""

    def __init__(
        self, turns: Turns, database: Database, client: Client, models: "Models", settings: Settings
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

        def facts() -> Facts:
            return facts_of(given.context, hands.run.answers)

        hands = RunHands(
            self._client,
            self._database,
            given.run,
            given.context.memory,
            stream,
            lambda data: numbers_allowed(facts(), data),
        )
        hands.touched += given.touched
        hands.saved += (_saved(given.run, state) for state in given.touched if state.key in given.run.answers)
        if given.run.staff is not None:
            reply = SILENCE
        elif given.touched:
            reply = Reply(words=_after_touching(given, hands, facts()), source="rules")
        else:
            reply = await self._reply(given, hands, stream, facts)
        await self._finish(given, hands, stream, reply)

    async def _given(self, order: TurnOrder, caller: Caller) -> Given | None:
        assert order.run_id is not None
        async with self._database.transaction(caller) as connection:
            context = await recall.context(connection, order.turn_id, HISTORY_AT_MOST)
            if context is None:
                return None
            if context.turn.run_id != order.run_id:
                raise Moot  # Another run has taken the place of the one that it was about.
            run = await runs.get(connection, order.run_id)
            if run is None or run.version < order.run_version:
                raise Behind
            touched = list[State]()
            if activity.info().attempt > 1:
                touched = _touched_since(run, await runs.events(connection, run.id), context.turn.created_at)
            return Given(
                caller=caller,
                context=context,
                run=run,
                calls=await calls_left(connection, context.turn),
                touched=touched,
            )

    async def _reply(self, given: Given, hands: RunHands, stream: Stream, facts: Callable[[], Facts]) -> Reply:
        """By a model if there is one that answers; else by rules."""
        exhausted = False
        if self._models.configured and (bounds := may_ask(given.context.turn, self._seconds, given.calls)):
            try:
                return await self._by_model(given, hands, stream, facts, bounds)
            except BudgetExhausted:
                exhausted = True
            except ModelsUnavailable as error:
                if not hands.touched:
                    await stream.flush()
                    try_again(error, bounds.seconds)
            except AiError as error:
                activity.logger.info("rules answer: %s", error.code)
            if stream.has_spoken:
                stream.take_back()
        words = await self._by_rules(given, hands, facts)
        warning = warning_of(given.context, given.run.locale)
        if warning and not _refers_already(words, hands, facts()):
            words = msgspec.structs.replace(words, text=f"{warning} {words.text}")
        words = msgspec.structs.replace(words, text=words.text[:REPLY_AT_MOST].strip())
        stream.say(words.text)
        return Reply(words=words, source="rules", exhausted=exhausted)

    async def _by_model(
        self, given: Given, hands: RunHands, stream: Stream, facts: Callable[[], Facts], bounds: Bounds
    ) -> Reply:
        run = given.run
        payer = Payer(tenant_id=run.tenant_id, user_id=run.user_id, run_id=run.id)
        agent = ModelAgent(self._models, payer, hands, stream, facts, bounds)
        warning = voice.refers(hands.state, facts(), run.locale) or warning_of(given.context, run.locale)
        agent.begin_with(warning)
        before = hands.agent
        await agent.answer(given.context.messages, given.context.text)
        state = hands.state
        if state is None or hands.agent != before:
            # Who speaks next is the flow's to say, and what about.
            words = _following(hands, run, before, facts())
            told = "" if agent.reply else _confirmed(hands)
            following = words.text
            if (referral := voice.refers(state, facts(), run.locale)) and referral in agent.reply:
                following = following.replace(referral, "").strip()
            text = " ".join(part for part in (told, following) if part)
            if agent.reply:
                text = f" {text}"
            stream.say(text := text[: REPLY_AT_MOST - len(agent.reply)])
            words = msgspec.structs.replace(words, text=agent.reply + text)
            return Reply(words=words, source="model")
        if not agent.reply:
            raise AiError
        replies = voice.ask(state, run.locale, facts()).quick_replies
        return Reply(words=Words(text=agent.reply, quick_replies=replies), source="model")

    async def _by_rules(self, given: Given, hands: RunHands, facts: Callable[[], Facts]) -> Words:
        """What a model did before it failed counts: then there is nothing left to understand."""
        if hands.touched:
            return _after_touching(given, hands, facts())
        stored = given.context.memory.draft
        draft = msgspec.convert(stored, Draft) if stored else None
        return await ScriptedAgent(hands=hands, draft=draft, facts=facts).answer(given.context.text)

    async def _finish(self, given: Given, hands: RunHands, stream: Stream, reply: Reply) -> None:
        """Store the answer, unless staff have taken over since: then what was said is taken back."""
        await stream.flush()
        if await self._stored(given, hands, reply):
            return
        if stream.has_spoken:
            stream.take_back()
            await stream.flush()
        await self._stored(given, hands, SILENCE)

    async def _stored(self, given: Given, hands: RunHands, reply: Reply) -> bool:
        """Store an answer; False when it is not the agent's to give any more, or was given."""
        run, words = hands.run, reply.words
        state = hands.state
        answer = ChatAnswer(
            message_id=given.context.turn.message_id,
            response=None if reply.source == "staff" else words.text,
            agent_type=hands.agent,
            source=reply.source,
            state_updated=bool(hands.touched),
            new_state=progress(run).current_state,
            saved=hands.saved,
            quick_replies=list(words.quick_replies),
            progress=progress(run),
            budget_exhausted=reply.exhausted,
        )
        draft = msgspec.to_builtins(words.asked) if words.asked else None
        async with self._database.transaction(given.caller) as connection:
            return await chat.finish(
                connection,
                given.context.turn,
                answer,
                memory=Memory(focus=hands.focus, draft=draft),
                state=state.number if state else None,
                tool_calls=hands.uses,
                by_agent=reply.source != "staff",
            )


def _touched_since(run: Run, events: list[runs.StoredEvent], since: datetime) -> list[State]:
    """What an earlier attempt at a turn saved or skipped before its worker died."""
    numbers = {e.state for e in events if e.channel is Channel.CHAT and e.created_at >= since}
    return [state for state in flow_of(run).states if state.number in numbers]


def _saved(run: Run, state: State) -> Saved:
    return Saved(state=state.number, key=state.key, answer=run.answers[state.key])


def _refers_already(words: Words, hands: RunHands, facts: Facts) -> bool:
    """Whether the question itself says whom to ask instead."""
    told = voice.refers(hands.state, facts, hands.locale)
    return bool(told) and told in words.text


def _following(hands: RunHands, before: Run, agent: str, facts: Facts) -> Words:
    """What follows what a model did: the state that it went back to, else what is asked now."""
    if (state := hands.state) is not None and hands.focus is not None:
        return voice.gone_back_to(hands.run, state, facts)
    moved = current_state(before, hands.flow) != current_state(hands.run, hands.flow)
    words = voice.next_words(hands.run, hands.flow, agent if moved else None, facts)
    doubts = voice.review_later(hands.run, hands.flow, before)
    return msgspec.structs.replace(words, text=f"{doubts} {words.text}".strip())


def _after_touching(given: Given, hands: RunHands, facts: Facts) -> Words:
    """The message is understood and followed; only its answer was never told."""
    last = hands.touched[-1]
    agent = last.agent if given.context.memory.focus != last.key else None
    words = voice.next_words(hands.run, hands.flow, agent, facts)
    return msgspec.structs.replace(words, text=f"{_confirmed(hands)} {words.text}".strip())


def _confirmed(hands: RunHands) -> str:
    """What was saved, in words."""
    states = ((hands.flow.find(saved.state), saved.answer) for saved in hands.saved)
    return " ".join(confirm(state, answer, hands.run.locale) for state, answer in states if state)
