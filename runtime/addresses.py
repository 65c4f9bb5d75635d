"""Workflow ids, made and read in one place. They are not encrypted: UUIDs and flow keys, nothing personal."""

from typing import NamedTuple


class RunAddress(NamedTuple):
    """Whose run, of which flow. A person has at most one open run of a flow."""

    tenant_id: str
    user_id: str
    flow: str


class Owner(NamedTuple):
    """The person whose data key seals the payloads."""

    tenant_id: str
    user_id: str


def workflow_id(address: RunAddress) -> str:
    """`onboarding/<tenant>/<user>/<flow>`."""
    return f"onboarding/{address.tenant_id}/{address.user_id}/{address.flow}"


def mail_workflow_id(mail_id: str) -> str:
    """`mail/<id>`."""
    return f"mail/{mail_id}"


def chat_workflow_id(turn_id: str) -> str:
    """`chat/<turn>`."""
    return f"chat/{turn_id}"


def erasure_workflow_id(tenant_id: str, user_id: str) -> str:
    """`erasure/<tenant>/<user>`: a person is erased by one workflow at a time."""
    return f"erasure/{tenant_id}/{user_id}"


def suggestion_workflow_id(suggestion_id: str) -> str:
    """`suggestion/<id>`."""
    return f"suggestion/{suggestion_id}"


def scheduled_workflow_id(schedule_id: str) -> str:
    """`schedule/<schedule>/at`, to which Temporal adds `-<time>` each time that it starts the workflow."""
    return f"schedule/{schedule_id}/at"


def place_of(namespace: str, workflow_id: str) -> str:
    """Where the payloads of a workflow belong: what they are sealed for.

    That is the workflow itself. For one that a schedule starts it is the schedule, because its arguments are
    sealed before Temporal gives it an id.
    """
    if workflow_id.startswith("schedule/"):
        workflow_id = workflow_id.rpartition("/")[0]
    return f"{namespace}/{workflow_id}"


def address_of(workflow_id: str) -> RunAddress:
    """The inverse of `workflow_id`.

    Raises:
        ValueError: when it is no id of a run.
    """
    match workflow_id.split("/"):
        case ["onboarding", tenant_id, user_id, flow]:
            return RunAddress(tenant_id, user_id, flow)
        case _:
            raise ValueError(f"{workflow_id!r} is not the id of a run")


def owner_of(workflow_id: str) -> Owner | None:
    """Whose the payloads of a workflow are: those of runs their person's, those of all else nobody's."""
    try:
        address = address_of(workflow_id)
    except ValueError:
        return None
    return Owner(address.tenant_id, address.user_id)
