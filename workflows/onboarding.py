"""The workflow of one onboarding."""

import asyncio

from msgspec.structs import replace
from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from onboarding import payloads as p
    from onboarding.advance import advance, begin, is_untouched, offered
    from onboarding.errors import Refused
    from onboarding.forking import forked, is_same_fork
    from onboarding.progress import view

from workflows.clock import EXPIRE, Clock
from workflows.details import details
from workflows.search_attributes import attributes_of
from workflows.seen import SeenMessages
from workflows.talk import Talk
from workflows.unsettled import Unsettled

REFUSALS_KEPT = 20


@workflow.defn(name="OnboardingRun")
class OnboardingRun:
    """A run from its start to completion, abandonment or expiry.

    Updates `begin`, `restart`, `save_step`, `skip_step`, `accept_prefilled`, `complete` and `abandon` answer with
    the change that they made; the caller writes it to the projection, so that a read right after sees it. The
    workflow makes sure of it a little later, once for a burst of changes, and whenever the caller died. Signals
    `step_completed`, `abandon`, `snooze_reminders` and `set_place` answer nothing. The query `view` shows all
    but the answers. A silent run reminds its person and expires; both times slide with each answer. The update
    `say` has a chat turn answered, by the agent or, between `take_over` and `hand_back`, by nobody; what the agent
    understands comes back as `save_step` and `skip_step`. Staff have the person reminded by `nudge`; `fork` ends
    the run, if it is open, and begins another one in the middle, with what an earlier one has up to there.
    """

    @workflow.init
    def __init__(self, start: p.StartRun) -> None:
        self._run = start.run
        self._begun = start.begun
        self._seen = SeenMessages(start.seen)
        self._refusals = list(start.refusals)
        self._unsettled = Unsettled(start.unsettled)
        self._clock = Clock(lambda: self._run, self._apply)
        self._talk = Talk(lambda: self._run, start.turns)
        self._shown = None if start.begun else attributes_of(start.run)

    @workflow.run
    async def run(self, start: p.StartRun) -> p.RunView:  # noqa: ARG002 - read in __init__
        """Live until finished and settled; continue as new when the history grows long."""
        self._show()
        clock = asyncio.create_task(self._clock.keep())
        settling = asyncio.create_task(self._unsettled.keep_settled(self._show))
        tasks = (clock, settling)
        self._talk.begin()
        await workflow.wait_condition(
            lambda: (
                self._at_rest()
                or (workflow.info().is_continue_as_new_suggested() and not self._is_busy())
                or any(task.done() for task in tasks)
                or self._talk.failed
            )
        )
        for task in tasks:
            if task.done():
                task.result()  # Only a bug ends it: fail the workflow task, where it is seen.
        self._talk.end()
        # Neither is cancelled: they end with the workflow, and Python 3.11 may lose a cancellation on the way.
        await workflow.wait_condition(workflow.all_handlers_finished)
        if not self._at_rest():
            workflow.continue_as_new(self._carried_over())
        return view(self._run)

    @workflow.update(name="begin", description="Open the run, or find it open")
    async def begin(self, message: p.Begin) -> p.Opened:
        """Answer with the run that is open or completed; make `message.run` the run when there is none."""
        if not self._begun:
            return p.Opened(change=self._begin(message), created=True)
        if self._run.status is p.Status.COMPLETED:
            return p.Opened(change=self._take(self._run, ()))
        if self._run.status is p.Status.IN_PROGRESS and workflow.now() < self._run.expires_at:
            return p.Opened(change=self._apply(message.place))
        # Where its timer is late, nobody was there to see it: the person is given what they get a moment later.
        expired = self._apply(EXPIRE) if self._run.status is p.Status.IN_PROGRESS else None
        if self._run.abandoned_reason is p.AbandonedReason.EXPIRED:
            message = replace(message, run=replace(message.run, prefill=offered(self._run)))
        return p.Opened(change=self._begin(message), created=True, replaced=expired)

    @workflow.update(name="restart", description="Abandon the run and begin anew")
    async def restart(self, message: p.Begin) -> p.Opened:
        """Begin `message.run` in the place of the run that there is, unless that has only just begun."""
        if message.place.message_id in self._seen:
            return p.Opened(change=self._take(self._run, ()))
        if self._begun and is_untouched(self._run) and workflow.now() < self._run.expires_at:
            return p.Opened(change=self._apply(message.place))
        replaced = self._make_room(message.place.actor, message.place.channel)
        return p.Opened(change=self._begin(message), created=True, replaced=replaced)

    @workflow.update(name="fork", description="Begin anew from a state of an earlier run")
    async def fork(self, message: p.Fork) -> p.Opened:
        """Begin with what an earlier run has up to a state; where that one is open, it ends with this."""
        if message.message_id in self._seen or (self._begun and is_same_fork(self._run, message)):
            return p.Opened(change=self._take(self._run, ()))
        place = p.SetPlace(actor=message.actor, channel=message.channel, message_id=message.message_id)
        run = self._forked(message)
        replaced = self._make_room(message.actor, message.channel)
        self._run = run
        return p.Opened(change=self._begin(p.Begin(run=run, place=place)), created=True, replaced=replaced)

    @fork.validator
    def _may_fork(self, message: p.Fork) -> None:
        if message.message_id not in self._seen and not (self._begun and is_same_fork(self._run, message)):
            self._forked(message)

    @workflow.update(name="save_step", description="Save one answer or several")
    async def save_step(self, command: p.SaveSteps) -> p.Change:
        """All or nothing."""
        return self._apply(command)

    @save_step.validator
    def _may_save(self, command: p.SaveSteps) -> None:
        self._refuse_unless_allowed(command)

    @workflow.update(name="skip_step", description="Skip an optional state")
    async def skip_step(self, command: p.SkipStep) -> p.Change:
        """Leave an optional state out."""
        return self._apply(command)

    @skip_step.validator
    def _may_skip(self, command: p.SkipStep) -> None:
        self._refuse_unless_allowed(command)

    @workflow.update(name="accept_prefilled", description="Take over the answers of an expired run")
    async def accept_prefilled(self, command: p.AcceptPrefilled) -> p.Change:
        """Take over what is offered and still valid."""
        return self._apply(command)

    @accept_prefilled.validator
    def _may_accept(self, command: p.AcceptPrefilled) -> None:
        self._refuse_unless_allowed(command)

    @workflow.update(name="complete", description="Complete the run")
    async def complete(self, command: p.Complete) -> p.Change:
        """The answers become the profile."""
        return self._apply(command)

    @complete.validator
    def _may_complete(self, command: p.Complete) -> None:
        self._refuse_unless_allowed(command)

    @workflow.update(name="abandon", description="End the run")
    async def abandon_now(self, command: p.Abandon) -> p.Change:
        """End the run, and say so."""
        return self._apply(command)

    @abandon_now.validator
    def _may_abandon(self, command: p.Abandon) -> None:
        self._refuse_unless_allowed(command)

    @workflow.update(name="say", description="Have a chat turn answered")
    async def say(self, command: p.Say) -> p.Change:
        """Take the turn on; its answer does not come from here."""
        change = self._apply(command)
        self._talk.add(command.turn_id)
        return change

    @say.validator
    def _may_say(self, command: p.Say) -> None:
        self._refuse_unless_allowed(command)

    @workflow.update(name="take_over", description="Staff answer in the agent's place")
    async def take_over(self, command: p.TakeOver) -> p.Change:
        """The agent is silent from now on."""
        return self._apply(command)

    @take_over.validator
    def _may_take_over(self, command: p.TakeOver) -> None:
        self._refuse_unless_allowed(command)

    @workflow.update(name="hand_back", description="The agent answers again")
    async def hand_back(self, command: p.HandBack) -> p.Change:
        """The agent speaks from now on."""
        return self._apply(command)

    @hand_back.validator
    def _may_hand_back(self, command: p.HandBack) -> None:
        self._refuse_unless_allowed(command)

    @workflow.update(name="nudge", description="Have the person reminded now")
    async def nudge(self, command: p.Nudge) -> p.Change:
        """Answers once the reminder is there. A repeat sends none."""
        if command.message_id in self._seen:
            return self._take(self._run, ())
        change = self._apply(command)
        await self._clock.nudge(change.run, workflow.now())
        return change

    @nudge.validator
    def _may_nudge(self, command: p.Nudge) -> None:
        self._refuse_unless_allowed(command)

    @workflow.signal(name="step_completed", description="Save an answer, fire and forget")
    async def step_completed(self, command: p.SaveSteps) -> None:
        """A refused one is kept for whoever looks, and never fails the run."""
        self._follow(command, ",".join(str(step.step) for step in command.steps))

    @workflow.signal(name="abandon", description="End the run, fire and forget")
    async def abandon(self, command: p.Abandon) -> None:
        """End the run."""
        self._follow(command)

    @workflow.signal(name="snooze_reminders", description="No reminders for a while, or none at all")
    async def snooze_reminders(self, command: p.SnoozeReminders) -> None:
        """Change when reminders may go out."""
        self._follow(command)

    @workflow.signal(name="set_place", description="The person's time zone and language")
    async def set_place(self, command: p.SetPlace) -> None:
        """Times follow the person."""
        self._follow(command)

    @workflow.query(name="view", description="Position and requirements, without any answer")
    def view(self) -> p.RunView:
        """What the run looks like from outside."""
        return replace(view(self._run), refusals=tuple(self._refusals), settled=not self._unsettled)

    def _refuse_unless_allowed(self, command: p.Command) -> None:
        """Try the command without taking its result; a refusal here leaves nothing in history."""
        if command.message_id in self._seen:
            return
        try:
            advance(self._run, command, workflow.now())
        except Refused as refused:
            raise _failure(refused) from refused

    def _apply(self, command: p.Command) -> p.Change:
        if command.message_id in self._seen:
            return self._take(self._run, ())
        try:
            run, events = advance(self._run, command, workflow.now())
        except Refused as refused:
            raise _failure(refused) from refused
        self._seen.add(command.message_id)
        return self._take(run, events)

    def _follow(self, command: p.Command, step: str = "") -> None:
        """Apply a signal. Nobody waits for it to be written, so the workflow does that at once."""
        try:
            self._apply(command)
        except ApplicationError as refused:
            refusal = p.RefusedSignal(at=workflow.now(), code=refused.type or "refused", step=step[:100])
            self._refusals = [*self._refusals, refusal][-REFUSALS_KEPT:]
            self._show()
        self._unsettled.urgent = True

    def _take(self, run: p.Run, events: tuple[p.Event, ...]) -> p.Change:
        self._run = run
        if run.status is not p.Status.IN_PROGRESS:
            self._unsettled.urgent = True
        if events:
            self._unsettled.add(run, events)
            return p.Change(run=run, events=events)
        # Who asks again may be the one whose first answer got lost on its way to the projection.
        return self._unsettled.of(run) or p.Change(run=run, events=())

    def _begin(self, message: p.Begin) -> p.Change:
        if self._begun:
            self._run = message.run
        self._begun = True
        self._seen.add(message.place.message_id)
        return self._take(*begin(self._run, message.place.actor, message.place.channel, workflow.now()))

    def _make_room(self, actor: p.Actor, channel: p.Channel) -> p.Change | None:
        """End the run that is open, if there is one, for another that takes its place."""
        if not self._begun or self._run.status is not p.Status.IN_PROGRESS:
            return None
        end = p.Abandon(actor=actor, channel=channel, reason=p.AbandonedReason.RESTARTED)
        return self._apply(end if workflow.now() < self._run.expires_at else EXPIRE)

    def _forked(self, message: p.Fork) -> p.Run:
        try:
            return forked(self._run if self._begun else None, message, workflow.now())
        except Refused as refused:
            raise _failure(refused) from refused

    def _at_rest(self) -> bool:
        finished = self._run.status is not p.Status.IN_PROGRESS
        return finished and not self._unsettled and not self._talk.open

    def _is_busy(self) -> bool:
        """With an activity that would be cancelled by continuing as new, and that nobody would start again."""
        return self._clock.reminding or self._talk.answering

    def _carried_over(self) -> p.StartRun:
        return p.StartRun(
            run=self._run,
            begun=self._begun,
            seen=self._seen.digests,
            unsettled=self._unsettled.changes,
            refusals=tuple(self._refusals),
            turns=self._talk.open,
        )

    def _show(self) -> None:
        """Show support staff where the run stands."""
        attributes = attributes_of(self._run)
        if attributes != self._shown:
            workflow.upsert_search_attributes([pair.key.value_set(pair.value) for pair in attributes])
            self._shown = attributes
        workflow.set_current_details(details(self.view()))


def _failure(refused: Refused) -> ApplicationError:
    refusal = refused.refusal
    return ApplicationError(refusal.detail, refusal, type=refusal.code, non_retryable=True)
