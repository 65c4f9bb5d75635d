"""A run while a command is applied to it: the events so far, and what every answer brings with it."""

from datetime import datetime
from typing import Any

from msgspec.structs import replace

from onboarding.flow import Flow, State
from onboarding.payloads import Actor, AgentTurn, Channel, Event, EventKind, Run
from onboarding.progress import current_state


class Changing:
    """A run while a command is applied to it."""

    def __init__(self, run: Run, flow: Flow, actor: Actor, channel: Channel, now: datetime) -> None:
        self.before = run
        self.run = run
        self.flow = flow
        self.actor = actor
        self.channel = channel
        self.now = now
        self.events: list[Event] = []

    def set(self, **fields: Any) -> None:
        """Change fields of the run."""
        self.run = replace(self.run, **fields)

    def note(self, kind: EventKind, state: State | None = None, *, visible: bool = True) -> None:
        """Record an event. All visible events of one command are one version."""
        version = self.before.version + 1 if visible else self.run.version
        self.set(seq=self.run.seq + 1, version=version)
        self.events.append(
            Event(
                seq=self.run.seq,
                version=version,
                kind=kind,
                state=state.number if state else None,
                actor=self.actor,
                channel=self.channel,
                at=self.now,
                forked_from=self.run.forked_from if kind is EventKind.RUN_STARTED else None,
            )
        )

    def answered(self) -> None:
        """An answer slides the expiry and starts the reminders anew."""
        reminders = replace(self.run.reminders, sent=0)
        self.set(
            last_activity_at=self.now,
            expires_at=self.now + self.flow.timing.expires_after,
            reminders=reminders,
        )

    def done(self) -> tuple[Run, tuple[Event, ...]]:
        """The run afterwards and its events, the agent's turn noted."""
        current = current_state(self.run, self.flow)
        history = self.run.agent_history
        if current and self.events and (not history or history[-1].agent != current.agent):
            turn = AgentTurn(agent=current.agent, state=current.number, at=self.now)
            self.set(agent_history=(*history, turn)[-50:])
        return self.run, tuple(self.events)
