"""The times of a run: reminders and expiry, which slide with each answer."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from msgspec.structs import replace
from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.reminders import Reminders
    from onboarding import payloads as p
    from onboarding.progress import flow_of
    from onboarding.timing import after_quiet_hours, wake_at

from workflows.policies import WITHIN_AN_HOUR

EXPIRE = p.Abandon(actor=p.SYSTEM, channel=p.Channel.SYSTEM, reason=p.AbandonedReason.EXPIRED)


class Clock:
    """Waits for a run's next time and does what is due then."""

    def __init__(self, run: Callable[[], p.Run], do: Callable[[p.Command], p.Change]) -> None:
        """Nothing is waited for yet.

        Args:
            run: the run as it is now.
            do: applies a command to it.
        """
        self._now = run
        self._do = do
        self._sending = 0

    @property
    def reminding(self) -> bool:
        """While it does, do not continue as new: the activity would be cancelled, and nobody send it again."""
        return self._sending > 0

    async def keep(self) -> None:
        """Remind and expire, for ever. A wait ends early when what it waits for moved to an earlier time."""
        while True:
            await workflow.wait_condition(lambda: self._now().status is p.Status.IN_PROGRESS)
            run, now = self._now(), workflow.now()
            due = wake_at(run, flow_of(run).timing)
            if due > now:
                await until(partial(self._wakes_before, due), due - now, "reminder or expiry")
            elif run.expires_at <= now:
                self._do(EXPIRE)
            elif (quiet_until := after_quiet_hours(now, run.timezone, flow_of(run).timing)) > now:
                # The worker was away when the reminder was due, and came back in the person's quiet hours.
                await workflow.sleep(min(quiet_until, run.expires_at) - now, summary="quiet hours")
            else:
                await self._remind()

    def _wakes_before(self, due: datetime) -> bool:
        run = self._now()
        return run.status is p.Status.IN_PROGRESS and wake_at(run, flow_of(run).timing) < due

    async def _remind(self) -> None:
        self._do(p.Remind(actor=p.SYSTEM, channel=p.Channel.SYSTEM))
        run = self._now()
        reminder = _reminder(run, run.last_activity_at)
        await self._send(reminder, f"reminder {reminder.number}")

    async def nudge(self, run: p.Run, at: datetime) -> None:
        """Remind at once; the run has noted it."""
        await self._send(replace(_reminder(run, at), nudge=True), "nudge")

    async def _send(self, reminder: p.Reminder, summary: str) -> None:
        self._sending += 1
        try:
            await workflow.execute_activity_method(Reminders.remind, reminder, summary=summary, **WITHIN_AN_HOUR)
        except ActivityError:
            workflow.logger.warning("a reminder could not be sent within an hour and is dropped")
        finally:
            self._sending -= 1


def _reminder(run: p.Run, since: datetime) -> p.Reminder:
    return p.Reminder(
        run_id=run.id,
        tenant_id=run.tenant_id,
        user_id=run.user_id,
        flow=run.flow,
        number=run.reminders.sent,
        since=since,
    )


async def until(condition: Callable[[], bool], at_most: timedelta, summary: str) -> None:
    """Wait for a condition or a time, whichever is first."""
    try:
        await workflow.wait_condition(condition, timeout=at_most, timeout_summary=summary)
    except TimeoutError:
        return
