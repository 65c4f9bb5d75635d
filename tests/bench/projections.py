"""Three designs of the projection side by side: how long until an answer can be read."""

import itertools
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from temporalio.client import Client

from db import runs
from db.pool import Database
from onboarding.access import Caller, Role
from onboarding.advance import begin, new_run
from onboarding.flows.fitness import FITNESS
from onboarding.payloads import Actor, ActorKind, Change, Channel, SaveSteps, StepAnswer
from runtime.encryption import load_key_ring
from runtime.temporal import connect
from tests.bench import shapes
from tests.bench.children import worker_process
from tests.bench.cpu import Cpu
from tests.bench.load import Sample, Work, closed_loop
from tests.bench.people import People, Person
from tests.bench.stack import Stack
from tests.bench.variants import DESIGNS, TASK_QUEUE, ProjectionVariant

ROUNDS = 4


@dataclass
class Variant:
    """A design, with one client and with twenty."""

    name: str
    one: Sample = field(default_factory=Sample)
    twenty: Sample = field(default_factory=Sample)
    cpu: list[float] = field(default_factory=list)

    @property
    def cpu_ms(self) -> float:
        """Processor time of all processes for one update, with twenty clients."""
        return sum(self.cpu) / max(len(self.cpu), 1)


async def measure(stack: Stack, *, one: int, twenty: int, logs: Path) -> list[Variant]:
    """Measure every design in turn, several times; so many updates with one client and with twenty."""
    settings = stack.settings
    assert settings.database_url
    client = await connect(settings, load_key_ring(settings.encryption_key_file))
    database = await Database.open(settings.database_url)
    found = {design: Variant(design) for design in DESIGNS}
    try:
        with worker_process("tests.bench.variant_worker", log=logs / "variants.log", settings=settings) as worker:
            pids = {**stack.pids(), "worker": worker.pid}
            for number in range(ROUNDS):
                for variant in list(found.values())[:: 1 if number % 2 == 0 else -1]:
                    people = await People(settings).new(20)
                    works = [await _opened(client, database, person, variant.name) for person in people]
                    variant.one.add(await closed_loop(works[:1], one // ROUNDS))
                    cpu = Cpu(pids)
                    variant.twenty.add(await closed_loop(works, twenty // ROUNDS, warm_up=0))
                    spent = cpu.per_request(twenty // ROUNDS)
                    variant.cpu.append(sum(spent.values()) - spent["others"])
    finally:
        await database.close()
    return list(found.values())


async def _opened(client: Client, database: Database, person: Person, design: str) -> Work:
    """A run with its row, and the work of saving a step of it until it can be read."""
    me = Actor(kind=ActorKind.PERSON, id=person.id)
    caller = Caller(tenant_id=person.tenant_id, user_id=person.id, role=Role.USER)
    now = datetime.now(UTC)
    run = new_run(id=str(uuid.uuid4()), tenant_id=person.tenant_id, user_id=person.id, flow=FITNESS, now=now)
    run, events = begin(run, me, Channel.FORM, now)
    await runs.project(database, caller, Change(run=run, events=events))
    handle = await client.start_workflow(
        ProjectionVariant.run, args=[run, design], id=f"variant/{run.id}", task_queue=TASK_QUEUE
    )
    levels = itertools.cycle(shapes.LEVELS)

    async def work() -> None:
        step = StepAnswer(step=1, data={"fitness_level": next(levels)})
        change = await handle.execute_update(ProjectionVariant.save_step, SaveSteps(actor=me, steps=(step,)))
        if design == "request":
            await runs.project(database, caller, change)

    return work
