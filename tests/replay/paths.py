"""Every path that a workflow can take: what the recorded histories show, one function each."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import msgspec
from temporalio import activity
from temporalio.client import WorkflowHandle
from temporalio.exceptions import ApplicationError

from onboarding.payloads import (
    Abandon,
    AbandonedReason,
    AcceptPrefilled,
    Actor,
    ActorKind,
    ArchiveSweep,
    Channel,
    Complete,
    EndRuns,
    Erase,
    EraseRows,
    ErasureCounts,
    ErasureSweep,
    ExpireSweep,
    HandBack,
    MailOrder,
    MailSweep,
    RequestSweep,
    SetPlace,
    SnoozeReminders,
    SuggestedPart,
    SuggestionOrder,
    SuggestPart,
    SweepReport,
    TakeOver,
    TurnOrder,
)
from runtime.addresses import (
    chat_workflow_id,
    erasure_workflow_id,
    mail_workflow_id,
    scheduled_workflow_id,
    suggestion_workflow_id,
)
from tests.domain.given import PERSON, answer, save, say, skip
from tests.workflows.given import Someone, World, until, zone_at
from workflows.chat import AnswerChat
from workflows.erasure import EraseUser, ResumeErasures
from workflows.mail import PostLeftMails, SendMail
from workflows.suggestions import SuggestionWorkflow
from workflows.sweeps import AbandonExpiredRuns, ArchiveRuns, PruneRequests

Path = Callable[[Someone], Awaitable[object]]
TURN = "00000000-0000-7000-8000-00000000000d"
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
    staff = Actor(kind=ActorKind.STAFF, id="00000000-0000-7000-8000-00000000000f")
    await someone.send(TakeOver(actor=staff, channel=Channel.CHAT))
    await someone.send(HandBack(actor=staff, channel=Channel.CHAT))
    await someone.settled()
    someone.outside.listening[someone.user_id] = asyncio.Event()
    await someone.send(say(3))
    await until(lambda: someone.outside.attempts[f"chat {someone.user_id}"] == 3)
    await someone.send(Abandon(actor=PERSON, reason=AbandonedReason.DELETED))
    someone.outside.listening[someone.user_id].set()
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
async def answer_general(order: TurnOrder) -> None:
    """Say nothing."""


SWEEPS = [
    answer_general,
    sweep_expired,
    sweep_archive,
    sweep_requests,
    send_mail,
    post_left_mails,
    resume_erasures,
]


async def swept(world: World) -> dict[str, WorkflowHandle[object, object]]:
    """Each workflow of one activity, run to its end under an id as it has in life."""
    client = world.environment.client
    started: dict[str, WorkflowHandle[object, object]] = {}
    for name, workflow, argument in (
        ("abandon-expired-runs", AbandonExpiredRuns.run, ExpireSweep()),
        ("archive-runs", ArchiveRuns.run, ArchiveSweep()),
        ("prune-requests", PruneRequests.run, RequestSweep()),
        ("post-left-mails", PostLeftMails.run, MailSweep()),
        ("resume-erasures", ResumeErasures.run, ErasureSweep()),
        ("answer-chat", AnswerChat.run, TurnOrder(turn_id=TURN, tenant_id=TURN, user_id=TURN)),
        ("send-mail", SendMail.run, MailOrder(mail_id="00000000-0000-7000-8000-000000000001")),
    ):
        scheduled = f"{scheduled_workflow_id(name)}-2026-01-01T00:00:00Z"
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


ERASURE = [end_runs, count_objects, delete_objects, erase_rows]


async def erased(world: World) -> WorkflowHandle[object, object]:
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
    return handle  # type: ignore[return-value]


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


async def suggested(world: World) -> WorkflowHandle[object, object]:
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
    return handle  # type: ignore[return-value]
