"""A person who answers again and again, and writes down what was acknowledged."""

import asyncio
import time
import uuid
from typing import Any

import httpx
from temporalio.client import Client

from db import runs
from db.pool import Database
from onboarding.access import Caller, Role
from onboarding.flows.fitness import FITNESS
from onboarding.payloads import Change, EventKind, Run, RunView
from runtime.addresses import RunAddress, workflow_id
from tests.bench.people import Person
from tests.stack import RUNS, ok, until

STATE = "workout_constraints"
HEALS_SECONDS = 120.0
"""A killed API leaves its idempotency keys taken for 20 s; everything else heals sooner. Only a net."""

_AGAIN = {"request_in_progress"}


class Ledger:
    """Saves one state with another value each time; `acknowledged` are the values that were answered 200."""

    def __init__(self, person: Person, http: httpx.AsyncClient, rows: Database, workflows: Client) -> None:
        self.person = person
        self.acknowledged: list[str] = []
        self.tries = 0
        self._http = http
        self._rows = rows
        self._workflows = workflows

    @property
    def address(self) -> RunAddress:
        """Of the run."""
        return RunAddress(self.person.tenant_id, self.person.id, "fitness")

    async def open(self) -> None:
        """Start, and answer the first three states."""
        ok(await self.request("POST", "/start", {}))
        steps = [{"step": s.number, "data": dict(s.example)} for s in FITNESS.states[:3]]
        ok(await self.request("POST", "/steps", {"steps": steps}))

    async def request(self, method: str, path: str, body: Any = None, key: str | None = None) -> httpx.Response:
        """One request, tried once."""
        headers = {"Authorization": f"Bearer {self.person.token}"}
        if key:
            headers["Idempotency-Key"] = key
        given = {} if body is None else {"json": body}
        return await self._http.request(method, RUNS + path, headers=headers, **given)

    async def try_save(self, value: str, key: str) -> httpx.Response:
        """Save a value once."""
        data = {"equipment": [value], "injuries": [], "limitations": []}
        return await self.request("POST", "/step", {"step": STATE, "data": data}, key)

    async def save(self) -> None:
        """Save another value: the same request with the same key until it is acknowledged."""
        value, key = f"dumbbells {len(self.acknowledged)}", uuid.uuid4().hex
        deadline = time.monotonic() + HEALS_SECONDS
        while True:
            self.tries += 1
            assert time.monotonic() < deadline, f"{value} was not taken in {HEALS_SECONDS} s"
            try:
                answer = await self.try_save(value, key)
            except httpx.TransportError:
                await asyncio.sleep(0.05)
                continue
            if answer.is_success:
                self.acknowledged.append(value)
                return
            assert answer.status_code >= 500 or answer.json()["code"] in _AGAIN, answer.text
            await asyncio.sleep(0.1)

    async def keep_saving(self, stop: asyncio.Event) -> None:
        """Save until told to stop."""
        while not stop.is_set():
            await self.save()

    async def row(self) -> Run:
        """The run as the projection has it."""
        async with self._rows.transaction(self._caller) as connection:
            run = await runs.latest(connection, self.person.id, "fitness")
        assert run
        return run

    async def events(self) -> list[runs.StoredEvent]:
        """Every event, oldest first."""
        run = await self.row()
        async with self._rows.transaction(self._caller) as connection:
            return await runs.events(connection, run.id, after=0, limit=10_000)

    async def view(self) -> RunView:
        """The run as its workflow has it."""
        handle = self._workflows.get_workflow_handle(workflow_id(self.address))
        return await handle.query("view", result_type=RunView)

    async def agree(self) -> None:
        """Every acknowledged answer is there, once, and the projection is what the workflow says."""
        view = await until(self._settled, HEALS_SECONDS)
        row, events = await self.row(), await self.events()
        assert row.answers[STATE]["equipment"] == [self.acknowledged[-1]]
        assert [event.seq for event in events] == list(range(1, row.seq + 1))
        assert [event.version for event in events if event.kind is EventKind.STATE_EDITED] == list(
            range(row.version - len(self.acknowledged) + 1, row.version + 1)
        )
        assert (view.version, view.status) == (row.version, row.status)
        assert [s.key for s in view.states if s.status == "completed"] == sorted(
            row.answers, key=[s.key for s in view.states].index
        )

    async def is_projected(self, change: Change) -> bool:
        """Whether a change can be read."""
        return (await self.row()).seq >= change.run.seq

    async def _settled(self) -> RunView | None:
        view = await self.view()
        return view if view.settled else None

    @property
    def _caller(self) -> Caller:
        return Caller(tenant_id=self.person.tenant_id, user_id=self.person.id, role=Role.USER)
