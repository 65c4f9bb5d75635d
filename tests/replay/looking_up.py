"""Every path of looking up codes and of importing files, with activities that do what the order's ids say."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from temporalio import activity
from temporalio.client import WorkflowHandle
from temporalio.exceptions import ApplicationError

from onboarding.payloads import (
    AskProvider,
    CaptureCode,
    CaptureRef,
    Enrich,
    ImportOrder,
    ImportReport,
    LookedUp,
    LookUp,
    LookUpPlan,
)
from runtime.addresses import import_workflow_id, lookup_workflow_id
from tests.workflows.given import World
from workflows.imports import ImportCsv
from workflows.lookups import EnrichCapture, LookUpBarcode

TENANT = "00000000-0000-7000-8000-00000000000a"
PERSON = "00000000-0000-7000-8000-00000000000c"
KNOWN, NOWHERE, REMEMBERED, LATER, NEVER = (f"0400638133{n:04d}" for n in range(5))
"""A code that the third catalogue knows, one that none does, one that was asked for before; one that is known once
its first catalogue is back, and one for which it never is."""

IMPORTED, EMPTY, BROKEN, FORGOTTEN = (f"00000000-0000-7000-8000-0000000001{n:02d}" for n in range(4))
"""An import of five rows, one without good rows, one whose activity fails, one that nobody decides about."""

CATALOGUES = ("barcode_lookup", "open_food_facts", "upcitemdb")


class Outside:
    """What the activities were asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.enriched: dict[str, str] = {}

    @activity.defn(name="plan_lookup")
    async def plan_lookup(self, order: LookUp) -> LookUpPlan:
        """One is remembered."""
        return LookUpPlan(outcome="found") if order.gtin == REMEMBERED else LookUpPlan(providers=CATALOGUES)

    @activity.defn(name="ask_provider")
    async def ask_provider(self, question: AskProvider) -> LookedUp:
        """What each catalogue says."""
        gtin, provider = question.gtin, question.provider
        self.asked.append((gtin, provider))
        if gtin == KNOWN and provider == "open_food_facts":
            raise ApplicationError("broken", non_retryable=True)
        if gtin in (LATER, NEVER) and provider == "barcode_lookup":
            back = gtin == LATER and self.asked.count((gtin, provider)) > 2
            return LookedUp(outcome="found" if back else "away")
        return LookedUp(outcome="found" if gtin == KNOWN and provider == "upcitemdb" else "unknown")

    @activity.defn(name="keep_unknown")
    async def keep_unknown(self, order: LookUp) -> None:
        """It is remembered."""
        self.asked.append((order.gtin, "keep_unknown"))

    @activity.defn(name="capture_code")
    async def capture_code(self, item: CaptureRef) -> CaptureCode:
        """The code is the item's session here, for one that has any."""
        return CaptureCode(gtin=item.session_id or None)

    @activity.defn(name="enrich_capture")
    async def enrich_capture(self, order: Enrich) -> None:
        """It is written."""
        self.enriched[order.gtin] = order.outcome

    @activity.defn(name="import_csv")
    async def import_csv(self, order: ImportOrder) -> None:
        """One does not come to its end."""
        self.asked.append((order.import_id, "import_csv"))
        if order.import_id == BROKEN:
            raise ApplicationError("broken", non_retryable=True)

    @activity.defn(name="close_import")
    async def close_import(self, order: ImportOrder) -> ImportReport:
        """How each ended."""
        self.asked.append((order.import_id, "close_import"))
        if order.import_id == IMPORTED:
            return ImportReport(status="completed", imported=5, failed=1)
        return ImportReport(status="completed" if order.import_id == EMPTY else "failed")

    @property
    def activities(self) -> list[Callable[..., Any]]:
        """For a worker."""
        return [
            self.plan_lookup,
            self.ask_provider,
            self.keep_unknown,
            self.capture_code,
            self.enrich_capture,
            self.import_csv,
            self.close_import,
        ]


async def look_up(world: World, gtin: str) -> WorkflowHandle[Any, LookedUp]:
    """A look-up."""
    return await world.environment.client.start_workflow(
        LookUpBarcode.run, LookUp(gtin=gtin), id=lookup_workflow_id(gtin), task_queue=world.task_queue
    )


async def enrich(world: World, gtin: str) -> WorkflowHandle[Any, LookedUp]:
    """An item whose code this is; empty for one without."""
    item = CaptureRef(tenant_id=TENANT, user_id=PERSON, session_id=gtin, item_id=f"item-{gtin}")
    id = f"capture/{TENANT}/{item.item_id}"
    return await world.environment.client.start_workflow(
        EnrichCapture.run, item, id=id, task_queue=world.task_queue
    )


async def import_file(world: World, import_id: str, *, decided: bool = True) -> WorkflowHandle[Any, ImportReport]:
    """An import that is decided about, or is not."""
    handle = await world.environment.client.start_workflow(
        ImportCsv.run,
        ImportOrder(import_id=import_id, tenant_id=TENANT, user_id=PERSON),
        id=import_workflow_id(import_id),
        task_queue=world.task_queue,
    )
    if decided:
        await handle.signal(ImportCsv.decided)
    else:
        await world.environment.fast_forward(handle, timedelta(days=1, minutes=1))
    return handle


PATHS: dict[str, Callable[[World], Awaitable[WorkflowHandle[Any, Any]]]] = {
    "lookup_known": lambda world: look_up(world, KNOWN),
    "lookup_nowhere": lambda world: look_up(world, NOWHERE),
    "enrich_remembered": lambda world: enrich(world, REMEMBERED),
    "enrich_later": lambda world: _waiting(world, LATER),
    "import": lambda world: import_file(world, IMPORTED),
    "import_broken": lambda world: import_file(world, BROKEN),
    "import_forgotten": lambda world: import_file(world, FORGOTTEN, decided=False),
}


async def _waiting(world: World, gtin: str) -> WorkflowHandle[Any, LookedUp]:
    handle = await enrich(world, gtin)
    await world.environment.fast_forward(handle, timedelta(hours=4))
    return handle


async def looked_up(world: World) -> dict[str, WorkflowHandle[object, object]]:
    """All of them, each to its end."""
    started: dict[str, WorkflowHandle[object, object]] = {}
    for name, path in PATHS.items():
        handle = await path(world)
        await handle.result()
        started[name] = handle  # type: ignore[assignment]
    return started
