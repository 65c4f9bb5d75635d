"""What the tests of workflows start from: keys, people with a run on a real server, and patience."""

import asyncio
import os
import time
import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import Struct
from msgspec.structs import replace
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHandle
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from api.gateway import Gateway
from onboarding.advance import new_run
from onboarding.flow import Flow
from onboarding.flows.fitness import FITNESS
from onboarding.payloads import Begin, Change, Command, Opened, Run, RunView, SetPlace
from runtime.addresses import RunAddress, workflow_id
from runtime.encryption import KeyRing
from runtime.settings import Settings
from tests.domain.given import PERSON, answer, save
from tests.workflows.outside import Outside

STATES = range(1, 10)


def fresh_keys(*more: str) -> KeyRing:
    """A ring of random keys; the first one seals."""
    return KeyRing("test", {name: os.urandom(32) for name in ("test", *more)})


async def until(holds: Callable[[], Awaitable[bool]] | Callable[[], bool], seconds: float = 60.0) -> None:
    """Ask again until it holds; fail when it does not in time."""
    deadline = time.monotonic() + seconds
    while True:
        found = holds()
        if found if isinstance(found, bool) else await found:
            return
        assert time.monotonic() < deadline, "it did not come to hold in time"
        await asyncio.sleep(0.02)


def zone_at(hour: int) -> str:
    """A time zone without summer time where it is about this hour now."""
    offset = (hour - datetime.now(UTC).hour + 11) % 24 - 11
    return f"Etc/GMT{-offset:+d}" if offset else "Etc/GMT"


@asynccontextmanager
async def working(
    client: Client, activities: list[Callable[..., Any]], task_queue: str, *, cached: int = 1000
) -> AsyncGenerator[Worker]:
    """A worker for as long as the block lasts; `cached` 0 replays at each task."""
    async with Worker(
        client,
        task_queue=task_queue,
        activities=activities,
        max_cached_workflows=cached,
        sticky_queue_schedule_to_start_timeout=timedelta(seconds=1),
    ) as worker:
        yield worker


class World(Struct, frozen=True, kw_only=True):
    """A server on which time can be moved, the queue of a worker, and what that worker does outside."""

    environment: WorkflowEnvironment
    outside: Outside
    task_queue: str

    def someone(self, user_id: str | None = None) -> "Someone":
        """Somebody who has not begun."""
        settings = Settings(task_queue=self.task_queue, update_timeout_seconds=30)
        gateway = Gateway(self.environment.client, settings)
        user_id = user_id or str(uuid.uuid4())
        return Someone(self, gateway, RunAddress("00000000-0000-7000-8000-00000000000a", user_id, "fitness"))


@asynccontextmanager
async def world(environment: WorkflowEnvironment, *, cached: int = 1000) -> AsyncGenerator[World]:
    """A worker with a queue and an outside of its own."""
    made = World(environment=environment, outside=Outside(), task_queue=f"test-{uuid.uuid4()}")
    async with working(environment.client, made.outside.activities, made.task_queue, cached=cached):
        yield made


class Someone:
    """A person on their way, who talks to their run through the gateway as the API does."""

    def __init__(self, world: World, gateway: Gateway, address: RunAddress) -> None:
        self.world = world
        self.outside = world.outside
        self.gateway = gateway
        self.address = address
        self.user_id = address.user_id
        self.workflow_id = workflow_id(address)

    @property
    def handle(self) -> WorkflowHandle[Any, Any]:
        """The latest execution."""
        return self.world.environment.client.get_workflow_handle(self.workflow_id)

    def fresh(self, *, flow: Flow = FITNESS, timezone: str | None = None, id: str | None = None) -> Run:
        """A run of theirs; it is noon where they are unless a time zone is given."""
        return new_run(
            id=id or str(uuid.uuid4()),
            tenant_id=self.address.tenant_id,
            user_id=self.user_id,
            flow=flow,
            now=datetime.now(UTC),
            timezone=timezone or zone_at(12),
        )

    def silent(self, silence: timedelta, *, timezone: str | None = None) -> Run:
        """A run of theirs as it is after a silence; its first state is answered."""
        then = datetime.now(UTC) - silence
        return replace(
            self.fresh(timezone=timezone),
            created_at=then,
            last_activity_at=then,
            expires_at=then + timedelta(days=7),
            answers={"fitness_level": answer(1)},
            version=2,
            seq=2,
        )

    async def begin(
        self,
        run: Run | None = None,
        *,
        restart: bool = False,
        resume: Run | None = None,
        after_end: bool = True,
        **place: Any,
    ) -> Opened:
        """Start, find, or start anew."""
        message = Begin(run=run or self.fresh(), place=SetPlace(actor=PERSON, **place))
        return await self.gateway.begin(message, restart=restart, resume=resume, after_end=after_end)

    async def send(self, command: Command) -> Change:
        """Send a command to the open run."""
        return await self.gateway.send(self.address, command)

    async def save(self, step: int | str, **changes: Any) -> Change:
        """Save the example answer of a state, with some fields changed."""
        return await self.send(save((step, answer(step, **changes))))

    async def save_all(self, first: int = 1, last: int = 9) -> Change:
        """Save the example answers of some states, one by one."""
        change = Change(run=self.fresh())
        for step in range(first, last + 1):
            change = await self.save(step)
        return change

    async def view(self) -> RunView:
        """What support staff see."""
        return await self.handle.query("view", result_type=RunView)

    async def forward(self, duration: timedelta) -> bool:
        """Let time pass for this run; False when it closed before."""
        return await self.world.environment.fast_forward(self.handle, duration)

    async def now(self) -> datetime:
        """What time it is for this run."""
        return await self.world.environment.get_current_time(self.handle)

    async def forward_settling(self) -> None:
        """Let the pause after a change pass."""
        await self.forward(timedelta(seconds=6))

    async def settled(self) -> None:
        """Wait until nothing is left to settle; time moves past the pause after a change."""
        await self.forward_settling()
        await until(self._is_settled)

    async def closed(self) -> RunView:
        """Wait for the end of the workflow."""
        async with asyncio.timeout(60):
            return await self.world.environment.client.get_workflow_handle(
                self.workflow_id, result_type=RunView
            ).result()

    async def is_open(self) -> bool:
        """Whether the workflow lives."""
        return (await self.handle.describe()).status is WorkflowExecutionStatus.RUNNING

    async def history_length(self) -> int:
        """How many events the latest execution has."""
        return (await self.handle.describe()).history_length

    async def _is_settled(self) -> bool:
        return (await self.view()).settled
