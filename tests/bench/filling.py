"""A tenant that has been busy for long: events and runs of the past, by COPY, the same each time."""

import json
import random
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

import asyncpg

from onboarding.flows.fitness import FITNESS

SOURCES = ("aws.guardduty", "aws.health", "aws.cloudwatch", "aws.securityhub", "monitoring.api", "gangway.ai")
SEVERITIES = ("unknown", "low", "medium", "high", "critical")
DAYS = 90
_ACCOUNTS = [f"{number:012}" for number in range(111111111111, 111111111121)]
_BATCH = 50_000
_STATES = len(FITNESS.states)
_ACTOR = json.dumps({"kind": "person"})


async def fill_events(admin: asyncpg.Connection, tenant_id: str, count: int, now: datetime) -> None:
    """So many events of the last 90 days, oldest first, as they would have come."""
    columns = (
        *("id", "tenant_id", "account", "region", "source", "detail_type", "detail", "severity", "severity_level"),
        *("resources", "published_at", "created_at"),
    )
    await _copy(admin, "events", columns, _events(tenant_id, count, now))


async def fill_runs(admin: asyncpg.Connection, tenant_id: str, count: int, now: datetime) -> None:
    """So many runs of the last 90 days, each of a person of its own: three of five completed, one still open."""
    chance = random.Random(11)
    whose = [
        (uuid.UUID(int=chance.getrandbits(128)), uuid.UUID(int=chance.getrandbits(128))) for _ in range(count)
    ]
    people = ((user, tenant_id, f"{user}@example.org", "none") for _, user in whose)
    await _copy(admin, "users", ("id", "tenant_id", "email", "password_hash"), people)
    made = [_run(chance, *ids, tenant_id, now) for ids in whose]
    columns = (
        *("id", "tenant_id", "user_id", "flow", "flow_version", "status", "abandoned_reason", "current_step"),
        *("total_states", "version", "seq", "completed_at", "ended_at", "created_at"),
    )
    await _copy(admin, "onboarding_sessions", columns, (run for run, _ in made))
    names = ("tenant_id", "user_id", "run_id", "seq", "version", "kind", "state", "actor", "channel", "created_at")
    await _copy(admin, "onboarding_events", names, (event for _, events in made for event in events))


def _events(tenant_id: str, count: int, now: datetime) -> Iterator[tuple[Any, ...]]:
    chance = random.Random(7)
    apart = timedelta(days=DAYS) / count
    for number in range(count):
        at = now - apart * (count - number)
        level = chance.choices(range(5), (5, 40, 30, 20, 5))[0]
        source = chance.choice(SOURCES)
        account = None if source.startswith("gangway.") else chance.choice(_ACCOUNTS)
        detail = json.dumps({"number": number, "text": f"Something of {source} " * 8})
        yield (
            *(uuid.UUID(int=chance.getrandbits(128)), tenant_id, account, account and "eu-central-1", source),
            *("Something happened", detail, SEVERITIES[level], level, "[]", at, at),
        )


def _run(
    chance: random.Random, run: uuid.UUID, user: uuid.UUID, tenant_id: str, now: datetime
) -> tuple[tuple[Any, ...], list[tuple[Any, ...]]]:
    """A row of `onboarding_sessions`, and those of `onboarding_events`."""
    began = now - timedelta(days=chance.uniform(0, DAYS))
    status = chance.choices(("completed", "abandoned", "in_progress"), (3, 1, 1))[0]
    reached = _STATES if status == "completed" else chance.randrange(_STATES)
    happened: list[tuple[str, int | None]] = [("run_started", None)]
    for state in range(1, reached + 1):
        skips = state == _STATES and chance.random() < 0.5
        happened.append(("state_skipped" if skips else "state_completed", state))
        if chance.random() < 0.1:
            happened.append(("state_edited", chance.randint(1, min(state, _STATES - 1))))
    happened += [(f"run_{status}", None)] if status != "in_progress" else []
    channel, at = chance.choice(("form", "chat")), began
    events: list[tuple[Any, ...]] = []
    for seq, (kind, state) in enumerate(happened, 1):
        events.append((tenant_id, user, run, seq, seq, kind, state, _ACTOR, channel, at))
        last = at
        at += timedelta(seconds=chance.lognormvariate(4, 1))
    ended = None if status == "in_progress" else last
    return (
        *(run, tenant_id, user, FITNESS.key, FITNESS.version, status),
        *("expired" if status == "abandoned" else None, 0 if reached == _STATES else reached + 1, _STATES),
        *(len(events), len(events), ended if status == "completed" else None, ended, began),
    ), events


async def _copy(
    admin: asyncpg.Connection, table: str, columns: tuple[str, ...], rows: Iterator[tuple[Any, ...]]
) -> None:
    """Batch by batch, as a worker that writes many would."""
    while batch := list(islice(rows, _BATCH)):
        await admin.copy_records_to_table(table, records=batch, columns=columns)
