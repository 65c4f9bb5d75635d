"""Whether this process can do its work: one line for each thing that it depends on."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from msgspec import Struct
from temporalio.api.workflowservice.v1 import GetSystemInfoRequest
from temporalio.client import Client

CHECK_SECONDS = 2.0
RETRY_AFTER_SECONDS = "2"
"""When to ask again for what is away now, as the header says it."""

Check = Callable[[], Awaitable[None]]


class CheckResult(Struct, frozen=True, kw_only=True):
    """One dependency: `ok`, or the kind of error that a check met."""

    name: str
    ok: bool
    detail: str | None = None


class Readiness(Struct, frozen=True, kw_only=True):
    """All dependencies together."""

    ready: bool
    checks: list[CheckResult]


async def readiness(checks: Mapping[str, Check]) -> Readiness:
    """Run all checks at once, each with its own time-out."""
    results = await asyncio.gather(*(_run(name, check) for name, check in checks.items()))
    return Readiness(ready=all(result.ok for result in results), checks=list(results))


async def _run(name: str, check: Check) -> CheckResult:
    task = asyncio.ensure_future(check())
    # Not awaited once it is cancelled: what hangs may hang in its own cleaning up.
    done, _ = await asyncio.wait({task}, timeout=CHECK_SECONDS)
    if not done:
        task.cancel()
        return CheckResult(name=name, ok=False, detail="TimeoutError")
    try:
        task.result()
    # Whatever a dependency throws is an answer here: it is not ready. The text may hold addresses, so only
    # the kind is told.
    except Exception as error:  # noqa: BLE001
        return CheckResult(name=name, ok=False, detail=type(error).__name__)
    return CheckResult(name=name, ok=True)


def shared(checks: Mapping[str, Check]) -> dict[str, Check]:
    """The same checks, each of them asked once at a time: who asks meanwhile gets the same answer.

    So however many ask a process whether it is ready, its dependencies have no more work with it than with one.
    """
    return {name: _Shared(check) for name, check in checks.items()}


class _Shared:
    """A check of which one probe runs at a time."""

    def __init__(self, check: Check) -> None:
        self._check = check
        self._probe: asyncio.Task[None] | None = None

    async def __call__(self) -> None:
        """Wait for the probe that runs, or start one."""
        if self._probe is None or self._probe.done():
            self._probe = asyncio.create_task(self._bounded())
        # One who leaves takes the answer from nobody.
        await asyncio.shield(self._probe)

    async def _bounded(self) -> None:
        # Of its own, since everybody who asked may have left.
        async with asyncio.timeout(CHECK_SECONDS):
            await self._check()


def temporal_check(client: Client) -> Check:
    """Whether the Temporal server answers."""

    async def check() -> None:
        await client.service_client.workflow_service.get_system_info(GetSystemInfoRequest(), retry=False)

    return check


def storage_check(storage: Any, bucket: str) -> Check:
    """Whether the bucket is there, asked in a thread of its own: one that hangs keeps no other work waiting."""
    thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="storage-check")

    async def check() -> None:
        await asyncio.get_running_loop().run_in_executor(thread, partial(storage.head_bucket, Bucket=bucket))

    return check
