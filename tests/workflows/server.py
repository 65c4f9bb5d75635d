"""The Temporal development server on which time can be moved. Experimental in the SDK, so only here."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from temporalio.testing import TimeSkippingConfig, WorkflowEnvironment

from cli.embedded.binaries import temporal_binary
from runtime.encryption import KeyRing
from runtime.temporal import plugin
from workflows.registry import WORKFLOWS
from workflows.search_attributes import SEARCH_ATTRIBUTES

_DYNAMIC = (
    "frontend.WorkflowTimeSkippingEnabled=true",
    "history.maxInFlightUpdates=100",
    # A second by default, which each timer that is skipped to would wait.
    'history.timerProcessorMaxTimeShift="5ms"',
)


@asynccontextmanager
async def temporal_server(keys: KeyRing, *dynamic: str) -> AsyncGenerator[WorkflowEnvironment]:
    """A server of its own; time moves by itself unless a test says `fast_forward`.

    Args:
        keys: what the client of the environment, and its workers, seal payloads with.
        dynamic: more `name=value` of the server's dynamic configuration.
    """
    environment = await WorkflowEnvironment.start_time_skipping_v2(
        ts_config=TimeSkippingConfig(enabled=False),
        dev_server_existing_path=str(temporal_binary()),
        dev_server_extra_args=[
            part for value in (*_DYNAMIC, *dynamic) for part in ("--dynamic-config-value", value)
        ],
        dev_server_log_level="never",  # updates that meet a continue-as-new are logged as errors, and tried again
        search_attributes=SEARCH_ATTRIBUTES,
        plugins=[plugin(keys, WORKFLOWS)],
    )
    try:
        yield environment
    finally:
        # Shielded: a test run that is being cancelled must not leave the server behind either.
        await asyncio.shield(environment.shutdown())
