"""How values enter and leave Temporal history."""

import os
from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from temporalio.api.common.v1 import Payload
from temporalio.api.failure.v1 import Failure
from temporalio.converter import (
    ActivitySerializationContext,
    DataConverter,
    SerializationContext,
    WorkflowSerializationContext,
)
from temporalio.exceptions import ApplicationError

from onboarding.payloads import (
    SYSTEM,
    AgentTurn,
    Change,
    Channel,
    Event,
    EventKind,
    Reminders,
    Run,
    SaveSteps,
    StartRun,
    StepAnswer,
)
from runtime.addresses import Owner, RunAddress, address_of, owner_of, place_of, scheduled_workflow_id, workflow_id
from runtime.codec import ENCODING, data_converter
from runtime.encryption import CannotOpen, DataKey, KeyRing

KEYS = KeyRing("test", {"test": os.urandom(32)})
NOW = datetime(2026, 3, 29, 1, 30, 0, 123456, tzinfo=UTC)
RUN = Run(
    id="00000000-0000-7000-8000-000000000001",
    tenant_id="00000000-0000-7000-8000-000000000002",
    user_id="00000000-0000-7000-8000-000000000003",
    flow="fitness",
    flow_version=1,
    created_at=NOW,
    last_activity_at=NOW,
    expires_at=NOW + timedelta(days=7),
    answers={"fitness_goals": {"goals": [{"goal_type": "fat_loss"}]}, "x": {"nested": {"null": None, "f": 1.5}}},
    agent_history=(AgentTurn(agent="workout_planning", state=1, at=NOW),),
    reminders=Reminders(sent=1, snoozed_until=NOW),
)


def in_workflow(workflow_id: str = "w", namespace: str = "default") -> DataConverter:
    """The converter for one workflow's payloads."""
    context: SerializationContext = WorkflowSerializationContext(namespace=namespace, workflow_id=workflow_id)
    return data_converter(KEYS).with_context(context)


async def test_round_trip() -> None:
    """Nested structs, unions, datetimes and enums come back as they went."""
    event = Event(seq=1, version=1, kind=EventKind.RUN_STARTED, actor=SYSTEM, channel=Channel.CHAT, at=NOW)
    steps = SaveSteps(actor=SYSTEM, steps=(StepAnswer(step=1, data={}), StepAnswer(step="key", data={"a": [1]})))
    start = StartRun(run=RUN, begun=True, seen=("a",), unsettled=(Change(run=RUN, events=(event,)),))
    payloads = await in_workflow().encode([start, steps, None, "text", b"bytes"])
    hints = [StartRun, SaveSteps, type(None), str, bytes]
    assert await in_workflow().decode(payloads, hints) == [start, steps, None, "text", b"bytes"]


async def test_datetimes_keep_their_moment() -> None:
    """A time with another offset is the same moment afterwards."""
    away = NOW.astimezone(timezone(timedelta(hours=5, minutes=45)))
    run = msgspec.structs.replace(RUN, created_at=away)
    (decoded,) = await in_workflow().decode(await in_workflow().encode([run]), [Run])
    assert decoded.created_at == NOW


async def test_unknown_fields_are_ignored() -> None:
    """What a later version wrote is readable by this one; a missing field has its default."""
    later = {**msgspec.to_builtins(RUN), "invented_later": 1}
    del later["locale"]
    (decoded,) = await in_workflow().decode(await in_workflow().encode([later]), [Run])
    assert decoded == RUN


async def test_a_wrong_type_is_refused() -> None:
    """A payload is validated on its way in."""
    with pytest.raises(msgspec.ValidationError):
        await in_workflow().decode(await in_workflow().encode([{"run": 5}]), [StartRun])


async def test_nothing_is_readable() -> None:
    """A sealed payload shows its key's id and its place, and neither content nor inner encoding."""
    (payload,) = await in_workflow().encode(["canary"])
    assert dict(payload.metadata) == {"encoding": ENCODING, "key-id": b"test", "place": b"default/w"}
    assert b"canary" not in payload.SerializeToString()
    assert b"json/plain" not in payload.SerializeToString()


@pytest.mark.parametrize(("workflow", "namespace"), [("v", "default"), ("w", "other")])
async def test_bound_to_workflow_and_namespace(workflow: str, namespace: str) -> None:
    """A payload of another workflow or namespace does not open, whatever its metadata says."""
    (payload,) = await in_workflow().encode(["answer"])
    elsewhere = in_workflow(workflow, namespace)
    with pytest.raises(CannotOpen):
        await elsewhere.decode([payload])
    payload.metadata["place"] = f"{namespace}/{workflow}".encode()
    with pytest.raises(CannotOpen):
        await elsewhere.decode([payload])


async def test_activities_share_their_workflow() -> None:
    """What a workflow gives to its activity opens there."""
    context = ActivitySerializationContext(
        namespace="default",
        workflow_id="w",
        workflow_type="t",
        activity_type="a",
        activity_id="1",
        activity_task_queue="q",
        is_local=False,
    )
    (payload,) = await in_workflow().encode(["answer"])
    assert await data_converter(KEYS).with_context(context).decode([payload]) == ["answer"]


async def test_without_a_context() -> None:
    """A codec server, which is told no workflow, opens by the place in the metadata."""
    (payload,) = await in_workflow().encode(["answer"])
    assert await data_converter(KEYS).decode([payload]) == ["answer"]


async def test_what_was_never_sealed_passes() -> None:
    """A payload in the clear, from before encryption or from the UI, is read as it is."""
    plain = Payload(metadata={"encoding": b"json/plain"}, data=b'"text"')
    assert await in_workflow().decode([plain], [str]) == ["text"]


@given(cut=st.integers(min_value=0, max_value=200))
@settings(max_examples=40, deadline=None)
async def test_truncated(cut: int) -> None:
    """A payload that lost its end does not open, and says nothing else."""
    (payload,) = await in_workflow().encode(["a text of some length"])
    payload.data = payload.data[: min(cut, len(payload.data) - 1)]
    with pytest.raises(CannotOpen):
        await in_workflow().decode([payload])


@given(bit=st.integers(min_value=0))
@settings(max_examples=60, deadline=None)
async def test_flipped(bit: int) -> None:
    """A payload in which any one bit changed, of the nonce too, does not open."""
    (payload,) = await in_workflow().encode(["a text"])
    data = bytearray(payload.data)
    data[bit // 8 % len(data)] ^= 1 << bit % 8
    payload.data = bytes(data)
    with pytest.raises(CannotOpen):
        await in_workflow().decode([payload])


async def test_an_unknown_key() -> None:
    """A payload of a key that is gone names the key; one without any key's name does not open either."""
    (payload,) = await in_workflow().encode(["answer"])
    payload.metadata["key-id"] = b"\xff"
    with pytest.raises(CannotOpen):
        await in_workflow().decode([payload])
    payload.metadata["key-id"] = b"gone"
    with pytest.raises(CannotOpen, match="no key 'gone'"):
        await in_workflow().decode([payload])
    del payload.metadata["key-id"]
    with pytest.raises(CannotOpen):
        await in_workflow().decode([payload])


async def test_failures_are_sealed() -> None:
    """Neither message, nor stack, nor details of a failure are readable; with the key they come back."""
    failure = Failure()
    error = ApplicationError("canary message", {"field": "canary detail"}, type="code")
    await in_workflow().encode_failure(error, failure)
    assert b"canary" not in failure.SerializeToString()
    assert failure.application_failure_info.type == "code"
    decoded = await in_workflow().decode_failure(failure)
    assert "canary message" in str(decoded)


def test_addresses() -> None:
    """The id of a run's workflow is read back; others are no addresses."""
    address = RunAddress("t", "u", "fitness")
    assert address_of(workflow_id(address)) == address
    for wrong in ("onboarding/t/u", "schedule/x/at-2026", ""):
        with pytest.raises(ValueError, match="not the id of a run"):
            address_of(wrong)


def test_places() -> None:
    """A run's payloads belong to its workflow; those of scheduled workflows to the schedule, at any time."""
    assert place_of("default", "onboarding/t/u/fitness") == "default/onboarding/t/u/fitness"
    declared = scheduled_workflow_id("archive-runs")
    assert place_of("default", f"{declared}-2026-01-01T00:00:00Z") == place_of("default", declared)
    assert place_of("default", declared) != place_of("default", scheduled_workflow_id("prune-requests"))
    assert place_of("default", declared) != place_of("other", declared)


def test_owners() -> None:
    """A run's payloads are its person's; those of everything else nobody's."""
    assert owner_of(workflow_id(RunAddress("t", "u", "fitness"))) == Owner("t", "u")
    for other in (scheduled_workflow_id("archive-runs"), "onboarding/t/u", "erasure/x", ""):
        assert owner_of(other) is None


class _OneEach:
    """A key for each owner that is asked for."""

    def __init__(self) -> None:
        self.keys: dict[Owner | None, DataKey] = {}

    async def sealing(self, owner: Owner | None) -> DataKey:
        return self.keys.setdefault(owner, DataKey(str(len(self.keys)), os.urandom(32)))

    async def opening(self, key_id: str) -> DataKey:
        return next(key for key in self.keys.values() if key.id == key_id)


async def test_each_person_has_a_key() -> None:
    """Payloads of a run, and of its activities, have its person's key; all others have nobody's."""
    keys = _OneEach()
    run, schedule = workflow_id(RunAddress("t", "u", "fitness")), scheduled_workflow_id("archive-runs")
    contexts: list[SerializationContext] = [
        WorkflowSerializationContext(namespace="default", workflow_id=run),
        ActivitySerializationContext(
            namespace="default",
            workflow_id=run,
            workflow_type="t",
            activity_type="a",
            activity_id="1",
            activity_task_queue="q",
            is_local=True,
        ),
        WorkflowSerializationContext(namespace="default", workflow_id=schedule),
    ]
    converters = [data_converter(keys).with_context(context) for context in contexts]
    sealed = [(await converter.encode(["answer"]))[0] for converter in [*converters, data_converter(keys)]]
    assert [payload.metadata["key-id"] for payload in sealed] == [b"0", b"0", b"1", b"1"]
    assert set(keys.keys) == {Owner("t", "u"), None}
    assert await converters[1].decode([sealed[0]]) == ["answer"]


async def test_nothing_needs_no_key() -> None:
    """No arguments, no key."""
    keys = _OneEach()
    assert await data_converter(keys).encode([]) == []
    assert keys.keys == {}
