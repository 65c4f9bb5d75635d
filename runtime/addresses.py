"""Workflow ids, made and read in one place. They are not encrypted: UUIDs and flow keys, nothing personal."""

from typing import NamedTuple
from urllib.parse import quote

from runtime.settings import Settings


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


def temporal_ui_page(settings: Settings, workflow_id: str) -> str:
    """Where the Temporal UI shows the latest execution of a workflow: the settings' UI, or the embedded one."""
    base = (settings.temporal_ui_url or f"http://127.0.0.1:{settings.temporal_ui_port}").rstrip("/")
    return (
        f"{base}/namespaces/{quote(settings.temporal_namespace, safe='')}/workflows/{quote(workflow_id, safe='')}"
    )


def mail_workflow_id(mail_id: str) -> str:
    """`mail/<id>`."""
    return f"mail/{mail_id}"


def alert_workflow_id(alert_id: str) -> str:
    """`alert/<id>`."""
    return f"alert/{alert_id}"


POSTING_WORKFLOW_ID = "alerts/now"
"""Of the look at what waits that somebody asked for; the schedule has its own."""

RESCHEDULING_WORKFLOW_ID = "accounts/now"
"""Of the walk over the schedules of AWS accounts that somebody asked for; the schedule has its own."""


def chat_workflow_id(turn_id: str) -> str:
    """`chat/<turn>`."""
    return f"chat/{turn_id}"


def erasure_workflow_id(tenant_id: str, user_id: str) -> str:
    """`erasure/<tenant>/<user>`: a person is erased by one workflow at a time."""
    return f"erasure/{tenant_id}/{user_id}"


def suggestion_workflow_id(suggestion_id: str) -> str:
    """`suggestion/<id>`."""
    return f"suggestion/{suggestion_id}"


def scan_workflow_id(scan_id: str) -> str:
    """`scan/<id>`."""
    return f"scan/{scan_id}"


def photo_workflow_id(image_id: str, item_id: str | None = None) -> str:
    """`photo/<image>`, or for the item of a capture session `photo/<image>/<item>`."""
    return f"photo/{image_id}/{item_id}" if item_id else f"photo/{image_id}"


def capture_session_workflow_id(tenant_id: str, session_id: str) -> str:
    """`capture-session/<tenant>/<session>`."""
    return f"capture-session/{tenant_id}/{session_id}"


def capture_workflow_id(tenant_id: str, item_id: str) -> str:
    """`capture/<tenant>/<item>`: finding out what an item of a capture session is."""
    return f"capture/{tenant_id}/{item_id}"


def sync_workflow_id(tenant_id: str, sync_id: str) -> str:
    """`sync/<tenant>/<id>`."""
    return f"sync/{tenant_id}/{sync_id}"


def scrape_workflow_id(tenant_id: str, job_id: str) -> str:
    """`scrape/<tenant>/<job>`."""
    return f"scrape/{tenant_id}/{job_id}"


def connection_workflow_id(tenant_id: str, connection_id: str) -> str:
    """`connection/<tenant>/<id>`: the life of a connection."""
    return f"connection/{tenant_id}/{connection_id}"


def mail_job_workflow_id(tenant_id: str, job_id: str) -> str:
    """`mail-job/<tenant>/<job>`: a look through a mailbox."""
    return f"mail-job/{tenant_id}/{job_id}"


def connect_workflow_id(consent_id: str) -> str:
    """`connect/<consent>`: what somebody came back with is exchanged by one workflow."""
    return f"connect/{consent_id}"


def lookup_workflow_id(gtin: str) -> str:
    """`lookup/<gtin>`: whoever asks for the same code meanwhile waits for the same answer."""
    return f"lookup/{gtin}"


def import_workflow_id(import_id: str) -> str:
    """`import/<id>`."""
    return f"import/{import_id}"


def scheduled_workflow_id(schedule_id: str) -> str:
    """`schedule/<schedule>/at`, to which Temporal adds `-<time>` each time that it starts the workflow."""
    return f"schedule/{schedule_id}/at"


ACCOUNT_SCHEDULES = "monitor-account/"


def account_schedule_id(tenant_id: str, account_id: str) -> str:
    """`monitor-account/<tenant>/<account>`: the schedule that looks at an AWS account; the latter is its row."""
    return f"{ACCOUNT_SCHEDULES}{tenant_id}/{account_id}"


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
