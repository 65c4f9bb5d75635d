"""A flow is data: its states, what each asks, and its timing."""

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import time, timedelta
from typing import Any

from msgspec import Struct

from onboarding.answers import Answer, followed
from onboarding.errors import UnknownFlow
from onboarding.payloads import FieldError


class Dependency(Struct, frozen=True, kw_only=True):
    """An earlier state that a state's answer must fit.

    Each of `rules` is called with the answer and the earlier one, and yields what does not fit, field by field.
    Of an answer that is being refused it finds the valid fields, and ends where it looks at another.
    """

    on: str
    rules: tuple[Callable[[Any, Any], Iterable[FieldError]], ...]


class Wording(Struct, frozen=True, kw_only=True):
    """What a state says of itself, in one language."""

    title: str
    description: str
    opener: str
    why_we_ask: str


class Agent(Struct, frozen=True, kw_only=True):
    """Who speaks to the person, by `key`. `task` is told to the model; the rest to the person, by language.

    `greeting` is said where a run begins, `hand_over` where this agent takes over from another.
    """

    key: str
    task: str
    name: Mapping[str, str]
    greeting: Mapping[str, str]
    hand_over: Mapping[str, str]


class State(Struct, frozen=True, kw_only=True):
    """One state: what it asks, why, who asks it, and the Struct that its answer must be.

    Its own texts are English; `wordings` has them in other languages. Each of `owned` is called with the answer
    and the ids of the tenant and the person whose run it is, and yields what is not theirs.
    """

    number: int
    key: str
    title: str
    agent: str
    description: str
    opener: str
    why_we_ask: str
    answer: type[Answer]
    example: Mapping[str, Any]
    optional: bool = False
    depends_on: tuple[Dependency, ...] = ()
    owned: tuple[Callable[[Any, str, str], Iterable[FieldError]], ...] = ()
    wordings: Mapping[str, Wording] = {}

    def worded(self, locale: str) -> Wording:
        """Its texts in a language, in English where there are none."""
        english = Wording(
            title=self.title, description=self.description, opener=self.opener, why_we_ask=self.why_we_ask
        )
        return self.wordings.get(locale, english)

    def not_owned(self, answer: Answer, tenant_id: str, user_id: str) -> list[FieldError]:
        """What the answer names that is not the person's."""
        return [error for rule in self.owned for error in followed(rule, answer, tenant_id, user_id)]


class Timing(Struct, frozen=True, kw_only=True):
    """When a silent run reminds and expires, counted from the last answer.

    Quiet hours are in the person's own time zone; a reminder that falls into them waits for their end.
    """

    expires_after: timedelta = timedelta(days=7)
    reminders_after: tuple[timedelta, ...] = (timedelta(hours=24), timedelta(hours=72))
    max_reminders: int = 3
    quiet_from: time = time(21)
    quiet_until: time = time(8)


class Flow(Struct, frozen=True, kw_only=True):
    """A version of a flow. States are numbered from 1 in order and refer only to earlier ones.

    Raises:
        ValueError: when the declaration contradicts itself.
    """

    key: str
    version: int
    title: str
    states: tuple[State, ...]
    timing: Timing = Timing()
    agents: tuple[Agent, ...] = ()

    def __post_init__(self) -> None:
        """Check that the states are numbered, uniquely named, and depend on earlier ones only."""
        if [s.number for s in self.states] != list(range(1, len(self.states) + 1)):
            raise ValueError(f"{self.key}: states must be numbered from 1 in order")
        known: set[str] = set()
        for state in self.states:
            if state.key in known:
                raise ValueError(f"{self.key}: two states are called {state.key}")
            if unknown := [d.on for d in state.depends_on if d.on not in known]:
                raise ValueError(f"{self.key}.{state.key} depends on {unknown}, not earlier states")
            known.add(state.key)

    def find(self, step: int | str) -> State | None:
        """The state with this number or key."""
        return next((s for s in self.states if step in (s.number, s.key)), None)

    def agent(self, key: str) -> Agent:
        """The agent with this key; one that was not declared has the key for a name."""
        nobody = Agent(key=key, task="", name={}, greeting={}, hand_over={})
        return next((agent for agent in self.agents if agent.key == key), nobody)

    def dependants(self, key: str) -> Iterator[State]:
        """The states that depend on a state."""
        return (s for s in self.states if any(d.on == key for d in s.depends_on))


class Flows:
    """The registry of flows by key and version. A run keeps the version that it started with."""

    def __init__(self, *flows: Flow) -> None:
        self._flows = {(flow.key, flow.version): flow for flow in flows}

    def get(self, key: str, version: int | None = None) -> Flow:
        """The flow, in its newest version unless one is named.

        Raises:
            UnknownFlow: when there is none.
        """
        if version is None:
            version = max((v for k, v in self._flows if k == key), default=0)
        try:
            return self._flows[key, version]
        except KeyError:
            raise UnknownFlow(key) from None

    def newest(self) -> list[Flow]:
        """Each flow in its newest version, by key."""
        return [self.get(key) for key in sorted({key for key, _ in self._flows})]

    @contextmanager
    def registered(self, flow: Flow) -> Generator[Flow]:
        """Add a flow for the length of a block: for trials and tests."""
        before = self._flows
        self._flows = {**before, (flow.key, flow.version): flow}
        try:
            yield flow
        finally:
            self._flows = before
