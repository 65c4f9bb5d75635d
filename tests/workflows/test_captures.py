"""The workflow of a capture session: it waits as long as the session lasts, and sees to its end once."""

import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from temporalio import activity
from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from api.gateway import Gateway
from onboarding.payloads import CaptureOrder, CaptureState
from runtime.addresses import capture_session_workflow_id
from runtime.settings import Settings
from tests.workflows.given import World, until, working
from tests.workflows.outside import Outside
from workflows.captures import CaptureSession

HOUR = timedelta(hours=1)


class Sessions:
    """What the activities know of one session, and what they were asked."""

    def __init__(self) -> None:
        self.state: CaptureState | None = CaptureState(active=True, expires_at=datetime.now(UTC) + 24 * HOUR)
        self.asked = 0
        self.settled = 0

    @activity.defn(name="expire_capture")
    async def expire_capture(self, _: CaptureOrder) -> CaptureState | None:
        """Where it stands."""
        self.asked += 1
        return self.state

    @activity.defn(name="settle_capture")
    async def settle_capture(self, _: CaptureOrder) -> int:
        """Done."""
        self.settled += 1
        return 0

    def set(self, **fields: Any) -> None:
        """Let it stand otherwise."""
        assert self.state
        self.state = replace(self.state, **fields)


class Watched:
    """A session that is waited for."""

    def __init__(self, environment: WorkflowEnvironment) -> None:
        self.sessions = Sessions()
        self.environment = environment
        self.queue = f"test-{uuid.uuid4()}"
        self.gateway = Gateway(environment.client, Settings(task_queue=self.queue, update_timeout_seconds=30))
        self.order = CaptureOrder(
            tenant_id="00000000-0000-7000-8000-00000000000a",
            user_id=str(uuid.uuid4()),
            session_id=str(uuid.uuid4()),
        )

    @property
    def handle(self) -> WorkflowHandle[Any, Any]:
        """Its workflow."""
        return self.environment.client.get_workflow_handle(
            capture_session_workflow_id(self.order.tenant_id, self.order.session_id)
        )

    def working(self) -> Any:
        """A worker with nothing in its cache."""
        return working(
            self.environment.client,
            [self.sessions.expire_capture, self.sessions.settle_capture],
            self.queue,
            cached=0,
        )

    async def asked(self, times: int) -> None:
        """Wait until the database was asked so often."""
        await until(lambda: self.sessions.asked >= times)


@pytest.fixture
async def watched(environment: WorkflowEnvironment) -> AsyncIterator[Watched]:
    """One that was begun and has looked once; its worker may be replaced."""
    watched = Watched(environment)
    await watched.gateway.see_to_capture(watched.order)
    yield watched
    if (await watched.handle.describe()).close_time is None:
        await watched.handle.terminate()


async def test_expiry_that_slides(watched: Watched) -> None:
    """When the time comes it asks; a session that was used meanwhile is waited for until its new time."""
    async with watched.working():
        await watched.asked(1)
        watched.sessions.set(expires_at=datetime.now(UTC) + 40 * HOUR)
        await watched.environment.fast_forward(watched.handle, 25 * HOUR)
        await watched.asked(2)
        assert watched.sessions.settled == 0
        watched.sessions.set(active=False)
        await watched.environment.fast_forward(watched.handle, 16 * HOUR)
        await watched.handle.result()
    assert (watched.sessions.asked, watched.sessions.settled) == (3, 1)


async def test_workers_that_die(watched: Watched) -> None:
    """A session that is closed while no worker is there is seen to by the next one, once, told twice or not."""
    async with watched.working():
        await watched.asked(1)
    watched.sessions.set(active=False, barcodes=3, photos=1)
    for _ in range(2):
        await watched.gateway.see_to_capture(watched.order)
    async with watched.working():
        await watched.handle.result()
    assert (watched.sessions.asked, watched.sessions.settled) == (2, 1)


async def test_an_owner_who_is_gone(watched: Watched) -> None:
    """A session that is no more needs nothing."""
    watched.sessions.state = None
    async with watched.working():
        await watched.handle.result()
    assert watched.sessions.settled == 0


async def test_states_of_the_run(environment: WorkflowEnvironment, watched: Watched) -> None:
    """The end tells the owner's inventory run how many items there are, of the kinds that there are."""
    run = await environment.client.start_workflow(
        "OnboardingRun",
        id=f"onboarding/{watched.order.tenant_id}/{watched.order.user_id}/inventory",
        task_queue=f"nobody-{uuid.uuid4()}",
    )
    watched.sessions.set(active=False, barcodes=3)
    async with watched.working():
        await watched.handle.result()
    signals = [
        event.workflow_execution_signaled_event_attributes
        async for event in run.fetch_history_events()
        if event.HasField("workflow_execution_signaled_event_attributes")
    ]
    await run.terminate()
    assert [each.signal_name for each in signals] == ["step_completed"]


async def test_a_long_history(short: World) -> None:
    """A session that is looked at very often is continued as new, and still ends once."""
    watched = Watched(short.environment)
    assert isinstance(short.outside, Outside)
    await watched.gateway.see_to_capture(watched.order)
    async with watched.working():
        for times in range(1, 16):
            await watched.asked(times)
            await watched.handle.signal(CaptureSession.look)
        await watched.asked(16)
        first = await watched.handle.describe()
        watched.sessions.set(active=False)
        await watched.handle.signal(CaptureSession.look)
        await watched.handle.result()
    assert first.run_id != first.raw_description.workflow_execution_info.first_run_id
    assert watched.sessions.settled == 1
