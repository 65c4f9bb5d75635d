"""One plugin for client, worker and replayer, so that replay cannot drift from production."""

from collections.abc import Sequence

from temporalio.client import Client
from temporalio.plugin import SimplePlugin
from temporalio.worker import WorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from runtime.codec import data_converter
from runtime.encryption import Keys
from runtime.propagation import ContextPropagation
from runtime.settings import Settings

# asyncpg imported a second time inside the sandbox ends the process, and structs with datetimes must be the
# same classes inside and outside; the domain is pure, so sharing its modules is safe. So it is with the parts of
# workflows, which hold nothing: reading them anew for each run would cost a third more memory and time.
PASSED_THROUGH = (
    "onboarding",
    "activities",
    "runtime",
    "db",
    "msgspec",
    "piccolo",
    "asyncpg",
    "cryptography",
    "workflows.clock",
    "workflows.details",
    "workflows.policies",
    "workflows.search_attributes",
    "workflows.seen",
    "workflows.talk",
    "workflows.unsettled",
)


def plugin(keys: Keys, workflows: Sequence[type] = ()) -> SimplePlugin:
    """Converter, codec, interceptors, sandbox and workflows in one object."""
    return SimplePlugin(
        "gangway",
        data_converter=data_converter(keys),
        interceptors=[ContextPropagation()],
        workflows=workflows,
        workflow_runner=_sandbox,
    )


def _sandbox(_: WorkflowRunner | None) -> WorkflowRunner:
    return SandboxedWorkflowRunner(
        restrictions=SandboxRestrictions.default.with_passthrough_modules(*PASSED_THROUGH)
    )


async def connect(settings: Settings, keys: Keys, *, workflows: Sequence[type] = (), lazy: bool = False) -> Client:
    """Connect to the Temporal server of the settings.

    Args:
        settings: where the server is, and as whom.
        keys: what payloads are sealed with.
        workflows: those that a worker of this client runs; it takes the plugin from the client.
        lazy: connect at the first call, so that a process starts while the server is away.
    """
    return await Client.connect(
        settings.temporal_address or f"127.0.0.1:{settings.temporal_port}",
        namespace=settings.temporal_namespace,
        api_key=settings.temporal_api_key,
        tls=settings.temporal_tls,
        lazy=lazy,
        plugins=[plugin(keys, workflows)],
    )
