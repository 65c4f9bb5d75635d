"""What support staff or a crash at the worst moment do to one run."""

from temporalio.client import Client

from api.gateway import Gateway
from onboarding.payloads import Actor, ActorKind, SaveSteps, StepAnswer
from runtime.addresses import workflow_id
from tests.bench.stack import Stack
from tests.chaos.conftest import Opening
from tests.chaos.harm import watching
from tests.chaos.ledger import STATE
from tests.stack import until


async def test_a_terminated_workflow_comes_back(opened: Opening, workflows: Client) -> None:
    """A run whose workflow was terminated by hand goes on at the next save, from its projection, nothing lost."""
    ledger = await opened()
    await ledger.save()
    before = await ledger.row()
    await workflows.get_workflow_handle(workflow_id(ledger.address)).terminate("support staff, by mistake")
    await ledger.save()
    assert (await ledger.row()).id == before.id
    await ledger.agree()


async def test_a_change_that_nobody_recorded_is_settled(dev: Stack, opened: Opening, workflows: Client) -> None:
    """When the API dies between the update and its own write, the workflow makes the row catch up within 10 s."""
    ledger = await opened()
    person = Actor(kind=ActorKind.PERSON, id=ledger.person.id)
    data = {"equipment": ["nobody wrote this down"], "injuries": [], "limitations": []}
    command = SaveSteps(actor=person, steps=(StepAnswer(step=STATE, data=data),))
    change = await Gateway(workflows, dev.settings).send(ledger.address, command)
    assert not await ledger.is_projected(change)
    with watching() as watch:
        await until(lambda: ledger.is_projected(change))
        assert watch.seconds < 10
    ledger.acknowledged.append("nobody wrote this down")
    await ledger.agree()
