"""Every struct that enters Temporal history.

Append only: a field is never renamed, retyped or removed, and a new one has a default, so that a history
written today is readable by every later version. Unknown fields are ignored for the same reason.
Times are timezone-aware UTC; ids are UUIDs in their canonical text form.
"""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from msgspec import Struct, field

from onboarding.connections import ProviderKey


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
    """What a run remembers of its reminders: how many went out since the last answer, and who wants none.

    `nudged_at` is when somebody of the staff last had the person reminded.
    """

    sent: int = 0
    muted: bool = False
    snoozed_until: datetime | None = None
    nudged_at: datetime | None = None


class Run(Payload, frozen=True, kw_only=True):
    """A run as the domain knows it. The position is not here: it is derived from the answers.

    `answers` holds validated answers by state key, `prefill` the answers of an expired predecessor, offered
    for reuse. `version` counts changes that a person can see, `seq` counts events. `staff` is the id of whoever
    answers in the agent's place, `forked_from` that of the run whose first answers it began with.
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
    forked_from: str | None = None


class Event(Payload, frozen=True, kw_only=True):
    """One thing that happened to a run. `(run, seq)` is unique, so writing it twice is harmless.

    The start of a fork names the run that it comes from, and the state at which it begins.
    """

    seq: int
    version: int
    kind: EventKind
    actor: Actor
    channel: Channel
    at: datetime
    state: int | None = None
    forked_from: str | None = None


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
    """A reminder to send: the nth since the last answer at `since`, or the `nudge` of that moment."""

    run_id: str
    tenant_id: str
    user_id: str
    flow: str
    number: int
    since: datetime
    nudge: bool = False


class Refusal(Payload, frozen=True, kw_only=True):
    """Why a command was refused, in the form that crosses process borders.

    `retry_after_seconds` is there where the same is allowed later.
    """

    code: str
    detail: str
    errors: tuple[FieldError, ...] = ()
    current_state: int | None = None
    retry_after_seconds: int | None = None


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
    forked_from: str | None = None


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


class RunWatch(Payload, frozen=True, kw_only=True):
    """Tell staff of stuck runs, and of refused saves in the last `window_minutes`, told once in such a time."""

    window_minutes: int = 60


class MonitorOrder(Payload, frozen=True, kw_only=True):
    """Look for alarms in an AWS account; `account_id` is its row, where how it is entered stays."""

    tenant_id: str
    account_id: str


class MonitorReport(Payload, frozen=True, kw_only=True):
    """What a look found: alarms that are watched, and how many of them are told for the first time.

    `outcome` is `looked`, `failed`, or `idle` for an account that is not to be looked at any more.
    """

    outcome: str
    seen: int = 0
    told: int = 0


class AccountSweep(Payload, frozen=True, kw_only=True):
    """Make the schedules of AWS accounts what they should be."""


class AlertOrder(Payload, frozen=True, kw_only=True):
    """An alert to send. Ids only: to whom, and what it says, stands in the database."""

    alert_id: str
    tenant_id: str


class AlertSweep(Payload, frozen=True, kw_only=True):
    """Order the alerts that wait, `at_most` so many; what is ordered in vain is due again after some seconds."""

    at_most: int = 2000
    again_after_seconds: int = 300


class ReportSweep(Payload, frozen=True, kw_only=True):
    """Report of the day so many days ago."""

    days_ago: int = 1


class ReportOrder(Payload, frozen=True, kw_only=True):
    """Write the report of a day (UTC)."""

    day: date


class Nudge(Command, frozen=True, kw_only=True):
    """Somebody of the staff has the person reminded now."""


class Fork(Payload, frozen=True, kw_only=True):
    """Begin `run` with the answers of `source` to the states before `from_state`, by number or key.

    `source` is the run as it was read; one that is open is forked as its workflow has it, and ends with that.
    """

    run: Run
    source: Run
    from_state: int | str
    actor: Actor
    channel: Channel
    message_id: str | None = None


class ScanOrder(Payload, frozen=True, kw_only=True):
    """Scan what was uploaded. Ids only: names, texts and findings stay in the database and the store of files.

    `timeout_seconds` is what the service has for its answer.
    """

    scan_id: str
    tenant_id: str
    user_id: str
    timeout_seconds: float


class ScanSweep(Payload, frozen=True, kw_only=True):
    """Take away what is left of scans that nobody finished for so long."""

    older_than_seconds: int = 3600


class PhotoOrder(Payload, frozen=True, kw_only=True):
    """Say what is in a photo. Ids only: the photo lies in the store of files, what is seen in the database.

    With a `session_id` and an `item_id`, that item of a capture session is told. `timeout_seconds` is a model's.
    """

    image_id: str
    tenant_id: str
    user_id: str
    timeout_seconds: float
    session_id: str | None = None
    item_id: str | None = None


class ImageSweep(Payload, frozen=True, kw_only=True):
    """Take away what is left of uploads that nobody finished."""


class SyncOrder(Payload, frozen=True, kw_only=True):
    """Send the items of a sync. Ids only: which ones, and what they are, stands in the database.

    `target` is `sink` or `csv`.
    """

    sync_id: str
    tenant_id: str
    user_id: str
    target: str


class SyncPart(Payload, frozen=True, kw_only=True):
    """What became of a part of a sync: how many were settled, and whether there are `more`.

    `failure` says why there is no point in going on.
    """

    settled: int = 0
    more: bool = False
    failure: str | None = None


class SyncEnd(Payload, frozen=True, kw_only=True):
    """A sync that has come to its end, as `completed`, `failed` with a code, or `cancelled`."""

    order: SyncOrder
    status: str
    code: str | None = None


class SyncReport(Payload, frozen=True, kw_only=True):
    """What a sync came to. Status is empty where nothing is left of it."""

    status: str = ""
    total: int = 0
    sent: int = 0
    failed: int = 0


class ScrapeOrder(Payload, frozen=True, kw_only=True):
    """Fetch the pages of a job. Ids and counts only: addresses and what is found stay in the database."""

    job_id: str
    tenant_id: str
    user_id: str
    pages: int


class ScrapePage(Payload, frozen=True, kw_only=True):
    """Fetch one of them, by its number."""

    job_id: str
    tenant_id: str
    user_id: str
    page: int


class EndScrape(Payload, frozen=True, kw_only=True):
    """The end of a job, which came to it or was cancelled."""

    job_id: str
    tenant_id: str
    user_id: str
    cancelled: bool = False


class ScrapeReport(Payload, frozen=True, kw_only=True):
    """How many goods of pages are on the person's list, where this job found any."""

    found: int = 0


class LookUp(Payload, frozen=True, kw_only=True):
    """Find out what a code of goods stands for; the code is a GTIN of fourteen digits."""

    gtin: str


class LookUpPlan(Payload, frozen=True, kw_only=True):
    """What is known of a code already (`found` or `unknown`), or else whom to ask, in this order."""

    outcome: str | None = None
    providers: tuple[str, ...] = ()


class AskProvider(Payload, frozen=True, kw_only=True):
    """Ask one catalogue for a code, within so many seconds."""

    gtin: str
    provider: str
    seconds: float


class LookedUp(Payload, frozen=True, kw_only=True):
    """How that ended: `found`, `unknown` or `away`. What was found stands in the database."""

    outcome: str


class CaptureRef(Payload, frozen=True, kw_only=True):
    """An item of a capture session, and whose it is."""

    tenant_id: str
    user_id: str
    session_id: str
    item_id: str


class CaptureOrder(Payload, frozen=True, kw_only=True):
    """See a capture session to its end. Ids only: what is captured stays in the database."""

    tenant_id: str
    user_id: str
    session_id: str


class CaptureState(Payload, frozen=True, kw_only=True):
    """Where a capture session stands: until when it lasts if it is `active`, and how many items there are.

    Once it has ended, of each kind that it has: how many are on the person's list, of all sessions.
    """

    active: bool
    expires_at: datetime
    barcodes: int = 0
    photos: int = 0


class CaptureSweep(Payload, frozen=True, kw_only=True):
    """See to capture sessions that ended so long ago, and whose end nobody has seen to."""

    older_than_seconds: int = 300


class CaptureCode(Payload, frozen=True, kw_only=True):
    """The code of an item, as a GTIN; None when it is gone, or has none."""

    gtin: str | None = None


class Enrich(Payload, frozen=True, kw_only=True):
    """Write into an item what was found of its code, or that nothing was."""

    item: CaptureRef
    gtin: str
    outcome: str


class ImportOrder(Payload, frozen=True, kw_only=True):
    """Import a file once its owner has said what its columns are, and forget it after a day without that."""

    import_id: str
    tenant_id: str
    user_id: str
    wait_seconds: int = 86_400


class ImportReport(Payload, frozen=True, kw_only=True):
    """How an import ended: its status, rows that became items, and rows that did not; all `listed` of any file."""

    status: str
    imported: int = 0
    failed: int = 0
    listed: int = 0


class ConnectionRef(Payload, frozen=True, kw_only=True):
    """A connection, and whose it is; `memory` is what its life takes along when it is continued as new."""

    tenant_id: str
    user_id: str
    connection_id: str
    memory: "ConnectionMemory | None" = None


class ConnectionSync(Payload, frozen=True, kw_only=True):
    """Fetch what is new at a connection; `kind` says who wanted it: backfill, scheduled, manual or webhook."""

    tenant_id: str
    user_id: str
    connection_id: str
    kind: str = "scheduled"


class ConnectionSynced(Payload, frozen=True, kw_only=True):
    """How a sync ended: completed, failed with a `code`, or none was to be made (`skipped`).

    `orders` is how many open orders the connection has brought by now; `rest_seconds` how long the provider asks
    not to be asked.
    """

    status: str
    code: str | None = None
    orders: int = 0
    rest_seconds: int = 0


class MailJob(Payload, frozen=True, kw_only=True):
    """A look through a mailbox, for suppliers or for their orders, that is written down."""

    job_id: str
    tenant_id: str
    user_id: str
    connection_id: str


class MailPage(Payload, frozen=True, kw_only=True):
    """What became of a page of messages: how many the job has seen by now, and what it found in them.

    `more` says whether there is a next one, `failure` why there is none though there should be, and `ended` that
    the job came to its end otherwise.
    """

    more: bool = False
    ended: bool = False
    failure: str | None = None
    messages: int = 0
    orders: int = 0


class MailJobEnd(Payload, frozen=True, kw_only=True):
    """Write down how a look through a mailbox ended: completed, cancelled, or failed with a `code`."""

    job: MailJob
    status: str
    code: str | None = None


class MailJobReport(Payload, frozen=True, kw_only=True):
    """How it ended; `orders` is how many open orders the connection has brought by now."""

    status: str
    orders: int = 0


class ConnectOrder(Payload, frozen=True, kw_only=True):
    """Exchange what somebody came back with from a provider; code and verifier lie sealed in the consent's row."""

    tenant_id: str
    user_id: str
    consent_id: str


class ConnectReport(Payload, frozen=True, kw_only=True):
    """What became of a consent: `connected`, `choose_account`, or `error` with a reason and no connection."""

    status: str
    reason: str | None = None
    connection_id: str | None = None


class ConnectionState(Payload, frozen=True, kw_only=True):
    """How a connection stands: until when its access token lasts, and when it was synced last, if ever."""

    provider: ProviderKey
    status: str
    token_expires_at: datetime | None = None
    synced_at: datetime | None = None
    open_kind: str | None = None


class ConnectionRefreshed(Payload, frozen=True, kw_only=True):
    """Whether the access token lasts a while; else why not, and how long the provider asks not to be asked."""

    code: str | None = None
    rest_seconds: int = 0


class ConnectionMemory(Payload, frozen=True, kw_only=True):
    """What the life of a connection takes along when it is continued as new.

    Attributes:
        sync_every_seconds, sync_jitter_seconds: between syncs, and up to so much more.
        sync_at: when the next one is due; None for at once.
        refresh_at: before this no token is asked for, since there was none the last time.
        refused, failed: how often that was in a row, and how often a sync failed.
        wanted: a kind of sync that somebody asked for.
        rest_until: before this the provider wants to be asked nothing, whoever wants it.
        told: what the person's inventory has been told.
    """

    sync_every_seconds: int = 900
    sync_jitter_seconds: int = 180
    sync_at: datetime | None = None
    refresh_at: datetime | None = None
    refused: int = 0
    failed: int = 0
    wanted: str | None = None
    rest_until: datetime | None = None
    told: tuple[str, ...] = ()


class ConnectionSweep(Payload, frozen=True, kw_only=True):
    """Start the life of connections again whose token ran out so long ago."""

    overdue_seconds: int = 900
