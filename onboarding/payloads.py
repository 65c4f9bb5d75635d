"""Every struct that enters Temporal history.

Append only: a field is never renamed, retyped or removed, and a new one has a default, so that a history
written today is readable by every later version. Unknown fields are ignored for the same reason.
Times are timezone-aware UTC; ids are UUIDs in their canonical text form.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any

from msgspec import Struct, field


class Payload(Struct, frozen=True, kw_only=True):
    """The base of all payloads: immutable, named fields, unknown ones ignored."""


class Status(StrEnum):
    """Where a run stands; everything but `in_progress` is final."""

    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    ABANDONED = "abandoned"


class AbandonedReason(StrEnum):
    """Why a run ended without completion."""

    EXPIRED = "expired"
    DELETED = "deleted"
    RESTARTED = "restarted"
    ERASED = "erased"


class ActorKind(StrEnum):
    """Who did something to a run."""

    PERSON = "person"
    AGENT = "agent"
    STAFF = "staff"
    CAPTURE = "capture"
    CONNECTION = "connection"
    SYSTEM = "system"


class Channel(StrEnum):
    """The way in which an answer came."""

    FORM = "form"
    CHAT = "chat"
    API = "api"
    CAPTURE = "capture"
    CONNECTION = "connection"
    SYSTEM = "system"


class EventKind(StrEnum):
    """What can happen to a run; one row of `onboarding_events` each."""

    RUN_STARTED = "run_started"
    STATE_COMPLETED = "state_completed"
    STATE_EDITED = "state_edited"
    STATE_CONFIRMED = "state_confirmed"
    STATE_SKIPPED = "state_skipped"
    STATE_REOPENED = "state_reopened"
    RUN_REMINDED = "run_reminded"
    REMINDERS_CHANGED = "reminders_changed"
    PLACE_CHANGED = "place_changed"
    RUN_COMPLETED = "run_completed"
    RUN_ABANDONED = "run_abandoned"
    TAKEN_OVER = "taken_over"
    HANDED_BACK = "handed_back"


class Actor(Payload, frozen=True, kw_only=True):
    """Who acts: a person or a program by id, an agent by its key."""

    kind: ActorKind
    id: str | None = None
    agent: str | None = None


SYSTEM = Actor(kind=ActorKind.SYSTEM)


class FieldError(Payload, frozen=True, kw_only=True):
    """One thing wrong with one field. `field` is a path such as `meals[0].scheduled_time`."""

    field: str
    code: str
    detail: str


class AgentTurn(Payload, frozen=True, kw_only=True):
    """From when on an agent speaks, and at which state it took over."""

    agent: str
    state: int
    at: datetime


class Reminders(Payload, frozen=True, kw_only=True):
    """What a run remembers of its reminders: how many went out since the last answer, and who wants none."""

    sent: int = 0
    muted: bool = False
    snoozed_until: datetime | None = None


class Run(Payload, frozen=True, kw_only=True):
    """A run as the domain knows it. The position is not here: it is derived from the answers.

    `answers` holds validated answers by state key, `prefill` the answers of an expired predecessor, offered
    for reuse. `version` counts changes that a person can see, `seq` counts events. `staff` is the id of whoever
    answers in the agent's place.
    """

    id: str
    tenant_id: str
    user_id: str
    flow: str
    flow_version: int
    created_at: datetime
    last_activity_at: datetime
    expires_at: datetime
    status: Status = Status.IN_PROGRESS
    abandoned_reason: AbandonedReason | None = None
    completed_at: datetime | None = None
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    skipped: tuple[str, ...] = ()
    needs_review: tuple[str, ...] = ()
    prefill: dict[str, dict[str, Any]] = field(default_factory=dict)
    agent_history: tuple[AgentTurn, ...] = ()
    reminders: Reminders = Reminders()
    timezone: str = "UTC"
    locale: str = "en"
    version: int = 0
    seq: int = 0
    staff: str | None = None


class Event(Payload, frozen=True, kw_only=True):
    """One thing that happened to a run. `(run, seq)` is unique, so writing it twice is harmless."""

    seq: int
    version: int
    kind: EventKind
    actor: Actor
    channel: Channel
    at: datetime
    state: int | None = None


class Change(Payload, frozen=True, kw_only=True):
    """What a command made of a run: its new form and the events since. The projection is written from it."""

    run: Run
    events: tuple[Event, ...] = ()


class Opened(Payload, frozen=True, kw_only=True):
    """The answer of `begin` and `restart`: the run, whether this call made it, the one that it replaced."""

    change: Change
    created: bool = False
    replaced: Change | None = None


class StepAnswer(Payload, frozen=True, kw_only=True):
    """The answer to one state, named by number or key."""

    step: int | str
    data: dict[str, Any]


class Command(Payload, frozen=True, kw_only=True):
    """What all commands carry.

    `message_id` makes a repeat harmless; `expected_version` refuses a stale page, and `run_id` one of a run that
    another has taken the place of.
    """

    actor: Actor
    channel: Channel = Channel.FORM
    message_id: str | None = None
    expected_version: int | None = None
    run_id: str | None = None


class SaveSteps(Command, frozen=True, kw_only=True):
    """Save one answer, or several in order; all or nothing. `batch` says how error paths are written."""

    steps: tuple[StepAnswer, ...]
    batch: bool = False


class SkipStep(Command, frozen=True, kw_only=True):
    """Leave an optional state out."""

    step: int | str


class AcceptPrefilled(Command, frozen=True, kw_only=True):
    """Take over every answer that an expired predecessor offers and that is still valid."""


class Complete(Command, frozen=True, kw_only=True):
    """Finish the run: its answers become the profile."""


class Abandon(Command, frozen=True, kw_only=True):
    """End the run without completion."""

    reason: AbandonedReason


class Remind(Command, frozen=True, kw_only=True):
    """Note that a reminder goes out."""


class SnoozeReminders(Command, frozen=True, kw_only=True):
    """No reminders until a time, or with `muted` none at all; `muted=False` and no time wakes them again."""

    until: datetime | None = None
    muted: bool = False


class SetPlace(Command, frozen=True, kw_only=True):
    """The person's time zone (IANA) and language; times and quiet hours follow them."""

    timezone: str | None = None
    locale: str | None = None


class RefusedSignal(Payload, frozen=True, kw_only=True):
    """A signal that could not be followed: kept for whoever looks at the run."""

    at: datetime
    code: str
    step: str


class StartRun(Payload, frozen=True, kw_only=True):
    """The input of the workflow: a new run, or one carried over with all that it must remember.

    `begun` is False until somebody was told that the run exists; `seen` are digests of message ids, oldest
    first; `unsettled` are changes whose projection the workflow has not yet made sure of; `refusals` are the
    latest signals that could not be followed.
    """

    run: Run
    begun: bool = False
    seen: tuple[str, ...] = ()
    unsettled: tuple[Change, ...] = ()
    refusals: tuple[RefusedSignal, ...] = ()
    turns: tuple[str, ...] = ()


class Begin(Payload, frozen=True, kw_only=True):
    """Open the run for a person: the one that there is, or `run` where there is none that is open.

    `place` is taken over by a run that is found.
    """

    run: Run
    place: SetPlace


class Settle(Payload, frozen=True, kw_only=True):
    """Make sure that the projection holds these changes."""

    changes: tuple[Change, ...]


class Reminder(Payload, frozen=True, kw_only=True):
    """A reminder to send: the nth since the last answer at `since`."""

    run_id: str
    tenant_id: str
    user_id: str
    flow: str
    number: int
    since: datetime


class Refusal(Payload, frozen=True, kw_only=True):
    """Why a command was refused, in the form that crosses process borders."""

    code: str
    detail: str
    errors: tuple[FieldError, ...] = ()
    current_state: int | None = None


class StateView(Payload, frozen=True, kw_only=True):
    """A state as support staff see it: never the answer's text."""

    number: int
    key: str
    title: str
    status: str


class RunView(Payload, frozen=True, kw_only=True):
    """What the `view` query shows of a run."""

    run_id: str
    flow: str
    status: Status
    current_state: int | None
    version: int
    states: tuple[StateView, ...] = ()
    needs_review: tuple[int, ...] = ()
    agent_history: tuple[AgentTurn, ...] = ()
    refusals: tuple[RefusedSignal, ...] = ()
    expires_at: datetime | None = None
    next_reminder_at: datetime | None = None
    settled: bool = True


class SweepReport(Payload, frozen=True, kw_only=True):
    """What a clean-up did: rows looked at, and rows that it changed or whose runs it told to end."""

    seen: int = 0
    changed: int = 0


class ExpireSweep(Payload, frozen=True, kw_only=True):
    """Abandon what expired at least `grace_seconds` ago and is still open."""

    grace_seconds: int = 300


class ArchiveSweep(Payload, frozen=True, kw_only=True):
    """Archive runs that ended `after_days` ago, drop archives older than `retention_days`."""

    after_days: int = 30
    retention_days: int = 365


class RequestSweep(Payload, frozen=True, kw_only=True):
    """Forget idempotency keys after `keys_kept_hours`, request counts after `counts_kept_seconds`.

    A model's call that nobody came back from is written off after `calls_lost_seconds`; what calls did cost is
    forgotten after `calls_kept_days`.
    """

    keys_kept_hours: int = 24
    counts_kept_seconds: int = 3600
    calls_lost_seconds: int = 300
    calls_kept_days: int = 400


class MailOrder(Payload, frozen=True, kw_only=True):
    """A mail to send, by its id: what it says stands in the database, sealed."""

    mail_id: str


class MailSweep(Payload, frozen=True, kw_only=True):
    """Send what was written at least `older_than_seconds` ago and is still there."""

    older_than_seconds: int = 120


class Erase(Payload, frozen=True, kw_only=True):
    """Erase a person; `erasure_id` is the receipt. Ids only: this history outlives them."""

    erasure_id: str
    tenant_id: str
    user_id: str


class ErasureSweep(Payload, frozen=True, kw_only=True):
    """Start what was asked for at least `older_than_seconds` ago and is not completed."""

    older_than_seconds: int = 120


class EndRuns(Payload, frozen=True, kw_only=True):
    """End what is open of a person's runs: they are told to, and after `patience_seconds` terminated."""

    tenant_id: str
    user_id: str
    patience_seconds: int = 60


class EraseRows(Payload, frozen=True, kw_only=True):
    """Delete a person's rows and complete the receipt; `objects` is how many files they had."""

    erasure: Erase
    objects: int = 0


class ErasureCounts(Payload, frozen=True, kw_only=True):
    """What was there of a person, by store: rows of each table, files, open runs, data keys."""

    database: dict[str, int] = field(default_factory=dict)
    objects: int = 0
    runs_ended: int = 0
    data_keys: int = 0


class Say(Command, frozen=True, kw_only=True):
    """The person said something: the turn, by its id. What they said stands in the database."""

    turn_id: str


class TakeOver(Command, frozen=True, kw_only=True):
    """Somebody of the staff answers in the agent's place from now on."""


class HandBack(Command, frozen=True, kw_only=True):
    """The agent answers again."""


class TurnOrder(Payload, frozen=True, kw_only=True):
    """A turn to answer; `run_version` is the run's when it was asked for, None where there is no run."""

    turn_id: str
    tenant_id: str
    user_id: str
    run_id: str | None = None
    run_version: int = 0


class SuggestionOrder(Payload, frozen=True, kw_only=True):
    """Answer what stands in the row of a suggestion. Ids only: what the company says stays in the database.

    `timeout_seconds` is how long models may take, retries included.
    """

    suggestion_id: str
    tenant_id: str
    user_id: str
    kinds: tuple[str, ...]
    timeout_seconds: float


class SuggestPart(Payload, frozen=True, kw_only=True):
    """Ask for the suggestions of one kind."""

    suggestion_id: str
    tenant_id: str
    user_id: str
    kind: str
    timeout_seconds: float


class SuggestedPart(Payload, frozen=True, kw_only=True):
    """How that ended: whether there is something now, and if not whether a model was asked in vain."""

    found: bool
    failed: bool = False


class Suggested(Payload, frozen=True, kw_only=True):
    """A suggestion is settled; of the kinds in `failed` a model was asked in vain, and rules answered."""

    failed: tuple[str, ...] = ()
