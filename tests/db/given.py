"""What the tests of the database start from: people, their runs with every change on the way, and patience."""

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import Struct

from db import users
from db.organizations import Founding, NewDepartment
from db.pool import Connection
from onboarding.access import Caller, Role
from onboarding.advance import advance, begin, new_run
from onboarding.flow import Flow
from onboarding.flows.company import COMPANY
from onboarding.flows.fitness import FITNESS
from onboarding.payloads import (
    Abandon,
    AbandonedReason,
    Actor,
    ActorKind,
    Change,
    Channel,
    Command,
    Complete,
    SaveSteps,
    SkipStep,
    StepAnswer,
)

NOW = datetime(2026, 3, 2, 12, 30, 15, 123456, tzinfo=UTC)
ACTOR = Actor(kind=ActorKind.PERSON, id="00000000-0000-7000-8000-000000000003")


class Person(Struct, frozen=True, kw_only=True):
    """Somebody, and the contexts in which transactions act for them."""

    tenant_id: str
    user_id: str
    email: str

    def caller(self, role: Role = Role.USER) -> Caller:
        """Them, with a role."""
        return Caller(tenant_id=self.tenant_id, user_id=self.user_id, role=role)


async def register(conn: Connection, tenant_id: str) -> Person:
    """Somebody new in a tenant."""
    email = f"{uuid.uuid4()}@example.org"
    user = await users.create(conn, tenant_id=tenant_id, email=email, password_hash="hash")
    return Person(tenant_id=tenant_id, user_id=user.id, email=email)


def started(person: Person, now: datetime = NOW, flow: Flow = FITNESS) -> Change:
    """A run of theirs that has just begun."""
    run = new_run(id=str(uuid.uuid4()), tenant_id=person.tenant_id, user_id=person.user_id, flow=flow, now=now)
    run, events = begin(run, ACTOR, Channel.FORM, now)
    return Change(run=run, events=events)


def then(changes: list[Change], *commands: Command, now: datetime = NOW) -> list[Change]:
    """The changes so far, and those that the commands make, a minute apart each."""
    run = changes[-1].run
    made = list(changes)
    for minute, command in enumerate(commands, 1):
        run, events = advance(run, command, now + timedelta(minutes=minute))
        made.append(Change(run=run, events=events))
    return made


def answers(first: int = 1, last: int = 9, flow: Flow = FITNESS) -> list[SaveSteps]:
    """The example answers of some states, one command each."""
    return [
        SaveSteps(actor=ACTOR, steps=(StepAnswer(step=state.number, data=dict(state.example)),))
        for state in flow.states
        if first <= state.number <= last
    ]


def completed(person: Person, now: datetime = NOW) -> list[Change]:
    """A run of theirs from its beginning to its completion."""
    skip = SkipStep(actor=ACTOR, step=9)
    return then([started(person, now)], *answers(1, 8), skip, Complete(actor=ACTOR), now=now)


def company(person: Person, now: datetime = NOW) -> list[Change]:
    """A company run of theirs from its beginning to its completion."""
    return then([started(person, now, COMPANY)], *answers(flow=COMPANY), Complete(actor=ACTOR), now=now)


def founding(person: Person, run_id: str, **fields: Any) -> Founding:
    """What an organization of theirs is made from."""
    given: dict[str, Any] = {
        "name": "Ñandú & O'Neill",
        "industry": "other",
        "size": "small",
        "team_size": 12,
        "structure": "flat",
        "methodology": "okrs",
        "collaboration_style": "hybrid",
        "integrations": ("slack", "github"),
        "departments": (NewDepartment(name="Platform", parent=1), NewDepartment(name="Engineering")),
    }
    return Founding(run_id=run_id, tenant_id=person.tenant_id, user_id=person.user_id, **{**given, **fields})


def abandoned(
    person: Person, reason: AbandonedReason = AbandonedReason.DELETED, now: datetime = NOW
) -> list[Change]:
    """A run of theirs that was begun, answered once and given up."""
    return then([started(person, now)], *answers(1, 1), Abandon(actor=ACTOR, reason=reason), now=now)


async def until(holds: Callable[[], Awaitable[bool]], seconds: float = 60.0) -> None:
    """Ask again until it holds; fail when it does not in time."""
    deadline = time.monotonic() + seconds
    while not await holds():
        assert time.monotonic() < deadline, "it did not come to hold in time"
        await asyncio.sleep(0)
