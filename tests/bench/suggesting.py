"""Suggestions, by rules and of a model that never answers, and the search for an industry."""

import itertools
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.bench.http import Http, Unexpected, encoded
from tests.bench.load import Sample, Work, closed_loop
from tests.bench.people import People
from tests.bench.stack import Stack

HANGS = "stub-hang"
PEOPLE = 5
"""Whoever asks for suggestions may do so 20 times an hour; all of them together 100 times."""

_WIZARD = "/api/onboarding"
_ASK = encoded({"kind": "all", "companyName": "Harbour Bakery", "description": "Bread, baked at night."})
_SEARCHES = ("software", "panaderia", "metal", "hotel", "agricul", "J62")


@dataclass
class Suggesting:
    """Without models: suggestions of every kind, and searches by the number of clients."""

    suggestion: Sample
    search: dict[int, Sample] = field(default_factory=dict)


async def by_rules(stack: Stack, *, share: float) -> Suggesting:
    """On a stack that knows no model."""
    async with _connections(stack, PEOPLE) as connections:
        turns = itertools.cycle([_suggested(http) for http in connections])
        # One after the other: one client, though several people.
        measured = Suggesting(await closed_loop([lambda: next(turns)()], max(round(30 * share), 10)))
    for clients, total in ((1, 200), (10, 500)):
        async with _connections(stack, clients) as connections:
            works = [_search(http) for http in connections]
            measured.search[clients] = await closed_loop(works, max(round(total * share), 20))
    return measured


async def of_hanging_model(stack: Stack, total: int) -> Sample:
    """How long until there is an answer all the same; five ask at once."""
    least = stack.settings.ai_suggestion_timeout_seconds * 1000
    async with _connections(stack, PEOPLE) as connections:
        sample = await closed_loop([_suggested(http) for http in connections], total, warm_up=0)
    if early := [took for took in sample.latencies if took < least]:
        # Then it is not what was to be measured.
        sample.latencies.clear()
        sample.errors.append(f"{len(early)} answers did not wait for the model")
    return sample


@asynccontextmanager
async def _connections(stack: Stack, count: int) -> AsyncGenerator[list[Http]]:
    connections: list[Http] = []
    try:
        for person in await People(stack.settings).new(count):
            connections.append(await Http.connect(stack.settings.port, _WIZARD))
            connections[-1].become(person.token)
        yield connections
    finally:
        for http in connections:
            http.close()


def _suggested(http: Http) -> Work:
    async def work() -> None:
        await http.call("POST", "/ai-suggestions", _ASK, mark=b'"source":"rules"')
        if http.marked_at is None:
            raise Unexpected("that was not by rules")

    return work


def _search(http: Http) -> Work:
    words = itertools.cycle(_SEARCHES)

    async def work() -> None:
        await http.call("GET", f"/industries?q={next(words)}")

    return work
