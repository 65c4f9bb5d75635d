"""What support staff see of a run, and what nobody sees: no answer is readable outside."""

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client
from temporalio.converter import WorkflowSerializationContext

from onboarding.payloads import Complete
from runtime.codec import EncryptingCodec
from runtime.encryption import CannotOpen, KeyRing
from tests.domain.given import PERSON, answer, save
from tests.workflows.given import Someone, World, until
from tests.workflows.seen import metadata
from workflows.search_attributes import AGENT, FLOW, STATE, STATUS, TENANT, USER

CANARY = "canary-7f3a"
MESSAGES = {
    "say",
    "take_over",
    "hand_back",
    "begin",
    "restart",
    "fork",
    "nudge",
    "save_step",
    "skip_step",
    "accept_prefilled",
    "complete",
    "abandon",
    "step_completed",
    "snooze_reminders",
    "set_place",
    "view",
}


@pytest.fixture
async def outsider(shared: World) -> Client:
    """A client of the same server without keys."""
    return await Client.connect(shared.environment.client.service_client.config.target_host)


@pytest.fixture
async def canary(someone: Someone) -> Someone:
    """Somebody whose answers, refused signals and failures all hold the canary."""
    user = someone.user_id
    someone.outside.away[user] = f"{CANARY} could not be written"
    await someone.begin()
    await someone.send(save(*((step, answer(step)) for step in (1, 2))))
    await someone.save(3, equipment=[CANARY])
    await someone.handle.signal("step_completed", save((8, {CANARY: CANARY})))
    await until(lambda: someone.outside.attempts[user] >= 2)
    del someone.outside.away[user]
    await someone.settled()
    return someone


async def test_search_attributes(shared: World, someone: Someone) -> None:
    """A run is found by whose it is from the start, and by where it stands once it has settled."""
    await someone.begin()
    found = (await someone.handle.describe()).typed_search_attributes
    expected = [someone.address.tenant_id, someone.user_id, "fitness", 1, "in_progress", "workout_planning"]
    assert [found.get(key) for key in (TENANT, USER, FLOW, STATE, STATUS, AGENT)] == expected
    await someone.save_all(1, 3)
    await someone.settled()
    found = (await someone.handle.describe()).typed_search_attributes
    assert [found.get(key) for key in (STATE, STATUS, AGENT)] == [4, "in_progress", "diet_planning"]
    query = f"GangwayUser = '{someone.user_id}' AND GangwayState = 4"

    async def listed() -> bool:
        return [each.id async for each in shared.environment.client.list_workflows(query)] == [someone.workflow_id]

    await until(listed)
    await someone.save_all(4, 9)
    await someone.send(Complete(actor=PERSON))
    await someone.closed()
    found = (await someone.handle.describe()).typed_search_attributes
    assert [found.get(key) for key in (STATE, STATUS, AGENT)] == [0, "completed", ""]


async def test_details_and_summary(someone: Someone) -> None:
    """The summary names the flow; the details are there from the start, as a table of states that follows."""
    await someone.begin()
    description = await someone.handle.describe()
    assert await description.static_summary() == "Onboarding fitness@1"
    lines = (await metadata(someone.handle)).current_details.splitlines()
    assert lines[1:4] == ["", "| # | State | Status |", "|---|---|---|"]
    assert lines[4] == "| 1 | Fitness level assessment | … open |"
    await someone.save(1)
    await someone.settled()
    text = (await metadata(someone.handle)).current_details
    assert "| 1 | Fitness level assessment | ✅ completed |" in text
    assert "Current state: 2." in text
    assert "Next reminder" in text


async def test_messages_are_described(someone: Someone) -> None:
    """Every message shows what it does."""
    await someone.begin()
    shown = (await metadata(someone.handle)).definition
    defined = [*shown.update_definitions, *shown.signal_definitions, *shown.query_definitions]
    described = [each for each in defined if not each.name.startswith("__")]
    assert {each.name for each in described} == MESSAGES
    assert all(each.description for each in described)


async def test_nothing_personal_is_shown(canary: Someone) -> None:
    """Neither details, nor summary, nor attributes, nor the view hold an answer."""
    description = await canary.handle.describe()
    shown = [
        (await metadata(canary.handle)).SerializeToString(),
        str(await description.static_summary()).encode(),
        description.raw_description.workflow_execution_info.search_attributes.SerializeToString(),
        repr(await canary.view()).encode(),
    ]
    assert "validation_error" in shown[0].decode(errors="replace") or b"state_mismatch" in shown[0]
    assert all(CANARY.encode() not in each for each in shown)


async def test_raw_history_is_unreadable(outsider: Client, canary: Someone, keys: KeyRing) -> None:
    """Without the keys a history shows no answer, no failure's text and no summary; with them they are there."""
    history = await outsider.get_workflow_handle(canary.workflow_id).fetch_history()
    raw = b"".join(event.SerializeToString() for event in history.events)
    for word in (CANARY, "settle the projection", "Onboarding fitness", "beginner", "general_fitness"):
        assert word.encode() not in raw
    description = await outsider.get_workflow_handle(canary.workflow_id).describe()
    assert CANARY.encode() not in description.raw_description.SerializeToString()

    context = WorkflowSerializationContext(namespace="default", workflow_id=canary.workflow_id)
    codec = EncryptingCodec(keys).with_context(context)
    inputs = [
        payload
        for event in history.events
        for payload in (
            *event.workflow_execution_signaled_event_attributes.input.payloads,
            *event.workflow_execution_update_accepted_event_attributes.accepted_request.input.args.payloads,
        )
    ]
    opened = b"".join(payload.data for payload in await codec.decode(inputs))
    assert opened.count(CANARY.encode()) == 3
    failures = [
        event.activity_task_started_event_attributes.last_failure
        for event in history.events
        if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED
    ]
    hidden = [failure.encoded_attributes for failure in failures if failure.HasField("encoded_attributes")]
    assert any(CANARY.encode() in payload.data for payload in await codec.decode(hidden))


async def test_a_payload_belongs_to_its_workflow(outsider: Client, canary: Someone, keys: KeyRing) -> None:
    """A payload that is moved to another run's history is not opened there, nor with its place rewritten."""
    history = await outsider.get_workflow_handle(canary.workflow_id).fetch_history()
    stolen = history.events[0].workflow_execution_started_event_attributes.input.payloads[0]
    elsewhere = f"{canary.workflow_id[:-7]}company"
    context = WorkflowSerializationContext(namespace="default", workflow_id=elsewhere)
    codec = EncryptingCodec(keys).with_context(context)
    with pytest.raises(CannotOpen, match="another workflow"):
        await codec.decode([stolen])
    stolen.metadata["place"] = f"default/{elsewhere}".encode()
    with pytest.raises(CannotOpen, match="damaged"):
        await codec.decode([stolen])
