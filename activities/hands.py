"""What an agent's tools do: commands to the run, through the same reducer as a form's."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
from temporalio import activity
from temporalio.client import Client, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from activities.agents import Known
from activities.streaming import Stream
from activities.turns import Moot
from db import runs
from db.pool import Database, DatabaseUnavailable
from onboarding.access import Caller, Role
from onboarding.chat import Memory, Saved, ToolUse
from onboarding.errors import AlreadyComplete, RunAbandoned, RunExpired
from onboarding.flow import Flow, State
from onboarding.payloads import (
    Actor,
    ActorKind,
    Change,
    Channel,
    Command,
    FieldError,
    Refusal,
    Run,
    SaveSteps,
    SkipStep,
    StepAnswer,
)
from onboarding.progress import current_state, flow_of, progress
from onboarding.prompting import collected, system_prompt
from onboarding.tools import Done, Tool, arguments_of, asked_state, done, on_offer, refused
from runtime.addresses import RunAddress, workflow_id

ENDED = {AlreadyComplete.code, RunAbandoned.code, RunExpired.code}
"""Refusals after which there is nothing left to talk about."""


class RunHands:
    """The run while a turn about it is answered, and what may be done to it.

    Attributes:
        saved: what the turn stored.
        touched: the states that it saved or skipped, in order.
        uses: the tools that a model called.
    """

    def __init__(
        self,
        client: Client,
        database: Database,
        run: Run,
        memory: Memory,
        stream: Stream,
        check: Callable[[Mapping[str, Any]], Sequence[FieldError]],
    ) -> None:
        """Nothing is done yet.

        Args:
            client: to reach the run with.
            database: where it is read.
            run: as it is now.
            memory: what the conversation remembers.
            stream: told of each tool and each change.
            check: what a model may not save though it fits: figures that only the person may set.
        """
        self._client = client
        self._database = database
        self._stream = stream
        self._check = check
        self.run = run
        self.flow: Flow = flow_of(run)
        self.focus = memory.focus if memory.focus in run.answers or memory.focus in run.skipped else None
        self.saved: list[Saved] = []
        self.touched: list[State] = []
        self.uses: list[ToolUse] = []

    @property
    def state(self) -> State | None:
        """What is talked about now."""
        return asked_state(self.run, self.flow, self.focus)

    @property
    def agent(self) -> str:
        """Who talks now: the agent of that state; at the end, that of the last one."""
        return (self.state or self.flow.states[-1]).agent

    @property
    def locale(self) -> str:
        """The run's."""
        return self.run.locale

    @property
    def at_the_end(self) -> bool:
        """Whether every state is answered, and none is gone back to."""
        return self.state is None

    def prompt(self) -> str:
        """Who the agent is, what is asked, and the rules."""
        return system_prompt(self.run, self.flow, self.focus)

    def known(self) -> Known:
        """Where the run stands."""
        return Known(tool="get_progress", told=collected(self.run, self.flow))

    def offered(self) -> list[Tool]:
        """Those of the state, and those that change nothing."""
        return on_offer(self.run, self.flow, self.focus)

    async def use(self, name: str, arguments: str) -> Done:
        """Do what a model asks for, if the tool is on offer at this moment."""
        self._stream.tell("TOOL_CALL_START", {"tool": name[:80]})
        outcome = await self._use(name, arguments)
        self._note(name, outcome)
        return outcome

    def refuse(self, name: str, code: str, detail: str) -> Done:
        """Do nothing, and say so."""
        outcome = refused(Refusal(code=code, detail=detail))
        self._stream.tell("TOOL_CALL_START", {"tool": name[:80]})
        self._note(name, outcome)
        return outcome

    async def save(self, state: State, data: dict[str, Any]) -> Done:
        """Save an answer."""
        before = self.run.version
        command = SaveSteps(
            actor=self._actor(),
            channel=Channel.CHAT,
            run_id=self.run.id,
            steps=(StepAnswer(step=state.key, data=data),),
        )
        outcome = await self._send("save_step", command, f"{state.title}: saved.")
        if outcome.ok:
            self.focus = None
            answer = self.run.answers[state.key]
            if self.run.version != before:
                self.saved.append(Saved(state=state.number, key=state.key, answer=answer))
                self.touched.append(state)
        return outcome

    async def skip(self, state: State) -> Done:
        """Leave an optional state out."""
        before = self.run.version
        command = SkipStep(actor=self._actor(), channel=Channel.CHAT, run_id=self.run.id, step=state.key)
        outcome = await self._send("skip_step", command, f"{state.title}: skipped.")
        if outcome.ok:
            self.focus = None
            if self.run.version != before:
                self.touched.append(state)
        return outcome

    def go_back(self, key: str) -> Done:
        """Talk about an earlier state again."""
        state = self.flow.find(key)
        if state is None or (state.key not in self.run.answers and state.key not in self.run.skipped):
            current = current_state(self.run, self.flow)
            return refused(
                Refusal(
                    code="state_mismatch",
                    detail="Only states that are answered can be gone back to.",
                    current_state=current.number if current else None,
                )
            )
        self.focus = state.key
        return done(message=f"Now talking about {state.title}.", stored=self.run.answers.get(state.key))

    async def _use(self, name: str, arguments: str) -> Done:
        tool = next((tool for tool in on_offer(self.run, self.flow, self.focus) if tool.name == name), None)
        if tool is None:
            return refused(Refusal(code="tool_not_allowed", detail="There is no such tool now."))
        given = arguments_of(arguments)
        if given is None:
            return refused(Refusal(code="invalid_arguments", detail="The arguments must be one JSON object."))
        state = self.flow.find(tool.state) if tool.state else None
        match tool.kind:
            case "save":
                assert state is not None
                if errors := self._check(given):
                    return refused(Refusal(code="validation_error", detail="", errors=tuple(errors)))
                return await self.save(state, given)
            case "skip":
                assert state is not None
                return await self.skip(state)
            case "back":
                return self.go_back(str(given.get("state", ""))[:80])
            case "why":
                assert state is not None
                return done(message=state.worded(self.run.locale).why_we_ask)
            case "progress":
                return done(**collected(self.run, self.flow))
            case _:
                raise AssertionError(tool.kind)

    def _note(self, name: str, outcome: Done) -> None:
        use = ToolUse(tool=name[:80], ok=outcome.ok, error=outcome.error)
        self.uses.append(use)
        self._stream.tell("TOOL_CALL_END", msgspec.to_builtins(use))

    def _actor(self) -> Actor:
        return Actor(kind=ActorKind.AGENT, id=self.run.user_id, agent=self.agent)

    async def _send(self, update: str, command: Command, message: str) -> Done:
        """Ask the run, and write what it made of it where it is read.

        Raises:
            Moot: it has ended, or another one is in its place.
        """
        run = self.run
        handle = self._client.get_workflow_handle(workflow_id(RunAddress(run.tenant_id, run.user_id, run.flow)))
        try:
            change: Change = await handle.execute_update(update, command, result_type=Change)
        except WorkflowUpdateFailedError as failed:
            cause = failed.cause
            if not isinstance(cause, ApplicationError) or not cause.details:
                raise Moot from failed
            refusal = msgspec.convert(cause.details[0], Refusal)
            if refusal.code in ENDED:
                raise Moot from failed
            return refused(refusal)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                raise Moot from error
            raise
        self.run = change.run
        if change.events:
            await self._project(change)
        where = progress(self.run)
        return done(
            message=message,
            current_state=where.current_state,
            next_state=where.next_state_info.state_number if where.next_state_info else None,
            can_complete=where.can_complete,
            needs_review=[each.key for each in self.flow.states if each.key in self.run.needs_review],
        )

    async def _project(self, change: Change) -> None:
        caller = Caller(tenant_id=self.run.tenant_id, user_id=self.run.user_id, role=Role.USER)
        try:
            await runs.project(self._database, caller, change, durable=False)
        except (DatabaseUnavailable, runs.PredecessorOpen) as error:
            activity.logger.warning("projection left to the workflow: %s", type(error).__name__)
        self._stream.tell("STATE_DELTA", {"progress": msgspec.to_builtins(progress(self.run))})
