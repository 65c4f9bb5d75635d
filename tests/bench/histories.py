"""What a turn of the chat adds to its workflow's history, over a long conversation."""

import statistics
from dataclasses import dataclass
from itertools import pairwise

from temporalio.client import Client, WorkflowHandle

from runtime.addresses import RunAddress, workflow_id
from tests.bench import shapes
from tests.bench.direct import SAID
from tests.bench.http import Http, encoded
from tests.bench.load import Sample, closed_loop
from tests.bench.people import People
from tests.bench.stack import Stack
from tests.bench.talking import CHAT

SEGMENTS = 4


@dataclass
class History:
    """Bytes and events of a turn in each quarter of the conversation, and the latencies of the whole of it."""

    turns: int
    bytes_per_turn: list[float]
    events_per_turn: list[float]
    latencies: Sample

    @property
    def growth(self) -> float:
        """The last quarter's bytes per turn over the first's."""
        return self.bytes_per_turn[-1] / self.bytes_per_turn[0]

    @property
    def slope(self) -> float:
        """By how many bytes a turn is larger than the one before."""
        each = self.turns / SEGMENTS
        middles = [(number + 0.5) * each for number in range(SEGMENTS)]
        return statistics.linear_regression(middles, self.bytes_per_turn).slope


async def measure(stack: Stack, turns: int) -> History:
    """One person says so much, one message after the other."""
    (person,) = await People(stack.settings).new(1)
    address = stack.settings.temporal_address
    assert address
    client = await Client.connect(address, namespace=stack.settings.temporal_namespace)
    handle = client.get_workflow_handle(workflow_id(RunAddress(person.tenant_id, person.id, "fitness")))
    start, http = await Http.connect(stack.settings.port), await Http.connect(stack.settings.port, CHAT)
    for each in (start, http):
        each.become(person.token)
    body = encoded({"message": SAID, "flow": "fitness"})

    async def turn() -> None:
        await http.call("POST", "/", body)

    latencies = Sample()
    try:
        await start.call("POST", "/start", shapes.START)
        # The first turns differ: their conversation is still short.
        await closed_loop([turn], 0)
        sizes = [await _size(handle)]
        for _ in range(SEGMENTS):
            latencies.add(await closed_loop([turn], turns // SEGMENTS, warm_up=0))
            sizes.append(await _size(handle))
    finally:
        start.close()
        http.close()
    of_each = [
        ((after[0] - before[0]) * SEGMENTS / turns, (after[1] - before[1]) * SEGMENTS / turns)
        for before, after in pairwise(sizes)
    ]
    return History(turns, [size for size, _ in of_each], [events for _, events in of_each], latencies)


async def _size(handle: "WorkflowHandle[object, object]") -> tuple[int, int]:
    """Bytes and events of the history; of the one execution that there is."""
    description = await handle.describe()
    info = description.raw_description.workflow_execution_info
    assert info.first_run_id == info.execution.run_id, "the run has continued as new: fewer turns, please"
    return info.history_size_bytes, info.history_length
