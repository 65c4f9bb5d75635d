"""The turns of the general agent: it reads what is the person's own, and proposes."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct
from temporalio import activity
from uuid_utils.compat import uuid7

from activities.agents import Known, ModelAgent
from activities.ai.protocol import AiError, BudgetExhausted, ModelsUnavailable, Payer
from activities.streaming import Stream
from activities.turns import Bounds, Moot, Turns, calls_left, facts_of, may_ask, try_again, warning_of
from db import chat, profiles, proposals, recall, tenants, users
from db.pool import Connection, Database
from db.profiles import Profile
from onboarding import general
from onboarding.access import Caller
from onboarding.chat import REPLY_AT_MOST, ChatAnswer, Memory, Proposal, Source, ToolUse
from onboarding.errors import InvalidAnswer
from onboarding.flow import Flow
from onboarding.flows import FLOWS
from onboarding.payloads import FieldError, Refusal, TurnOrder
from onboarding.prompting import HISTORY_AT_MOST
from onboarding.safety import Facts, numbers_allowed
from onboarding.schedule import meals_view, workouts_view
from onboarding.scripted import complain
from onboarding.tools import Done, Tool, arguments_of, done, refused
from runtime.settings import Settings

if TYPE_CHECKING:  # whoever only names these activities, as the API does, needs no client of models
    from activities.ai.models import Models

SOON = 6
"""Dates that are told by rules."""


class Said(Struct, frozen=True, kw_only=True):
    """What is said, and by whom."""

    text: str
    source: Source
    exhausted: bool = False


class Mine(Struct, frozen=True, kw_only=True):
    """What the agent may know: the person's own."""

    owner: Caller
    flow: Flow
    profile: Profile | None
    timezone: str
    locale: str

    @property
    def answers(self) -> Mapping[str, Mapping[str, Any]] | None:
        """The profile's, if there is one."""
        return self.profile.answers if self.profile else None


class GeneralHands:
    """Reads, and one proposal."""

    def __init__(self, mine: Mine, stream: Stream, facts: Facts) -> None:
        self._mine = mine
        self._stream = stream
        self._facts = facts
        self.uses: list[ToolUse] = []
        self.proposal: Proposal | None = None

    @property
    def locale(self) -> str:
        """The person's."""
        return self._mine.locale

    @property
    def agent(self) -> str:
        """There is one."""
        return general.GENERAL_AGENT.key

    @property
    def at_the_end(self) -> bool:
        """There is always something to talk about."""
        return False

    def prompt(self) -> str:
        """Who the agent is, and the rules."""
        return general.general_prompt(self._mine.flow, self._mine.locale)

    def known(self) -> Known:
        """The profile."""
        return Known(tool="read_profile", told={"profile": self._mine.answers})

    def offered(self) -> list[Tool]:
        """Reads, and proposals where there is a profile."""
        return general.general_tools(self._mine.flow, self._mine.answers)

    async def use(self, name: str, arguments: str) -> Done:
        """Read or propose."""
        self._stream.tell("TOOL_CALL_START", {"tool": name[:80]})
        return self._noted(name, self._use(name, arguments))

    def refuse(self, name: str, code: str, detail: str) -> Done:
        """Do nothing, and say so."""
        self._stream.tell("TOOL_CALL_START", {"tool": name[:80]})
        return self._noted(name, refused(Refusal(code=code, detail=detail)))

    def propose(self, state: str, answer: object) -> Done:
        """Propose a change, if it would be taken."""
        mine = self._mine
        assert mine.answers is not None
        try:
            self.proposal = proposal = general.propose(
                mine.flow,
                mine.answers,
                state,
                answer,
                id=str(uuid7()),
                tenant_id=mine.owner.tenant_id,
                user_id=mine.owner.user_id,
            )
        except InvalidAnswer as invalid:
            return refused(invalid.refusal)
        return done(message="Proposed. The person must confirm it in their app.", proposal=proposal.answers)

    def schedule(self) -> dict[str, Any]:
        """The next seven days, as the person's clock shows them."""
        answers, now = self._mine.answers or {}, datetime.now(UTC)
        meals = meals_view(answers, self._mine.timezone, now).occurrences
        workouts = workouts_view(answers, self._mine.timezone, now).occurrences
        return msgspec.to_builtins({"meals": meals, "workouts": workouts, "timezone": self._mine.timezone})

    def _use(self, name: str, arguments: str) -> Done:
        tool = next((tool for tool in self.offered() if tool.name == name), None)
        if tool is None:
            return refused(Refusal(code="tool_not_allowed", detail="There is no such tool."))
        given = arguments_of(arguments)
        if given is None:
            return refused(Refusal(code="invalid_arguments", detail="The arguments must be one JSON object."))
        match tool.kind:
            case "profile":
                return done(profile=self._mine.answers)
            case "schedule":
                return done(**self.schedule())
            case _:
                answer = given.get("answer")
                if isinstance(answer, dict) and (errors := numbers_allowed(self._facts, answer)):
                    return refused(Refusal(code="validation_error", detail="", errors=tuple(errors)))
                return self.propose(str(given.get("state", ""))[:80], answer)

    def _noted(self, name: str, outcome: Done) -> Done:
        use = ToolUse(tool=name[:80], ok=outcome.ok, error=outcome.error)
        self.uses.append(use)
        self._stream.tell("TOOL_CALL_END", msgspec.to_builtins(use))
        return outcome


class GeneralChats:
    """Answers turns of the conversation that follows an onboarding."""

    def __init__(self, turns: Turns, database: Database, models: "Models", settings: Settings) -> None:
        self._turns = turns
        self._database = database
        self._models = models
        self._seconds = settings.ai_timeout_seconds
        self._flow = settings.default_flow

    @activity.defn(name="answer_general")
    async def answer_general(self, order: TurnOrder) -> None:
        """Answer one turn, unless that is done already."""
        await self._turns.answer(order, self._answer)

    async def _answer(self, order: TurnOrder, caller: Caller) -> None:
        async with self._database.transaction(caller) as connection:
            context = await recall.context(connection, order.turn_id, HISTORY_AT_MOST)
            if context is None:
                return
            mine = await self._mine(connection, caller)
            calls = await calls_left(connection, context.turn)
        turn = context.turn
        stream = Stream(self._database, caller, turn.id, seq=context.seq, followed=turn.streamed)
        facts = facts_of(context, mine.answers or {})
        hands = GeneralHands(mine, stream, facts)
        bounds = may_ask(turn, self._seconds, calls)
        said = await self._reply(caller, mine, context, hands, stream, facts, bounds)
        answer = ChatAnswer(
            message_id=turn.message_id,
            response=said.text,
            agent_type=hands.agent,
            source=said.source,
            proposal=hands.proposal,
            budget_exhausted=said.exhausted,
        )
        await stream.flush()
        async with self._database.transaction(caller) as connection:
            told = await chat.finish(connection, turn, answer, memory=Memory(), state=None, tool_calls=hands.uses)
            # A conversation that was deleted meanwhile leaves nothing to confirm.
            if told and (proposal := hands.proposal):
                await proposals.add(connection, id=proposal.id, flow=proposal.flow, answers=proposal.answers)

    async def _mine(self, connection: Connection, caller: Caller) -> Mine:
        person = await users.by_id(connection, caller.user_id)
        if person is None:
            raise Moot
        tenant = await tenants.get(connection, caller.tenant_id)
        flow = FLOWS.get(tenant.default_flow if tenant else self._flow)
        profile = await profiles.get(connection, caller.user_id, flow.key)
        if profile is not None:
            flow = FLOWS.get(profile.flow, profile.flow_version)
        return Mine(
            owner=caller,
            flow=flow,
            profile=profile,
            timezone=person.timezone,
            locale=person.locale,
        )

    async def _reply(
        self,
        caller: Caller,
        mine: Mine,
        context: recall.Context,
        hands: GeneralHands,
        stream: Stream,
        facts: Facts,
        bounds: Bounds | None,
    ) -> Said:
        exhausted = False
        if self._models.configured and bounds:
            payer = Payer(tenant_id=caller.tenant_id, user_id=caller.user_id)
            agent = ModelAgent(self._models, payer, hands, stream, lambda: facts, bounds)
            agent.begin_with(warning_of(context, mine.locale))
            try:
                await agent.answer(context.messages, context.text)
                if agent.reply:
                    return Said(text=agent.reply, source="model")
            except BudgetExhausted:
                exhausted = True
            except ModelsUnavailable as error:
                await stream.flush()
                try_again(error, bounds.seconds)
            except AiError as error:
                activity.logger.info("rules answer: %s", error.code)
            if stream.has_spoken:
                stream.take_back()
        text = _by_rules(mine, context.text, hands)
        if warning := warning_of(context, mine.locale):
            text = f"{warning} {text}"
        text = text[:REPLY_AT_MOST].strip()
        stream.say(text)
        return Said(text=text, source="rules", exhausted=exhausted)


def _by_rules(mine: Mine, text: str, hands: GeneralHands) -> str:
    wanted = general.wanted(mine.flow, mine.answers, text, mine.locale)
    match wanted.kind:
        case "profile":
            return general.told_profile(mine.flow, mine.answers, mine.locale, wanted.about)
        case "schedule":
            return general.told_schedule(_coming(hands.schedule(), wanted.about, mine.locale), mine.locale)
        case "thanks":
            return general.told_thanks(mine.locale)
        case "who":
            return general.told_who(mine.locale)
        case "propose":
            assert wanted.state is not None
            outcome = hands.propose(wanted.state.key, wanted.answer)
            if hands.proposal is None or not outcome.ok:
                return general.told_impossible(
                    complain(wanted.state, _within(outcome.errors, wanted.state.key), mine.locale), mine.locale
                )
            return general.told_proposal(mine.flow, hands.proposal, mine.locale)
        case "unclear":
            return general.greeting(mine.locale)


def _coming(schedule: dict[str, Any], about: Collection[str], locale: str) -> list[str]:
    """The next dates in words: of meals or of workouts, where only one of them is meant."""
    kinds = [kind for kind in ("meals", "workouts") if f"{kind[:-1]}_schedule" in about] or ["meals", "workouts"]
    coming = sorted((each for kind in kinds for each in schedule[kind]), key=lambda each: each["at"])
    return [general.told_date(each["local_time"], each.get("name"), locale) for each in coming[:SOON]]


def _within(errors: Sequence[FieldError], key: str) -> list[FieldError]:
    """The errors of a proposal with paths as inside the state."""
    return [msgspec.structs.replace(error, field=error.field.removeprefix(f"answers.{key}.")) for error in errors]
