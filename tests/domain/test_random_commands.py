"""Random commands, valid and not, in any order: no run ever leaves what the rules allow.

One machine, two flows: `fitness`, and one that is made up anew for every example.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, time, timedelta, timezone
from typing import Annotated, Any, ClassVar, Literal

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from msgspec import UNSET, Meta, UnsetType
from msgspec.structs import replace

from onboarding.advance import advance, begin, new_run
from onboarding.answers import Answer, Text, Texts, plain
from onboarding.errors import AlreadyComplete, Refused, RunAbandoned, RunExpired, StateMismatch
from onboarding.flow import Dependency, Flow, State, Timing
from onboarding.flows import FLOWS
from onboarding.flows.fitness import FITNESS
from onboarding.forking import fork
from onboarding.payloads import (
    Abandon,
    AbandonedReason,
    AcceptPrefilled,
    Actor,
    ActorKind,
    Channel,
    Command,
    Complete,
    Event,
    EventKind,
    FieldError,
    Nudge,
    Refusal,
    Remind,
    Run,
    SaveSteps,
    SetPlace,
    SkipStep,
    SnoozeReminders,
    Status,
    StepAnswer,
)
from onboarding.progress import current_state, misfits, progress, view
from onboarding.reading import read
from onboarding.timing import next_reminder, wake_at
from tests.domain.given import NOW, PERSON, answer, save
from tests.domain.strategies import JSON, answers, spoiled

BOUNDED = settings(max_examples=100, stateful_step_count=40, deadline=None, database=None, derandomize=True)
WRITES = (SaveSteps, SkipStep, AcceptPrefilled, Complete)
SILENT = {EventKind.RUN_REMINDED, EventKind.REMINDERS_CHANGED, EventKind.PLACE_CHANGED}
ACTORS = st.sampled_from([PERSON, Actor(kind=ActorKind.AGENT, agent="scheduling"), Actor(kind=ActorKind.STAFF)])
ZONES = ["UTC", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Pacific/Kiritimati", "No/Where"]
OFFSETS = [None, UTC, timezone(timedelta(hours=14)), timezone(timedelta(hours=-9, minutes=-30))]
UNTIL = st.none() | st.datetimes(timezones=st.sampled_from(OFFSETS)) | st.just(NOW + timedelta(days=2))
ENDS: dict[tuple[Status, bool], type[Refused]] = {
    (Status.COMPLETED, False): AlreadyComplete,
    (Status.ABANDONED, True): RunExpired,
    (Status.ABANDONED, False): RunAbandoned,
}


class Count(Answer, frozen=True, kw_only=True):
    """A number to compare."""

    count: Annotated[int, Meta(ge=0, le=5)]


class Words(Answer, frozen=True, kw_only=True):
    """Texts."""

    words: Texts
    note: Text | UnsetType | None = UNSET


class Choice(Answer, frozen=True, kw_only=True):
    """One of three, perhaps with a number."""

    choice: Literal["a", "b", "c"] = "a"
    weight: Annotated[float, Meta(ge=0, le=1)] | UnsetType | None = UNSET


ANSWERS: list[tuple[type[Answer], dict[str, Any]]] = [
    (Count, {"count": 2}),
    (Words, {"words": ["x"]}),
    (Choice, {}),
]


def not_less(later: Answer, earlier: Answer) -> Iterator[FieldError]:
    """Between two counts, the later one is not the smaller."""
    if isinstance(later, Count) and isinstance(earlier, Count) and later.count < earlier.count:
        yield FieldError(field="count", code="too_small", detail="must not fall")


@st.composite
def flows(draw: st.DrawFn) -> Flow:
    """Flows of one to six states, optional or not, each bound to some of the earlier ones, of any timing."""
    states: list[State] = []
    for number in range(1, draw(st.integers(1, 6)) + 1):
        answer, example = draw(st.sampled_from([ANSWERS[0], ANSWERS[0], *ANSWERS]))
        earlier = (
            draw(st.lists(st.sampled_from(states), unique_by=lambda s: s.key, min_size=1, max_size=2))
            if states
            else []
        )
        states.append(
            State(
                number=number,
                key=f"state_{number}",
                title="",
                agent=draw(st.sampled_from(["x", "y"])),
                description="",
                opener="",
                why_we_ask="",
                answer=answer,
                example=example,
                optional=draw(st.booleans()),
                depends_on=tuple(Dependency(on=other.key, rules=(not_less,)) for other in earlier),
            )
        )
    timing = Timing(
        expires_after=timedelta(hours=draw(st.integers(1, 400))),
        reminders_after=tuple(timedelta(hours=h) for h in sorted(draw(st.sets(st.integers(1, 200), max_size=4)))),
        quiet_from=time(draw(st.integers(0, 23))),
        quiet_until=time(draw(st.integers(0, 23))),
    )
    return Flow(key="generated", version=draw(st.integers(1, 3)), title="", states=tuple(states), timing=timing)


class Commands(RuleBasedStateMachine):
    """Sends commands to a run; everything that must hold is checked at every step."""

    FLOWS_: ClassVar[st.SearchStrategy[Flow]]

    def __init__(self) -> None:
        super().__init__()
        self.registered = ExitStack()
        self.now = NOW

    def teardown(self) -> None:
        self.registered.close()

    @initialize(data=st.data())
    def start(self, data: st.DataObject) -> None:
        """Begin a run of the flow, some of which may be answered at once."""
        self.use(data.draw(self.FLOWS_))
        self.answer_examples(data.draw(st.integers(0, len(self.flow.states))))

    def use(self, flow: Flow) -> None:
        """Begin a run of this flow."""
        self.flow = flow
        self.registered.enter_context(FLOWS.registered(flow))
        self.begin({})

    def answer_examples(self, most: int) -> None:
        """Answer so many states by their examples, from the current one on."""
        current = current_state(self.run, self.flow) or self.flow.states[0]
        states = self.flow.states[current.number - 1 :][:most]
        steps = tuple(StepAnswer(step=s.key, data=dict(s.example)) for s in states)
        self.send(SaveSteps(actor=PERSON, steps=steps, batch=True))

    def begin(self, prefill: dict[str, Any]) -> None:
        """The first event makes the first version."""
        new = new_run(id="r", tenant_id="t", user_id="u", flow=self.flow, now=self.now, prefill=prefill)
        self.run, events = begin(new, PERSON, Channel.FORM, self.now)
        assert [(e.seq, e.version, e.kind) for e in events] == [(1, 1, EventKind.RUN_STARTED)]

    def step(self, data: st.DataObject) -> State:
        """Mostly the current state, else any."""
        current = current_state(self.run, self.flow)
        anything = st.sampled_from(self.flow.states)
        return data.draw(st.just(current) | anything if current else anything)

    def named(self, data: st.DataObject, state: State) -> int | str:
        return data.draw(st.sampled_from([state.number, state.key]))

    @rule(data=st.data(), actor=ACTORS, channel=st.sampled_from(Channel))
    def save(self, data: st.DataObject, actor: Actor, channel: Channel) -> None:
        """An answer that is mostly valid, mostly in its turn."""
        state = self.step(data)
        answer = StepAnswer(step=self.named(data, state), data=data.draw(answers(state)))
        self.send(SaveSteps(actor=actor, channel=channel, steps=(answer,)))

    @rule(data=st.data())
    def save_garbage(self, data: st.DataObject) -> None:
        """Spoiled answers and arbitrary JSON, for any step, with any version."""
        state = self.step(data)
        step = data.draw(st.just(state.key) | st.integers(-1, 12) | st.text(max_size=5))
        answer = StepAnswer(step=step, data=data.draw(spoiled(state) | JSON))
        version = data.draw(st.none() | st.integers(-1, self.run.version + 1))
        self.send(SaveSteps(actor=PERSON, steps=(answer,), expected_version=version))

    @rule(data=st.data(), good=st.booleans())
    def save_batch(self, data: st.DataObject, good: bool) -> None:
        """Several answers at once: a stretch of the flow in order, or any."""
        some = st.lists(st.sampled_from(self.flow.states), max_size=4)
        first = self.step(data).number - 1
        states = self.flow.states[first : first + data.draw(st.integers(1, 9))] if good else data.draw(some)
        strategy = answers if good else lambda s: answers(s) | spoiled(s)
        steps = tuple(StepAnswer(step=self.named(data, s), data=data.draw(strategy(s))) for s in states)
        self.send(SaveSteps(actor=PERSON, steps=steps, batch=True))

    @rule(data=st.data())
    def save_examples(self, data: st.DataObject) -> None:
        """The examples of the next states, which brings runs to their end."""
        self.answer_examples(data.draw(st.sampled_from([1, 4, 9])))

    @rule(data=st.data())
    def skip(self, data: st.DataObject) -> None:
        """Skip any state, or none that exists."""
        self.send(SkipStep(actor=PERSON, step=data.draw(st.just(self.step(data).key) | st.integers(-1, 12))))

    @rule(data=st.data())
    def skip_what_is_optional(self, data: st.DataObject) -> None:
        """Skip an optional state, in its turn or not."""
        optional = [s.key for s in self.flow.states if s.optional] or [1]
        self.send(SkipStep(actor=PERSON, step=data.draw(st.sampled_from(optional))))

    @rule()
    def accept(self) -> None:
        """Take over what is offered, or nothing."""
        self.send(AcceptPrefilled(actor=PERSON))

    @precondition(lambda self: self.run.prefill)
    @rule()
    def accept_what_is_offered(self) -> None:
        """Take over what is offered."""
        self.send(AcceptPrefilled(actor=PERSON))

    @rule(version=st.none() | st.none() | st.integers(0, 40))
    def complete(self, version: int | None) -> None:
        """Complete, which most runs refuse."""
        self.send(Complete(actor=PERSON, expected_version=version))

    @rule(reason=st.sampled_from(AbandonedReason), really=st.integers(0, 9))
    def abandon(self, reason: AbandonedReason, really: int) -> None:
        """End the run, now and then."""
        if really == 0 or self.run.status is not Status.IN_PROGRESS:
            self.send(Abandon(actor=PERSON, reason=reason))

    @rule()
    def remind(self) -> None:
        """A reminder goes out."""
        self.send(Remind(actor=PERSON))

    @rule()
    def nudge(self) -> None:
        """Staff have the person reminded."""
        self.send(Nudge(actor=Actor(kind=ActorKind.STAFF), channel=Channel.API))

    @rule(data=st.data())
    def begin_in_the_middle(self, data: st.DataObject) -> None:
        """Fork the run, open or not, at any state; only as far as it got is there one to begin at."""
        state, new = self.step(data), new_run(id="f", tenant_id="t", user_id="u", flow=self.flow, now=self.now)
        step, reached = self.named(data, state), current_state(self.run, self.flow)
        if reached and state.number > reached.number:
            with pytest.raises(StateMismatch) as refused:
                fork(self.run, new, step)
            assert refused.value.current_state == reached.number
            return
        made = fork(self.run, new, step)
        assert current_state(made, self.flow) == state
        assert made.answers.items() <= self.run.answers.items()
        self.run, events = begin(made, PERSON, Channel.API, self.now)
        assert [(e.seq, e.version, e.state, e.forked_from) for e in events] == [
            (1, 1, state.number, made.forked_from)
        ]

    @rule(until=UNTIL, muted=st.booleans())
    def snooze(self, until: datetime | None, muted: bool) -> None:
        """Put reminders off until any moment that can be written down."""
        self.send(SnoozeReminders(actor=PERSON, until=until, muted=muted))

    @rule(
        zone=st.sampled_from([None, *ZONES]) | st.text(max_size=5),
        locale=st.none() | st.sampled_from(["en", "es"]),
    )
    def move(self, zone: str | None, locale: str | None) -> None:
        """Live elsewhere, or nowhere."""
        self.send(SetPlace(actor=PERSON, timezone=zone, locale=locale))

    @rule(hours=st.sampled_from([1, 24, 24 * 5, 24 * 8]))
    def wait(self, hours: int) -> None:
        """Time goes by."""
        self.now += timedelta(hours=hours)

    @precondition(lambda self: self.run.status is not Status.IN_PROGRESS)
    @rule(data=st.data(), offered=st.sampled_from([True, True, False]))
    def start_again(self, data: st.DataObject, offered: bool) -> None:
        """A successor, which may offer the old answers and some that were spoiled since."""
        prefill = dict(self.run.answers) if offered else {}
        for state in self.flow.states:
            if offered and data.draw(st.integers(0, 5)) == 0:
                prefill[state.key] = data.draw(spoiled(state))
        self.begin(prefill)

    def send(self, command: Command) -> None:
        """Send a command, and check all that is true of every command."""
        before, written = self.run, msgspec.json.encode(self.run)
        try:
            run, events = advance(before, command, self.now)
        except Refused as refused:
            self.check_refusal(command, refused)
            run, events = before, ()
        else:
            assert before.status is Status.IN_PROGRESS or (run, events) == (before, ())
            assert self.now < before.expires_at or not isinstance(command, WRITES) or run == before
            self.check_events(before, run, events)
            self.run = run
            self.check_repeat(command)
        assert msgspec.json.encode(before) == written
        assert msgspec.json.decode(msgspec.json.encode(run), type=Run) == run
        assert msgspec.json.decode(msgspec.json.encode(events), type=tuple[Event, ...]) == events

    def check_refusal(self, command: Command, refused: Refused) -> None:
        """A refusal survives the wire, is the same when asked again, and says why a finished run refuses."""
        assert msgspec.json.decode(msgspec.json.encode(refused.refusal), type=Refusal) == refused.refusal
        with pytest.raises(type(refused)) as again:
            advance(self.run, command, self.now)
        assert again.value.refusal == refused.refusal
        if self.run.status is not Status.IN_PROGRESS:
            assert type(refused) is ENDS[self.run.status, self.run.abandoned_reason is AbandonedReason.EXPIRED]
        elif isinstance(command, WRITES) and self.now >= self.run.expires_at:
            assert type(refused) is RunExpired

    def check_events(self, before: Run, run: Run, events: tuple[Event, ...]) -> None:
        """Events are numbered without a gap; all that a person sees is one version; no event is no change."""
        assert [event.seq for event in events] == list(range(before.seq + 1, run.seq + 1))
        visible = [event for event in events if event.kind not in SILENT]
        assert {event.version for event in visible} <= {before.version + 1}
        assert run.version == before.version + bool(visible)
        assert {event.version for event in events} <= {run.version}
        assert events or run == before

    def check_repeat(self, command: Command) -> None:
        """The same command again, a moment later, changes nothing; but each reminder is another one."""
        again = replace(command, expected_version=None)
        if not isinstance(command, Remind | Nudge):
            assert advance(self.run, again, self.now + timedelta(seconds=1)) == (self.run, ())

    @invariant()
    def what_is_done_is_legal(self) -> None:
        """None is answered and skipped; only optional ones are skipped; just what misfits is reviewed."""
        run, keys = self.run, [s.key for s in self.flow.states]
        assert set(run.answers) <= set(keys)
        assert set(run.skipped) <= {s.key for s in self.flow.states if s.optional} - set(run.answers)
        assert len(run.skipped) == len(set(run.skipped))
        misfit = [s.key for s in self.flow.states if misfits(self.flow, s, run.answers)]
        assert sorted(run.needs_review) == sorted(misfit)

    @invariant()
    def every_answer_is_valid_again(self) -> None:
        """What is stored reads as itself."""
        for key, data in self.run.answers.items():
            state = self.flow.find(key)
            assert state is not None
            assert plain(read(state.answer, data)) == data

    @invariant()
    def the_position_is_derived(self) -> None:
        """Position, percentage and requirements are those of the answers."""
        run, now = self.run, progress(self.run)
        left = [s.number for s in self.flow.states if s.key not in run.answers and s.key not in run.skipped]
        assert now.current_state == (left[0] if left else None)
        assert now.requirements.currently_due == left
        assert now.completion_percentage == 100 * (len(self.flow.states) - len(left)) // len(self.flow.states)
        assert now.can_complete == (run.status is Status.IN_PROGRESS and not left and not run.needs_review)
        assert view(run).current_state == now.current_state
        assert bool(now.requirements.errors) == bool(run.needs_review)

    @invariant()
    def the_ending_is_legal(self) -> None:
        """A completed run has everything and its time, an abandoned one its reason, an open one neither."""
        run, now = self.run, progress(self.run)
        assert (run.completed_at is not None) == (run.status is Status.COMPLETED) == now.is_complete
        assert (run.abandoned_reason is not None) == (run.status is Status.ABANDONED)
        if run.status is Status.COMPLETED:
            assert (now.current_state, run.needs_review, run.prefill) == (None, (), {})

    @invariant()
    def the_timers_are_legal(self) -> None:
        """The expiry slides with the answers, and nothing is due after it."""
        run, timing = self.run, self.flow.timing
        assert run.expires_at == run.last_activity_at + timing.expires_after
        assert run.last_activity_at < wake_at(run, timing) <= run.expires_at
        due = next_reminder(run, timing)
        assert due is None or (due < run.expires_at and run.status is Status.IN_PROGRESS)
        assert due is None or not run.reminders.muted

    @invariant()
    def the_agent_is_the_current_states(self) -> None:
        """While a run is open, the last agent in its history is that of its current state."""
        current = current_state(self.run, self.flow)
        if current and self.run.status is Status.IN_PROGRESS:
            assert self.run.agent_history[-1].agent == current.agent

    def check_all(self) -> None:
        """Every check that is made after a random command, too."""
        self.what_is_done_is_legal()
        self.every_answer_is_valid_again()
        self.the_position_is_derived()
        self.the_ending_is_legal()
        self.the_timers_are_legal()
        self.the_agent_is_the_current_states()


class FitnessCommands(Commands):
    """Random commands on the default flow."""

    FLOWS_ = st.just(FITNESS)

    @precondition(lambda self: "meal_plan" in self.run.answers)
    @rule(diet=st.sampled_from(["keto", "vegan"]))
    def eat_differently(self, diet: str) -> None:
        """Choose a diet with or without carbs, whatever the plan."""
        self.send(save((4, answer(4, diet_type=diet))))

    @precondition(lambda self: "dietary_preferences" in self.run.answers)
    @rule(carbs=st.sampled_from([10, 40]))
    def plan_differently(self, carbs: int) -> None:
        """Choose a plan with or without carbs, whatever the diet."""
        self.send(save((5, answer(5, carbs_percentage=carbs, fats_percentage=70 - carbs))))


class GeneratedCommands(Commands):
    """Random commands on flows that nobody wrote."""

    FLOWS_ = flows()

    @rule(data=st.data(), count=st.integers(0, 5))
    def recount(self, data: st.DataObject, count: int) -> None:
        """Change one of the numbers that bind each other."""
        counts = [s.key for s in self.flow.states if s.answer is Count] or [1]
        self.send(save((data.draw(st.sampled_from(counts)), {"count": count})))


@pytest.mark.parametrize("machine", [FitnessCommands, GeneratedCommands])
def test_no_command_leads_out_of_the_rules(machine: type[Commands]) -> None:
    """Every check of the machine holds for random commands on runs of any length."""
    run_state_machine_as_test(machine, settings=BOUNDED)


def test_the_checks_hold_on_the_way_to_each_ending() -> None:
    """What random commands may miss they meet here: review, reminders, completion, take-over, abandonment."""
    machine = FitnessCommands()
    machine.use(FITNESS)
    walk: list[tuple[Command, Callable[[Run], object]]] = [
        (save(*[(n, answer(n)) for n in range(1, 9)], batch=True), lambda run: len(run.answers) == 8),
        (save((4, answer(4, diet_type="keto"))), lambda run: run.needs_review == ("meal_plan",)),
        (
            save((5, answer(5, carbs_percentage=10, fats_percentage=60))),
            lambda run: not run.needs_review and len(run.answers) == 8,
        ),
        (Remind(actor=PERSON), lambda run: run.reminders.sent == 1),
        (SnoozeReminders(actor=PERSON, muted=True), lambda run: run.reminders.muted),
        (SetPlace(actor=PERSON, timezone="Asia/Tokyo"), lambda run: run.timezone == "Asia/Tokyo"),
        (SkipStep(actor=PERSON, step=9), lambda run: run.skipped == ("supplement_preferences",)),
        (Complete(actor=PERSON), lambda run: run.status is Status.COMPLETED),
    ]
    for command, reached in walk:
        machine.send(command)
        machine.check_all()
        assert reached(machine.run), command
    machine.begin(dict(machine.run.answers))
    machine.send(AcceptPrefilled(actor=PERSON))
    machine.check_all()
    assert len(machine.run.answers) == 8
    machine.send(Abandon(actor=PERSON, reason=AbandonedReason.DELETED))
    machine.check_all()
    assert machine.run.status is Status.ABANDONED
    machine.teardown()
