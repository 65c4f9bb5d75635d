"""Workers come and go, with and without a cache, with the right keys and with others."""

import asyncio
import os
import uuid
from contextlib import AsyncExitStack

import msgspec
import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from api.gateway import Gateway, WorkflowsUnavailable
from onboarding.payloads import Complete, Run, RunView, Status
from runtime.context import RequestContext, current_request
from runtime.encryption import CannotOpen, KeyRing
from runtime.settings import Settings
from runtime.temporal import plugin
from tests.domain.given import PERSON, answer, save, skip
from tests.workflows.given import Someone, World, until, working, world
from tests.workflows.outside import Outside
from workflows.registry import WORKFLOWS


async def test_a_worker_that_dies(environment: WorkflowEnvironment) -> None:
    """A new worker with nothing in its cache replays the run and goes on where the old one stopped."""
    there = World(environment=environment, outside=Outside(), task_queue=f"test-{uuid.uuid4()}")
    someone = there.someone()
    async with working(environment.client, there.outside.activities, there.task_queue):
        await someone.begin()
        await someone.save_all(1, 4)
    async with working(environment.client, there.outside.activities, there.task_queue):
        assert (await someone.view()).current_state == 5
        change = await someone.save_all(5, 9)
        assert change.run.version == 10
        await someone.send(Complete(actor=PERSON))
        assert (await someone.closed()).status is Status.COMPLETED


async def test_no_worker_at_all(environment: WorkflowEnvironment) -> None:
    """While no worker is there a command ends in time; what was sent is followed when one comes."""
    there = World(environment=environment, outside=Outside(), task_queue=f"test-{uuid.uuid4()}")
    someone = there.someone()
    async with working(environment.client, there.outside.activities, there.task_queue):
        await someone.begin()
    hasty = Gateway(environment.client, Settings(task_queue=there.task_queue, update_timeout_seconds=0.3))
    with pytest.raises(WorkflowsUnavailable):
        await hasty.send(someone.address, save((1, answer(1)), message_id="once"))
    async with working(environment.client, there.outside.activities, there.task_queue):
        assert (await someone.send(save((1, answer(1)), message_id="once"))).run.version == 2


async def test_warm_and_cold_worker(environment: WorkflowEnvironment) -> None:
    """A worker that replays at every task makes the same of the same messages as one that remembers."""
    made: list[tuple[list[object], Run]] = []
    for cached in (1000, 0):
        async with world(environment, cached=cached) as there:
            someone = there.someone()
            await someone.begin()
            await someone.save_all(1, 5)
            await someone.handle.signal("step_completed", save((9, answer(9))))
            await someone.save(4, diet_type="keto")
            await someone.settled()
            await someone.save(4)
            await someone.save_all(6, 8)
            await someone.send(skip(9))
            run = (await someone.send(Complete(actor=PERSON))).run
            await someone.closed()
            events = [(e.seq, e.version, e.kind, e.state) for e in there.outside.events(someone.user_id)]
            made.append((list(events), run))
    (warm_events, warm), (cold_events, cold) = made
    assert warm_events == cold_events
    assert (warm.answers, warm.version, warm.seq, warm.skipped) == (
        cold.answers,
        cold.version,
        cold.seq,
        cold.skipped,
    )


async def test_a_removed_key(environment: WorkflowEnvironment, someone: Someone) -> None:
    """Who has not the key is told which one is missing, and nothing else."""
    await someone.begin()
    await someone.settled()
    stranger = await _client(environment, KeyRing("other", {"other": os.urandom(32)}))
    with pytest.raises(CannotOpen, match="no key 'test'"):
        await stranger.get_workflow_handle(someone.workflow_id).query("view", result_type=RunView)


async def test_a_worker_without_the_key(environment: WorkflowEnvironment, keys: KeyRing) -> None:
    """A worker that lacks the key fails its tasks and not the run; one that has it goes on."""
    there = World(environment=environment, outside=Outside(), task_queue=f"test-{uuid.uuid4()}")
    someone = there.someone()
    stranger = await _client(environment, KeyRing("other", {"other": os.urandom(32)}))
    async with AsyncExitStack() as wrong:
        await wrong.enter_async_context(working(stranger, there.outside.activities, there.task_queue))
        begun = asyncio.create_task(someone.begin())
        await until(lambda: _task_failed(someone))
    async with working(environment.client, there.outside.activities, there.task_queue):
        try:
            await begun
        except Exception:  # noqa: BLE001 - the server may have given this update up with the failed task
            await someone.begin()
        assert (await someone.save(1)).run.version == 2


async def test_rotated_keys(environment: WorkflowEnvironment, someone: Someone, keys: KeyRing) -> None:
    """A newer key seals, the older one still opens: one history may hold both."""
    first = os.urandom(32)
    old, new = KeyRing("old", {"old": first}), KeyRing("new", {"old": first, "new": os.urandom(32)})
    outside, queue = Outside(), f"test-{uuid.uuid4()}"
    run = someone.fresh()
    for ring, step in ((old, 1), (new, 2)):
        client = await _client(environment, ring)
        async with working(client, outside.activities, queue):
            gateway = Gateway(client, Settings(task_queue=queue, update_timeout_seconds=30))
            rotated = Someone(
                World(environment=environment, outside=outside, task_queue=queue), gateway, someone.address
            )
            await rotated.begin(run)
            assert (await rotated.save(step)).run.version == step + 1
    history = await environment.client.get_workflow_handle(someone.workflow_id).fetch_history()
    used = {
        payload.metadata["key-id"]
        for accepted in (e.workflow_execution_update_accepted_event_attributes for e in history.events)
        for payload in accepted.accepted_request.input.args.payloads
    }
    assert used == {b"old", b"new"}
    await someone.handle.terminate()


async def test_the_request_is_carried_along(someone: Someone) -> None:
    """The id of the request reaches the workflow, and each activity carries that of the latest change."""
    for request_id, step in (("request-1", 1), ("request-2", 2)):
        token = current_request.set(RequestContext(request_id=request_id))
        if step == 1:
            await someone.begin()
        await someone.save(step)
        current_request.reset(token)
        await someone.settled()
    # More than one activity carries the first where a slow machine takes longer than the pause after a change.
    assert list(dict.fromkeys(someone.outside.requests[someone.user_id])) == ["request-1", "request-2"]
    history = await someone.handle.fetch_history()
    started = history.events[0].workflow_execution_started_event_attributes.header.fields["gangway-request"]
    assert msgspec.json.decode(started.data, type=RequestContext).request_id == "request-1"


async def test_the_request_outlives_continuing(short: World) -> None:
    """Continuing as new carries the request along too."""
    someone = short.someone()
    token = current_request.set(RequestContext(request_id="long-1"))
    await someone.begin()
    current_request.reset(token)
    first = (await someone.handle.describe()).run_id
    for number in range(25):
        await someone.save(1, fitness_level=("beginner", "advanced")[number % 2])

    async def continued() -> bool:
        return (await someone.handle.describe()).run_id != first

    await until(continued)
    history = await someone.handle.fetch_history()
    header = history.events[0].workflow_execution_started_event_attributes.header.fields
    assert msgspec.json.decode(header["gangway-request"].data, type=RequestContext).request_id == "long-1"


async def _client(environment: WorkflowEnvironment, keys: KeyRing) -> Client:
    target = environment.client.service_client.config.target_host
    return await Client.connect(target, plugins=[plugin(keys, WORKFLOWS)])


async def _task_failed(someone: Someone) -> bool:
    try:
        history = await someone.handle.fetch_history()
    except Exception:  # noqa: BLE001 - not started yet
        return False
    return any(event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED for event in history.events)
