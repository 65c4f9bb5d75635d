"""Every path that a workflow can take: what the recorded histories show, one function each."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import msgspec
from temporalio import activity
from temporalio.client import WorkflowFailureError, WorkflowHandle
from temporalio.exceptions import ApplicationError

from api.gateway import Gateway, RefusedByRun
from onboarding.payloads import (
    Abandon,
    AbandonedReason,
    AcceptPrefilled,
    AccountSweep,
    Actor,
    ActorKind,
    AlertOrder,
    AlertSweep,
    ArchiveSweep,
    CaptureOrder,
    CaptureState,
    CaptureSweep,
    Channel,
    Complete,
    ConnectionRef,
    ConnectionRefreshed,
    ConnectionState,
    ConnectionSweep,
    ConnectionSync,
    ConnectionSynced,
    EndRuns,
    EndScrape,
    Erase,
    EraseRows,
    ErasureCounts,
    ErasureSweep,
    ExpireSweep,
    Fork,
    HandBack,
    ImageSweep,
    MailOrder,
    MailSweep,
    MonitorOrder,
    MonitorReport,
    Nudge,
    PhotoOrder,
    ReportOrder,
    ReportSweep,
    RequestSweep,
    RunWatch,
    ScanOrder,
    ScanSweep,
    ScrapeOrder,
    ScrapePage,
    ScrapeReport,
    SetPlace,
    SnoozeReminders,
    SuggestedPart,
    SuggestionOrder,
    SuggestPart,
    SweepReport,
    SyncEnd,
    SyncOrder,
    SyncPart,
    SyncReport,
    TakeOver,
    TurnOrder,
)
from runtime.addresses import (
    account_schedule_id,
    alert_workflow_id,
    capture_session_workflow_id,
    chat_workflow_id,
    connection_workflow_id,
    erasure_workflow_id,
    mail_workflow_id,
    photo_workflow_id,
    scan_workflow_id,
    scheduled_workflow_id,
    scrape_workflow_id,
    suggestion_workflow_id,
    sync_workflow_id,
)
from runtime.settings import Settings
from tests.domain.given import PERSON, answer, save, say, skip
from tests.workflows.given import Someone, World, until, zone_at
from workflows.alerts import DailyReport, PostAlerts, SendAlert
from workflows.aws_accounts import MonitorAccount, RescheduleAccounts
from workflows.captures import CaptureSession
from workflows.chat import AnswerChat
from workflows.connections import ResumeConnections
from workflows.erasure import EraseUser, ResumeErasures
from workflows.mail import PostLeftMails, SendMail
from workflows.monitoring_runs import MonitorRuns
from workflows.photos import AnalysePhoto
from workflows.scans import RiskScan, SweepScans
from workflows.scrapes import ScrapeUrls
from workflows.suggestions import SuggestionWorkflow
from workflows.sweeps import AbandonExpiredRuns, ArchiveRuns, PruneRequests
from workflows.syncs import SyncItems

Path = Callable[[Someone], Awaitable[object]]
TURN = "00000000-0000-7000-8000-00000000000d"
STAFF = Actor(kind=ActorKind.STAFF, id="00000000-0000-7000-8000-00000000000f")
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


async def nine_saves(someone: Someone) -> None:
    """Begin, nine answers, complete."""
    await someone.begin()
    await someone.save_all()
    await someone.send(Complete(actor=PERSON))
    await someone.closed()


async def batch_and_skip(someone: Someone) -> None:
    """Eight answers at once, the ninth skipped; settled in between."""
    await someone.begin()
    await someone.send(save(*((step, answer(step)) for step in range(1, 9))))
    await someone.settled()
    await someone.send(skip(9))
    await someone.send(Complete(actor=PERSON))
    await someone.closed()


async def edit_and_review(someone: Someone) -> None:
    """An edit that re-opens a dependant, which is answered anew; a repeated message, and a refused update."""
    await someone.begin()
    await someone.save_all(1, 5)
    await someone.send(save((4, answer(4, diet_type="keto")), message_id="keto"))
    await someone.settled()
    await someone.send(save((4, answer(4)), message_id="keto"))
    await someone.save(5, protein_percentage=25, carbs_percentage=10, fats_percentage=65)
    await someone.settled()
    await someone.begin(timezone="Europe/Madrid")
    await someone.send(Abandon(actor=PERSON, reason=AbandonedReason.DELETED))
    await someone.closed()


async def signals(someone: Someone) -> None:
    """An answer by signal, a refused one, another place, snoozed reminders, and the end by signal."""
    await someone.begin()
    await someone.handle.signal("step_completed", save((1, answer(1))))
    await someone.handle.signal("step_completed", save((7, answer(7))))
    await someone.settled()
    await someone.gateway.tell(someone.address, SetPlace(actor=PERSON, timezone="Asia/Tokyo", locale="es"))
    soon = datetime.now(UTC) + 2 * DAY
    await someone.gateway.tell(someone.address, SnoozeReminders(actor=PERSON, until=soon))
    await someone.settled()
    await someone.handle.signal("abandon", Abandon(actor=PERSON, reason=AbandonedReason.ERASED))
    await someone.closed()


async def reminders(someone: Someone) -> None:
    """Two reminders, an answer, a third one, and completion."""
    await someone.begin()
    await someone.forward(78 * HOUR)
    await someone.save(1)
    await someone.forward(25 * HOUR)
    await someone.send(save(*((step, answer(step)) for step in range(2, 10))))
    await someone.send(Complete(actor=PERSON))
    await someone.closed()


async def expiry(someone: Someone) -> None:
    """An answer, then silence to the end."""
    await someone.begin()
    await someone.save(1)
    await someone.forward(30 * DAY)
    await someone.closed()


async def restart(someone: Someone) -> None:
    """A run that is restarted, and its successor abandoned."""
    await someone.begin()
    await someone.save(1)
    await someone.begin(restart=True)
    await someone.settled()
    await someone.save(1)
    await someone.send(Abandon(actor=PERSON, reason=AbandonedReason.DELETED))
    await someone.closed()


async def prefilled(someone: Someone) -> None:
    """The answers of an expired run taken over."""
    offered = {"fitness_level": answer(1), "fitness_goals": answer(2)}
    await someone.begin(msgspec.structs.replace(someone.fresh(), prefill=offered))
    await someone.send(AcceptPrefilled(actor=PERSON))
    await someone.send(Abandon(actor=PERSON, reason=AbandonedReason.DELETED))
    await someone.closed()


async def revived(someone: Someone) -> None:
    """A run whose workflow was gone, made again from its row."""
    await someone.begin()
    change = await someone.save_all(1, 2)
    await someone.settled()
    await someone.handle.terminate()
    await someone.gateway.revive(change.run, save((3, answer(3))))
    await someone.settled()
    await someone.send(Abandon(actor=PERSON, reason=AbandonedReason.DELETED))
    await someone.closed()


async def settled_late(someone: Someone) -> None:
    """A database that is away while the run is completed."""
    await someone.begin()
    someone.outside.away[someone.user_id] = "away"
    await someone.send(save(*((step, answer(step)) for step in range(1, 10))))
    await someone.send(Complete(actor=PERSON))
    await until(lambda: someone.outside.attempts[someone.user_id] >= 2)
    del someone.outside.away[someone.user_id]
    await someone.closed()


async def continued(someone: Someone) -> None:
    """So many edits that the history is continued as new, with changes not yet settled, and then the end."""
    await someone.begin()
    first = (await someone.handle.describe()).run_id
    await someone.handle.signal("step_completed", save((9, answer(9))))

    async def moved() -> bool:
        return (await someone.handle.describe()).run_id != first

    for number in range(30):
        level = ("beginner", "advanced")[number % 2]
        await someone.send(save((1, answer(1, fitness_level=level)), message_id=f"edit {number}"))
        if await moved():
            break
    await until(moved)
    await someone.settled()
    await someone.send(Abandon(actor=PERSON, reason=AbandonedReason.DELETED))
    await someone.closed()


async def quiet_hours(someone: Someone) -> None:
    """A reminder that is overdue at night, when the worker is back: it waits for the morning."""
    await someone.begin(resume=someone.silent(26 * HOUR, timezone=zone_at(22)))
    await someone.forward(11 * HOUR)
    await someone.send(Abandon(actor=PERSON, reason=AbandonedReason.DELETED))
    await someone.closed()


async def talk(someone: Someone) -> None:
    """Turns that are answered, one of them twice asked for; staff who take over and hand back."""
    await someone.begin()
    for turn in (1, 2):
        await someone.send(say(turn))
        await until(lambda turn=turn: len(someone.outside.turns[someone.user_id]) == turn)
        await someone.save(turn)
    await someone.send(say(2))
    await someone.send(TakeOver(actor=STAFF, channel=Channel.CHAT))
    await someone.send(HandBack(actor=STAFF, channel=Channel.CHAT))
    await someone.settled()
    someone.outside.listening[someone.user_id] = asyncio.Event()
    await someone.send(say(3))
    await until(lambda: someone.outside.attempts[f"chat {someone.user_id}"] == 3)
    await someone.send(Abandon(actor=PERSON, reason=AbandonedReason.DELETED))
    someone.outside.listening[someone.user_id].set()
    await someone.closed()


async def nudged(someone: Someone) -> None:
    """A nudge, the same message again, one that comes too early, and one while the run is abandoned."""
    await someone.begin()
    nudge = Nudge(actor=STAFF, channel=Channel.API, message_id="nudge")
    await someone.send(nudge)
    await someone.send(nudge)
    with suppress(RefusedByRun):
        await someone.send(Nudge(actor=STAFF, channel=Channel.API))
    await someone.forward(2 * HOUR)
    someone.outside.silent.add(someone.user_id)
    again = asyncio.create_task(someone.send(Nudge(actor=STAFF, channel=Channel.API)))
    await until(lambda: someone.outside.attempts[f"remind {someone.user_id}"] >= 2)
    await someone.send(Abandon(actor=PERSON, reason=AbandonedReason.DELETED))
    someone.outside.silent.discard(someone.user_id)
    await again
    await someone.closed()


async def forked(someone: Someone) -> None:
    """An open run that is forked, the same again, one that is refused; then the fork is abandoned."""
    await someone.begin()
    source = (await someone.send(save((1, answer(1)), (2, answer(2))))).run
    for step in (2, 2, 9):
        message = Fork(run=someone.fresh(), source=source, from_state=step, actor=STAFF, channel=Channel.API)
        with suppress(RefusedByRun):
            await someone.gateway.fork(message, resume=source, after_end=False)
    await someone.settled()
    await someone.save(2)
    await someone.send(Abandon(actor=PERSON, reason=AbandonedReason.DELETED))
    await someone.closed()


async def forked_anew(someone: Someone) -> None:
    """A completed run that is forked after its workflow has closed."""
    await someone.begin()
    await someone.send(save(*((step, answer(step)) for step in range(1, 10))))
    source = (await someone.send(Complete(actor=PERSON))).run
    await someone.closed()
    message = Fork(run=someone.fresh(), source=source, from_state=8, actor=STAFF, channel=Channel.API)
    await someone.gateway.fork(message, resume=None, after_end=True)
    await someone.send(Abandon(actor=PERSON, reason=AbandonedReason.DELETED))
    await someone.closed()


PATHS: dict[str, Path] = {
    path.__name__: path
    for path in (
        nine_saves,
        batch_and_skip,
        edit_and_review,
        signals,
        reminders,
        expiry,
        restart,
        prefilled,
        revived,
        settled_late,
        quiet_hours,
        talk,
        nudged,
        forked,
        forked_anew,
    )
}
"""On a server as it is."""

SHORT_PATHS: dict[str, Path] = {"continued": continued}
"""On a server that soon suggests to continue as new."""


@activity.defn(name="sweep_expired")
async def sweep_expired(_: ExpireSweep) -> SweepReport:
    """A sweep that found something."""
    return SweepReport(seen=3, changed=2)


@activity.defn(name="sweep_archive")
async def sweep_archive(_: ArchiveSweep) -> SweepReport:
    """A sweep that found something."""
    return SweepReport(seen=3, changed=3)


@activity.defn(name="sweep_requests")
async def sweep_requests(_: RequestSweep) -> SweepReport:
    """A sweep that found something."""
    return SweepReport(seen=3, changed=3)


@activity.defn(name="watch_runs")
async def watch_runs(watch: RunWatch) -> SweepReport:
    """A walk that told something."""
    return SweepReport(seen=watch.window_minutes, changed=1)


@activity.defn
async def send_mail(order: MailOrder) -> bool:
    """Say that it went out."""
    return bool(order.mail_id)


@activity.defn
async def post_left_mails(sweep: MailSweep) -> SweepReport:
    """Report something."""
    return SweepReport(seen=sweep.older_than_seconds, changed=1)


@activity.defn
async def resume_erasures(sweep: ErasureSweep) -> SweepReport:
    """Report something."""
    return SweepReport(seen=sweep.older_than_seconds, changed=1)


@activity.defn
async def sweep_scans(sweep: ScanSweep) -> SweepReport:
    """Report something."""
    return SweepReport(seen=sweep.older_than_seconds, changed=1)


@activity.defn
async def sweep_captures(sweep: CaptureSweep) -> SweepReport:
    """Report something."""
    return SweepReport(seen=sweep.older_than_seconds, changed=1)


@activity.defn
async def sweep_images(_: ImageSweep) -> SweepReport:
    """Report something."""
    return SweepReport(seen=2, changed=2)


@activity.defn
async def look_at_alarms(order: MonitorOrder) -> MonitorReport:
    """One alarm, seen for the first time."""
    return MonitorReport(outcome="looked", seen=len([order.account_id]), told=1)


@activity.defn
async def reschedule_accounts(_: AccountSweep) -> SweepReport:
    """Report something."""
    return SweepReport(seen=2, changed=1)


@activity.defn
async def send_alert(order: AlertOrder) -> bool:
    """Say that it went out."""
    return bool(order.alert_id)


@activity.defn
async def post_alerts(sweep: AlertSweep) -> SweepReport:
    """Report something."""
    return SweepReport(seen=sweep.at_most, changed=1)


@activity.defn
async def write_reports(order: ReportOrder) -> SweepReport:
    """Report something."""
    return SweepReport(seen=order.day.day, changed=1)


@activity.defn
async def answer_general(order: TurnOrder) -> None:
    """Say nothing."""


@activity.defn(name="resume_connections")
async def resume_connections(_: ConnectionSweep) -> SweepReport:
    """Three were left."""
    return SweepReport(seen=3, changed=3)


SWEEPS = [
    resume_connections,
    answer_general,
    sweep_expired,
    sweep_archive,
    sweep_requests,
    watch_runs,
    send_mail,
    post_left_mails,
    resume_erasures,
    sweep_scans,
    look_at_alarms,
    reschedule_accounts,
    send_alert,
    post_alerts,
    write_reports,
]


async def swept(world: World) -> dict[str, WorkflowHandle[object, object]]:
    """Each workflow of one activity, run to its end under an id as it has in life."""
    client = world.environment.client
    started: dict[str, WorkflowHandle[object, object]] = {}
    for name, workflow, argument in (
        ("abandon-expired-runs", AbandonExpiredRuns.run, ExpireSweep()),
        ("archive-runs", ArchiveRuns.run, ArchiveSweep()),
        ("prune-requests", PruneRequests.run, RequestSweep()),
        ("monitor-runs", MonitorRuns.run, RunWatch()),
        ("post-left-mails", PostLeftMails.run, MailSweep()),
        ("resume-erasures", ResumeErasures.run, ErasureSweep()),
        ("sweep-scans", SweepScans.run, ScanSweep()),
        ("resume-connections", ResumeConnections.run, ConnectionSweep()),
        ("reschedule-accounts", RescheduleAccounts.run, AccountSweep()),
        ("monitor-account", MonitorAccount.run, MonitorOrder(tenant_id=TURN, account_id=TURN)),
        ("answer-chat", AnswerChat.run, TurnOrder(turn_id=TURN, tenant_id=TURN, user_id=TURN)),
        ("send-mail", SendMail.run, MailOrder(mail_id="00000000-0000-7000-8000-000000000001")),
        ("send-alert", SendAlert.run, AlertOrder(alert_id=TURN, tenant_id=TURN)),
        ("post-alerts", PostAlerts.run, AlertSweep()),
        ("daily-report", DailyReport.run, ReportSweep()),
    ):
        schedule_id = account_schedule_id(TURN, TURN) if name == "monitor-account" else name
        scheduled = f"{scheduled_workflow_id(schedule_id)}-2026-01-01T00:00:00Z"
        handle = await client.start_workflow(
            workflow,  # type: ignore[arg-type]
            argument,
            id=_id_of(argument) or scheduled,
            task_queue=world.task_queue,
        )
        await handle.result()
        started[name.replace("-", "_")] = handle
    return started


def _id_of(argument: object) -> str | None:
    match argument:
        case MailOrder():
            return mail_workflow_id(argument.mail_id)
        case AlertOrder():
            return alert_workflow_id(argument.alert_id)
        case TurnOrder():
            return chat_workflow_id(argument.turn_id)
        case _:
            return None


@activity.defn(name="end_runs")
async def end_runs(_: EndRuns) -> int:
    """One run was open."""
    return 1


@activity.defn(name="count_objects")
async def count_objects(_: Erase) -> int:
    """Two files."""
    return 2


@activity.defn(name="delete_objects")
async def delete_objects(_: Erase) -> int:
    """Both deleted."""
    return 2


@activity.defn(name="erase_rows")
async def erase_rows(message: EraseRows) -> ErasureCounts:
    """The person alone."""
    return ErasureCounts(database={"users": 1}, objects=message.objects, runs_ended=1, data_keys=1)


@activity.defn(name="leave_connections")
async def leave_connections(_: Erase) -> int:
    """Two were connected."""
    return 2


ERASURE = [end_runs, leave_connections, count_objects, delete_objects, erase_rows]


async def erased(world: World) -> dict[str, WorkflowHandle[object, object]]:
    """A person erased, to the end."""
    person = Erase(
        erasure_id="00000000-0000-7000-8000-00000000000e",
        tenant_id="00000000-0000-7000-8000-00000000000a",
        user_id="00000000-0000-7000-8000-00000000000c",
    )
    handle = await world.environment.client.start_workflow(
        EraseUser.run,
        person,
        id=erasure_workflow_id(person.tenant_id, person.user_id),
        task_queue=world.task_queue,
    )
    await world.environment.fast_forward(handle, HOUR)
    await handle.result()
    return {"erasure": handle}  # type: ignore[dict-item]


class Connected:
    """A connection whose first refresh comes to nothing; its third sync never ends."""

    def __init__(self) -> None:
        self.status, self.lasts = "connected", timedelta(minutes=4)
        self.refreshed = self.synced = 0

    @activity.defn(name="look_connection")
    async def look(self, _: ConnectionRef) -> ConnectionState | None:
        """As it stands."""
        expires_at = datetime.now(UTC) + self.lasts
        return ConnectionState(provider="xero", status=self.status, token_expires_at=expires_at)

    @activity.defn(name="refresh_connection")
    async def refresh(self, _: ConnectionRef) -> ConnectionRefreshed:
        """Away once, then there."""
        self.refreshed += 1
        if self.refreshed == 1:
            return ConnectionRefreshed(code="timeout", rest_seconds=60)
        self.lasts = timedelta(days=1)
        return ConnectionRefreshed()

    @activity.defn(name="sync_connection")
    async def sync(self, _: ConnectionSync) -> ConnectionSynced:
        """The first two are completed."""
        self.synced += 1
        while self.synced > 2:
            activity.heartbeat()
            await asyncio.sleep(0.05)
        return ConnectionSynced(status="completed", orders=3)

    @activity.defn(name="disconnect_connection")
    async def disconnect(self, _: ConnectionRef) -> bool:
        """Done."""
        return True


CONNECTED = Connected()
CONNECTIONS = [CONNECTED.look, CONNECTED.refresh, CONNECTED.sync, CONNECTED.disconnect]


async def lived(world: World) -> dict[str, WorkflowHandle[object, object]]:
    """A connection through everything: an outage, a refresh, syncs, a new consent, and an end in a sync."""
    ref = ConnectionRef(
        tenant_id="00000000-0000-7000-8000-00000000000a",
        user_id="00000000-0000-7000-8000-00000000000c",
        connection_id=TURN,
    )
    gateway = Gateway(world.environment.client, Settings(task_queue=world.task_queue, update_timeout_seconds=30))
    await gateway.wake_connection(ref)
    handle = world.environment.client.get_workflow_handle(connection_workflow_id(ref.tenant_id, TURN))
    await until(lambda: CONNECTED.synced == 1)
    await world.environment.fast_forward(handle, timedelta(minutes=2))
    await until(lambda: CONNECTED.refreshed == 2)
    CONNECTED.status = "reauth_required"
    await gateway.wake_connection(ref)
    await gateway.sync_connection(ref, "manual")
    CONNECTED.status = "connected"
    await gateway.wake_connection(ref)
    await until(lambda: CONNECTED.synced == 2)
    await gateway.sync_connection(ref, "webhook")
    await until(lambda: CONNECTED.synced == 3)
    await gateway.disconnect(ref)
    await handle.result()
    return {"connection": handle}


@activity.defn(name="suggest_part")
async def suggest_part(part: SuggestPart) -> SuggestedPart:
    """A model that does well with one kind, fails at another for good, and at a third as long as it is asked."""
    match part.kind:
        case "insights":
            raise ApplicationError("away", type="ai_unavailable")
        case "okrs":
            return SuggestedPart(found=False, failed=True)
        case _:
            return SuggestedPart(found=True)


@activity.defn(name="settle_suggestion")
async def settle_suggestion(_: SuggestionOrder) -> None:
    """It is settled."""


SUGGESTIONS = [suggest_part, settle_suggestion]


async def suggested(world: World) -> dict[str, WorkflowHandle[object, object]]:
    """Everything suggested at once, some of it by rules."""
    order = SuggestionOrder(
        suggestion_id="00000000-0000-7000-8000-00000000000f",
        tenant_id="00000000-0000-7000-8000-00000000000a",
        user_id="00000000-0000-7000-8000-00000000000c",
        kinds=("industry", "okrs", "insights"),
        timeout_seconds=4.0,
    )
    handle = await world.environment.client.start_workflow(
        SuggestionWorkflow.run,
        order,
        id=suggestion_workflow_id(order.suggestion_id),
        task_queue=world.task_queue,
    )
    await handle.result()
    return {"suggestion": handle}  # type: ignore[dict-item]


INTERRUPTED = "00000000-0000-7000-8000-000000000011"


@activity.defn(name="scan")
async def scan(order: ScanOrder) -> None:
    """One is done; the other does not come to its end."""
    if order.scan_id == INTERRUPTED:
        raise ApplicationError("interrupted", non_retryable=True)


@activity.defn(name="close_scan")
async def close_scan(_: ScanOrder) -> None:
    """Nothing is left."""


SCANS = [scan, close_scan]


async def scanned(world: World) -> dict[str, WorkflowHandle[object, object]]:
    """A scan that is answered, and one whose activity fails."""
    started: dict[str, WorkflowHandle[object, object]] = {}
    for name, scan_id in (("scan", "00000000-0000-7000-8000-000000000010"), ("scan_interrupted", INTERRUPTED)):
        order = ScanOrder(
            scan_id=scan_id,
            tenant_id="00000000-0000-7000-8000-00000000000a",
            user_id="00000000-0000-7000-8000-00000000000c",
            timeout_seconds=60.0,
        )
        handle = await world.environment.client.start_workflow(
            RiskScan.run, order, id=scan_workflow_id(scan_id), task_queue=world.task_queue
        )
        await handle.result()
        started[name] = handle  # type: ignore[assignment]
    return started


CLOSED = "00000000-0000-7000-8000-000000000012"


@activity.defn(name="expire_capture")
async def expire_capture(order: CaptureOrder) -> CaptureState:
    """One has just been opened, and lasts for a day; the next time that somebody asks it is over."""
    now, active = datetime.now(UTC), order.session_id not in LOOKED_AT
    LOOKED_AT.add(order.session_id)
    return CaptureState(active=active, expires_at=now + timedelta(days=1), barcodes=3, photos=1)


LOOKED_AT: set[str] = set()


@activity.defn(name="settle_capture")
async def settle_capture(_: CaptureOrder) -> int:
    """One picture was deleted."""
    return 1


CAPTURES = [expire_capture, settle_capture]


async def captured(world: World) -> dict[str, WorkflowHandle[object, object]]:
    """A capture session that expires, and one that is closed before."""
    LOOKED_AT.clear()
    started: dict[str, WorkflowHandle[object, object]] = {}
    for name, session_id in (("capture", "00000000-0000-7000-8000-000000000013"), ("capture_closed", CLOSED)):
        order = CaptureOrder(
            tenant_id="00000000-0000-7000-8000-00000000000a",
            user_id="00000000-0000-7000-8000-00000000000c",
            session_id=session_id,
        )
        handle = await world.environment.client.start_workflow(
            CaptureSession.run,
            order,
            id=capture_session_workflow_id(order.tenant_id, session_id),
            task_queue=world.task_queue,
        )
        await until(lambda session_id=session_id: session_id in LOOKED_AT)
        if session_id == CLOSED:
            await handle.signal(CaptureSession.look)
        else:
            await world.environment.fast_forward(handle, DAY)
        await handle.result()
        started[name] = handle  # type: ignore[assignment]
    return started


AWAY = "00000000-0000-7000-8000-000000000012"
A_TABLE = "00000000-0000-7000-8000-000000000013"


@activity.defn(name="send_items")
async def send_items(order: SyncOrder) -> SyncPart:
    """One sink is away from the second part on; the other takes everything, in two parts."""
    first = activity.info().activity_id == "1"
    failure = "http_503" if order.sync_id == AWAY and not first else None
    return SyncPart(settled=100 if first else 20, more=first, failure=failure)


@activity.defn(name="write_items")
async def write_items(_: SyncOrder) -> SyncPart:
    """A table of three."""
    return SyncPart(settled=3)


@activity.defn(name="end_sync")
async def end_sync(message: SyncEnd) -> SyncReport:
    """As it was told."""
    return SyncReport(status=message.status, total=120, sent=120 if message.code is None else 100)


SYNCS = [send_items, write_items, end_sync]


async def synced(world: World) -> dict[str, WorkflowHandle[object, object]]:
    """A sync that sends all, one whose sink goes away, and one that writes a table."""
    started: dict[str, WorkflowHandle[object, object]] = {}
    for name, sync_id in (("sync", TURN), ("sync_away", AWAY), ("sync_table", A_TABLE)):
        order = SyncOrder(
            sync_id=sync_id,
            tenant_id="00000000-0000-7000-8000-00000000000a",
            user_id="00000000-0000-7000-8000-00000000000c",
            target="csv" if sync_id == A_TABLE else "sink",
        )
        handle = await world.environment.client.start_workflow(
            SyncItems.run, order, id=sync_workflow_id(order.tenant_id, sync_id), task_queue=world.task_queue
        )
        await handle.result()
        started[name] = handle  # type: ignore[assignment]
    return started


@activity.defn(name="analyse_photo")
async def analyse_photo(order: PhotoOrder) -> None:
    """One is done; the other does not come to its end."""
    if order.image_id == INTERRUPTED:
        raise ApplicationError("interrupted", non_retryable=True)


@activity.defn(name="settle_photo")
async def settle_photo(_: PhotoOrder) -> None:
    """It was told."""


PHOTOS = [analyse_photo, settle_photo]


async def photographed(world: World) -> dict[str, WorkflowHandle[object, object]]:
    """A photo of a capture session that is analysed, and one whose activity fails."""
    started: dict[str, WorkflowHandle[object, object]] = {}
    for name, image_id in (("photo", "00000000-0000-7000-8000-000000000012"), ("photo_interrupted", INTERRUPTED)):
        order = PhotoOrder(
            image_id=image_id,
            tenant_id="00000000-0000-7000-8000-00000000000a",
            user_id="00000000-0000-7000-8000-00000000000c",
            timeout_seconds=20.0,
            session_id="00000000-0000-7000-8000-000000000013",
            item_id="00000000-0000-7000-8000-000000000014",
        )
        id = photo_workflow_id(image_id, order.item_id)
        handle = await world.environment.client.start_workflow(
            AnalysePhoto.run, order, id=id, task_queue=world.task_queue
        )
        await handle.result()
        started[name] = handle  # type: ignore[assignment]
    return started


BEGUN = asyncio.Event()
CANCELLED = "00000000-0000-7000-8000-000000000013"


@activity.defn(name="scrape_page")
async def scrape_page(page: ScrapePage) -> None:
    """One is done at once, another not at all; of a job that is cancelled none comes to its end."""
    if page.job_id == CANCELLED:
        BEGUN.set()
        await asyncio.Event().wait()
    if page.page == 1:
        raise ApplicationError("interrupted", non_retryable=True)


@activity.defn(name="end_scrape")
async def end_scrape(message: EndScrape) -> ScrapeReport:
    """Something was found, unless it was cancelled."""
    return ScrapeReport(found=0 if message.cancelled else 1)


SCRAPES = [scrape_page, end_scrape]


async def scraped(world: World) -> dict[str, WorkflowHandle[object, object]]:
    """A job that comes to its end, for somebody without an inventory run, and one that is cancelled."""
    started: dict[str, WorkflowHandle[object, object]] = {}
    for name, job_id in (("scrape", "00000000-0000-7000-8000-000000000012"), ("scrape_cancelled", CANCELLED)):
        order = ScrapeOrder(
            job_id=job_id,
            tenant_id="00000000-0000-7000-8000-00000000000a",
            user_id="00000000-0000-7000-8000-00000000000c",
            pages=2,
        )
        handle = await world.environment.client.start_workflow(
            ScrapeUrls.run, order, id=scrape_workflow_id(order.tenant_id, job_id), task_queue=world.task_queue
        )
        if job_id == CANCELLED:
            await BEGUN.wait()
            await handle.cancel()
        with suppress(WorkflowFailureError):
            await handle.result()
        started[name] = handle  # type: ignore[assignment]
    return started
