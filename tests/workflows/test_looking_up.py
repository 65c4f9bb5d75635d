"""Looking up codes and importing files, as workflows: who is asked, what is waited for, what is cleaned up."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from msgspec import Struct
from temporalio.testing import WorkflowEnvironment

from onboarding.payloads import ImportReport, LookedUp
from tests.replay.looking_up import (
    BROKEN,
    CATALOGUES,
    EMPTY,
    FORGOTTEN,
    IMPORTED,
    KNOWN,
    LATER,
    NEVER,
    NOWHERE,
    REMEMBERED,
    Outside,
    enrich,
    import_file,
    look_up,
)
from tests.workflows.given import World, working
from tests.workflows.outside import Outside as RunsOutside


class There(Struct, frozen=True, kw_only=True):
    """A worker, and what it was asked."""

    world: World
    outside: Outside


@pytest.fixture
async def there(environment: WorkflowEnvironment, request: pytest.FixtureRequest) -> AsyncIterator[There]:
    """With a queue of its own."""
    outside = Outside()
    world = World(environment=environment, outside=RunsOutside(), task_queue=f"looking-up-{request.node.name}")
    async with working(environment.client, outside.activities, world.task_queue):
        yield There(world=world, outside=outside)


async def test_until_somebody_knows(there: There) -> None:
    """One catalogue after the other is asked; one that breaks does not keep the next from being asked."""
    handle = await look_up(there.world, KNOWN)
    assert await handle.result() == LookedUp(outcome="found")
    assert there.outside.asked == [(KNOWN, each) for each in CATALOGUES]


async def test_nobody_knows(there: There) -> None:
    """When all of them said no, that is remembered."""
    handle = await look_up(there.world, NOWHERE)
    assert await handle.result() == LookedUp(outcome="unknown")
    assert there.outside.asked == [(NOWHERE, each) for each in (*CATALOGUES, "keep_unknown")]


async def test_what_is_remembered_is_not_asked(there: There) -> None:
    """An answer that is still good is taken; the item gets it."""
    handle = await enrich(there.world, REMEMBERED)
    assert await handle.result() == LookedUp(outcome="found")
    assert there.outside.asked == []
    assert there.outside.enriched == {REMEMBERED: "found"}


async def test_an_outage_is_waited_for(there: There) -> None:
    """An item waits for a catalogue that is away, and asks again later, though others said no."""
    handle = await enrich(there.world, LATER)
    await there.world.environment.fast_forward(handle, timedelta(minutes=3))
    assert await handle.result() == LookedUp(outcome="found")
    assert there.outside.asked.count((LATER, "barcode_lookup")) == 3
    assert there.outside.enriched == {LATER: "found"}


async def test_not_for_ever(there: There) -> None:
    """After some hours the item says that nothing was found."""
    handle = await enrich(there.world, NEVER)
    await there.world.environment.fast_forward(handle, timedelta(hours=4))
    assert await handle.result() == LookedUp(outcome="away")
    assert there.outside.asked.count((NEVER, "barcode_lookup")) == 5
    assert there.outside.enriched == {NEVER: "away"}


async def test_no_code(there: There) -> None:
    """An item without a code, or one that is gone, is left alone."""
    handle = await enrich(there.world, "")
    assert await handle.result() == LookedUp(outcome="unknown")
    assert there.outside.enriched == {}


@pytest.mark.parametrize("import_id", [IMPORTED, EMPTY, BROKEN])
async def test_decided(there: There, import_id: str) -> None:
    """An import that was decided about is gone through and closed, also where going through it failed."""
    handle = await import_file(there.world, import_id)
    report: ImportReport = await handle.result()
    assert there.outside.asked == [(import_id, "import_csv"), (import_id, "close_import")]
    assert report.imported == (5 if import_id == IMPORTED else 0)


async def test_forgotten(there: There) -> None:
    """A file that nobody says anything of for a day is not imported; it is deleted."""
    handle = await import_file(there.world, FORGOTTEN, decided=False)
    assert (await handle.result()).status == "failed"
    assert there.outside.asked == [(FORGOTTEN, "close_import")]
