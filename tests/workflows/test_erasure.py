"""The life of an erasure, with an outside that can be stuck, and time that can be moved."""

import asyncio
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from temporalio import activity
from temporalio.client import WorkflowExecutionStatus, WorkflowFailureError, WorkflowHandle
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment

from api.gateway import Gateway
from api.uploads import FORM_SECONDS
from onboarding.payloads import EndRuns, Erase, EraseRows, ErasureCounts
from runtime.addresses import erasure_workflow_id
from runtime.settings import Settings
from tests.workflows.given import until, working
from tests.workflows.seen import metadata
from workflows.erasure import LINGER

COUNTS = ErasureCounts(database={"users": 1}, objects=3, runs_ended=1, data_keys=1)
STEPS = ["end_runs 60", "leave_connections", "count_objects", "delete_objects", "erase_rows 3"]
LATE = ["end_runs 0", "delete_objects"]


class Stores:
    """Activities under the names of the real ones, which write down what they were asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.stuck_at: str | None = None
        self.reached = asyncio.Event()
        self.refused = False

    @property
    def activities(self) -> list[Callable[..., Any]]:
        """What a worker registers."""
        return [self.end_runs, self.leave_connections, self.count_objects, self.delete_objects, self.erase_rows]

    @activity.defn(name="end_runs")
    async def end_runs(self, message: EndRuns) -> int:
        """One run was open."""
        await self._note(f"end_runs {message.patience_seconds}")
        return 1

    @activity.defn(name="leave_connections")
    async def leave_connections(self, _: Erase) -> int:
        """None."""
        await self._note("leave_connections")
        return 0

    @activity.defn(name="count_objects")
    async def count_objects(self, _: Erase) -> int:
        """Three files."""
        await self._note("count_objects")
        return 3

    @activity.defn(name="delete_objects")
    async def delete_objects(self, _: Erase) -> int:
        """As if another worker had deleted some already."""
        await self._note("delete_objects")
        return 1

    @activity.defn(name="erase_rows")
    async def erase_rows(self, message: EraseRows) -> ErasureCounts:
        """The counts, unless it is the last admin."""
        await self._note(f"erase_rows {message.objects}")
        if self.refused:
            raise ApplicationError("the last one", type="last_admin", non_retryable=True)
        return COUNTS

    async def _note(self, asked: str) -> None:
        if self.stuck_at == asked:
            self.reached.set()
            await asyncio.Event().wait()
        self.asked.append(asked)


class Erasing:
    """The erasure of somebody, on a queue of its own."""

    def __init__(self, environment: WorkflowEnvironment) -> None:
        self.environment = environment
        self.queue = f"erasing-{uuid.uuid4()}"
        ids = [str(uuid.uuid4()) for _ in range(3)]
        self.message = Erase(erasure_id=ids[0], tenant_id=ids[1], user_id=ids[2])

    @property
    def handle(self) -> WorkflowHandle[Any, Any]:
        """The latest execution."""
        id = erasure_workflow_id(self.message.tenant_id, self.message.user_id)
        return self.environment.client.get_workflow_handle(id, result_type=ErasureCounts)

    async def start(self) -> None:
        """Through the gateway, as the API does."""
        await Gateway(self.environment.client, Settings(task_queue=self.queue)).erase(self.message)

    async def result(self) -> ErasureCounts:
        """Wait for the end."""
        async with asyncio.timeout(20):
            return await self.handle.result()


@pytest.fixture
def erasing(environment: WorkflowEnvironment) -> Erasing:
    """Somebody whose erasure was not started yet."""
    return Erasing(environment)


async def test_the_order(erasing: Erasing) -> None:
    """Runs end before files and rows go; what came too late, by a form signed before too, goes after that."""
    assert timedelta(seconds=FORM_SECONDS) < LINGER
    stores = Stores()
    async with working(erasing.environment.client, stores.activities, erasing.queue):
        await erasing.start()
        await until(lambda: stores.asked == STEPS)
        await erasing.environment.fast_forward(erasing.handle, timedelta(seconds=FORM_SECONDS))
        assert stores.asked == STEPS
        await erasing.environment.fast_forward(erasing.handle, LINGER)
        assert await erasing.result() == COUNTS
    assert stores.asked == STEPS + LATE


async def test_starting_twice(erasing: Erasing) -> None:
    """A second start while it is under way changes nothing."""
    stores = Stores()
    async with working(erasing.environment.client, stores.activities, erasing.queue):
        await asyncio.gather(*(erasing.start() for _ in range(5)))
        await until(lambda: stores.asked == STEPS)
        await erasing.start()
        await erasing.environment.fast_forward(erasing.handle, LINGER)
        await erasing.result()
    assert stores.asked == STEPS + LATE


@pytest.mark.parametrize("step", STEPS)
async def test_a_worker_that_stops_in_the_middle(erasing: Erasing, step: str) -> None:
    """Its successor goes on with the step where it stopped, and repeats none before; the count is kept."""
    first, second = Stores(), Stores()
    first.stuck_at = step
    async with working(erasing.environment.client, first.activities, erasing.queue):
        await erasing.start()
        await asyncio.wait_for(first.reached.wait(), 20)
    async with working(erasing.environment.client, second.activities, erasing.queue):
        await until(lambda: len(first.asked + second.asked) == len(STEPS))
        await erasing.environment.fast_forward(erasing.handle, LINGER)
        assert await erasing.result() == COUNTS
    assert first.asked + second.asked == STEPS + LATE


async def test_the_last_admin(erasing: Erasing) -> None:
    """It fails when the person became the last admin meanwhile; once they are not, a start begins it anew."""
    stores = Stores()
    stores.refused = True
    async with working(erasing.environment.client, stores.activities, erasing.queue):
        await erasing.start()
        with pytest.raises(WorkflowFailureError) as failed:
            await erasing.result()
        cause = failed.value.cause.__cause__ if failed.value.cause else None
        assert isinstance(cause, ApplicationError)
        assert cause.type == "last_admin"
        stores.refused = False
        await erasing.start()
        await until(lambda: stores.asked == STEPS * 2)
        await erasing.environment.fast_forward(erasing.handle, LINGER)
        await erasing.result()
    assert (await erasing.handle.describe()).status is WorkflowExecutionStatus.COMPLETED


async def test_what_support_staff_see(erasing: Erasing) -> None:
    """The details tell numbers; ids stand in the workflow's id and search attributes only."""
    stores = Stores()
    async with working(erasing.environment.client, stores.activities, erasing.queue):
        await erasing.start()
        await until(lambda: stores.asked == STEPS)

        async def told() -> bool:
            return "**1** rows, **3** files" in (await metadata(erasing.handle)).current_details

        await until(told)
        found = (await erasing.handle.describe()).typed_search_attributes
        assert {pair.key.name: pair.value for pair in found if pair.key.name.startswith("Gangway")} == {
            "GangwayTenant": erasing.message.tenant_id,
            "GangwayUser": erasing.message.user_id,
        }
        await erasing.handle.terminate()
