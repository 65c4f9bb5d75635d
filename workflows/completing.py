"""How a workflow of a capture or a connection completes a state of its person's run."""

from typing import Any

from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from onboarding.payloads import Actor, Channel, SaveSteps, StepAnswer
    from runtime.addresses import RunAddress, workflow_id

INVENTORY = "inventory"


async def complete_step(
    tenant_id: str, user_id: str, step: str, data: dict[str, Any], actor: Actor, name: str | None = None
) -> None:
    """Tell somebody's inventory run that a state is answered; without such a run nobody is told.

    The run may refuse it, as where an earlier state is still open: it keeps that among its `refusals`. The id of
    the message is that of the workflow, so that telling it twice is telling it once; a workflow that has more than
    one thing to tell of a state gives each a `name`.
    """
    info = workflow.info()
    channel = Channel(actor.kind.value)
    command = SaveSteps(
        actor=actor,
        channel=channel,
        message_id="/".join((step, info.workflow_id, *([name] if name else []))),
        steps=(StepAnswer(step=step, data=data),),
    )
    run = workflow.get_external_workflow_handle(workflow_id(RunAddress(tenant_id, user_id, INVENTORY)))
    try:
        await run.signal("step_completed", command)
    except ApplicationError:
        workflow.logger.info("no inventory run is open")
