"""Approved items on their way to a sink that does what a test says, or into a table."""

import asyncio
import csv
import io
import time
import uuid
import zipfile
from collections.abc import AsyncIterator, Callable
from decimal import Decimal
from typing import IO, Any

import httpx
import pytest
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.testing import ActivityEnvironment

from activities.syncs import ItemSyncer
from db import item_lists, items, syncs
from db.pool import Database
from onboarding.access import Caller, Role
from onboarding.items import Offer, Source
from onboarding.payloads import SyncOrder
from onboarding.syncs import key_of
from runtime.addresses import sync_workflow_id
from runtime.encryption import Keys
from runtime.item_sink import ItemSink
from runtime.settings import Settings
from runtime.storage import Objects
from tests.item_sink import Got, SinkServer, Told, item_sink
from tests.scan_service import scanning
from tests.stack import RUNS, Json, Person, ok, problem, sign_up, until, wrong

ITEMS, SYNC, SYNCS = "/api/v1/items", "/api/v1/items/sync", "/api/v1/items/syncs"
NOBODYS = "00000000-0000-7000-8000-000000000001"
PATIENCE = 1.5
"""Of the one that gives up; in the other tests nobody does, however slow the machine is."""


class Whole:
    """A sink, and a client of the application that sends to it."""

    def __init__(self, sink: SinkServer, client: httpx.AsyncClient) -> None:
        self.sink, self.client = sink, client


@pytest.fixture(scope="module")
async def everything(settings: Settings, temporal: Client, keys: Keys) -> AsyncIterator[Whole]:
    """All of it, for this file."""
    async with item_sink() as sink:
        changes = {"item_sink_url": f"{sink.url}/items", "item_sink_token": "t0ken"}
        async with scanning(settings, temporal, keys, **changes) as client:
            yield Whole(sink, client)


@pytest.fixture(scope="module")
async def hasty(everything: Whole, settings: Settings, temporal: Client, keys: Keys) -> AsyncIterator[Whole]:
    """The same with little patience."""
    changes = {"item_sink_url": f"{everything.sink.url}/items", "item_sink_patience_seconds": PATIENCE}
    async with scanning(settings, temporal, keys, **changes) as client:
        yield Whole(everything.sink, client)


@pytest.fixture
def sink(everything: Whole) -> SinkServer:
    """A sink that has seen nothing yet, and takes what comes."""
    everything.sink.reset()
    return everything.sink


@pytest.fixture
async def sender(everything: Whole) -> Person:
    """Somebody whose items go to the sink."""
    return await sign_up(everything.client)


@pytest.fixture
async def hasty_sender(hasty: Whole) -> Person:
    """Somebody whose items are soon given up."""
    return await sign_up(hasty.client)


async def approved(database: Database, person: Person, many: int, **fields: Any) -> list[str]:
    """Items that somebody has approved; their ids, the oldest first."""
    caller = Caller(tenant_id=person.tenant_id, user_id=person.id, role=Role.USER)
    offers = [
        Offer(source=Source.CSV, ref=uuid.uuid4().hex, **{"name": f"Thing {n}", **fields}) for n in range(many)
    ]
    async with database.transaction(caller) as connection:
        found = [each.item_id for each in await items.offer(connection, person.tenant_id, person.id, offers)]
        await item_lists.judge(connection, person.id, found, "approve")
    return found


async def begun(person: Person, *item_ids: str, **options: Any) -> str:
    """Begin a sync; its address."""
    answer = await person.post(SYNC, {"item_ids": list(item_ids)} if item_ids else {}, **options)
    assert answer.status_code == 202, answer.text
    assert answer.headers["location"] == f"{SYNCS}/{ok(answer)['sync_id']}"
    return answer.headers["location"]


async def ended(person: Person, where: str, seconds: float = 15.0) -> Json:
    """How a sync stands once it has ended, with all of its results."""

    async def over() -> Json:
        found = ok(await person.get(where, params={"limit": 100}))
        return found if found["status"] != "running" else None

    found = await until(over, seconds)
    while found["next_cursor"]:
        page = ok(await person.get(where, params={"limit": 100, "cursor": found["next_cursor"]}))
        found |= {"results": [*found["results"], *page["results"]], "next_cursor": page["next_cursor"]}
    return found


def told(answers: dict[str, list[Told]]) -> Callable[[Got], Told]:
    """Of an item by its name, one answer after the other, the last one for ever; others are taken."""

    def script(got: Got) -> Told:
        mine = answers.get(got.item["name"], [Told()])
        return mine[min(got.times, len(mine)) - 1]

    return script


async def test_each_item_once(sink: SinkServer, sender: Person, app_database: Database) -> None:
    """Every approved item goes out under a key of its version, several at once; then there is nothing to send."""
    price = {"price": Decimal("2.50"), "currency": "EUR", "quantity": Decimal(100)}
    mine = await approved(app_database, sender, 230, **price)
    sink.script = lambda _: Told(pause_seconds=0.005)
    where = await begun(sender)
    found = await ended(sender, where, 60.0)
    assert (found["status"], found["target"], found["total"], found["sent"], found["failed"]) == (
        *("completed", "sink", 230, 230, 0),
    )
    assert [(each["item_id"], each["status"], each["attempts"]) for each in found["results"]] == [
        (item_id, "sent", 1) for item_id in sorted(mine)
    ]
    assert {got.key for got in sink.got} == {key_of(item_id, 2) for item_id in mine}
    assert len(sink.taken) == len(sink.got) == 230
    assert 1 < sink.most_at_once <= 8
    got = sink.got[0]
    assert (got.headers["authorization"], got.headers["content-type"]) == ("Bearer t0ken", "application/json")
    assert (got.item["price"], got.item["quantity"], got.item["version"]) == ("2.5", "100", 2)
    assert (got.item["tenant_id"], got.item["user_id"]) == (sender.tenant_id, sender.id)
    problem(await sender.post(SYNC, {}), 409, "nothing_to_sync")
    ok(await sender.patch(f"{ITEMS}/{mine[0]}", {"name": "Changed"}))
    await ended(sender, await begun(sender))
    assert [(got.item["name"], got.key) for got in sink.got[230:]] == [("Changed", key_of(mine[0], 3))]
    assert ok(await sender.get(f"{ITEMS}/{mine[0]}"))["synced_at"] is not None


async def test_what_does_not_begin(sink: SinkServer, sender: Person, app_database: Database) -> None:
    """What needs attention, is not approved or is not there is named, and nothing is sent."""
    (good,) = await approved(app_database, sender, 1)
    (unsure,) = await approved(app_database, sender, 1, unsure=True)
    (pending,) = await approved(app_database, sender, 1)
    ok(await sender.post(f"{ITEMS}/bulk", {"item_ids": [pending], "action": "reject"}))
    assert wrong(await sender.post(SYNC, {}), 409, "items_need_attention") == {f"items[{unsure}]": "unsure"}
    everything = [good, unsure, pending]
    assert wrong(await sender.post(SYNC, {"item_ids": everything}), 409, "items_not_approved") == {
        "item_ids[1]": "unsure",
        "item_ids[2]": "not_approved",
    }
    assert wrong(await sender.post(SYNC, {"item_ids": [NOBODYS, good]})) == {"item_ids[0]": "not_found"}
    assert set(wrong(await sender.post(SYNC, {"item_ids": [], "all": True}))) == {"item_ids", "all"}
    assert (sink.got, ok(await sender.get(SYNCS))["items"]) == ([], [])
    await ended(sender, await begun(sender, good.upper()))
    assert [got.item["id"] for got in sink.got] == [good]


async def test_one_at_a_time(sink: SinkServer, sender: Person, app_database: Database) -> None:
    """Of many that begin at once one does; the same request is the same one, any other learns where it is."""
    await approved(app_database, sender, 20)
    gate = asyncio.Event()
    sink.script = lambda _: Told(held=gate)
    answers = await asyncio.gather(*(sender.post(SYNC, {}) for _ in range(6)))
    gate.set()
    (first,) = [answer for answer in answers if answer.status_code == 202]
    for answer in answers:
        assert answer.headers["location"] == first.headers["location"]
        if answer is not first:
            problem(answer, 409, "sync_in_progress")
    assert (await ended(sender, first.headers["location"]))["sent"] == len(sink.got) == 20
    await approved(app_database, sender, 1)
    key = {"Idempotency-Key": "once"}
    assert await begun(sender, headers=dict(key)) == await begun(sender, headers=dict(key))


async def test_refusals_and_repeats(sink: SinkServer, sender: Person, app_database: Database) -> None:
    """Items that are refused fail with the sink's code; others are sent again, as late as the sink asks for."""
    mine = await approved(app_database, sender, 6)
    later = {"Retry-After": "1"}
    sink.script = told(
        {
            "Thing 0": [Told(status=422, body=b'{"code": "sku_unknown", "detail": "secret"}')],
            "Thing 1": [Told(status=404, body=b"<html>")],
            "Thing 2": [Told(status=500), Told(status=409), Told()],
            "Thing 3": [Told(status=302, headers={"Location": sink.url})],
            "Thing 4": [Told(status=429, headers=later), Told()],
        }
    )
    began = time.monotonic()
    found = await ended(sender, await begun(sender))
    assert time.monotonic() - began >= 1.0
    results = {each["item_id"]: (each["status"], each["code"], each["attempts"]) for each in found["results"]}
    assert [results[each] for each in mine] == [
        ("failed", "sku_unknown", 1),
        ("failed", "http_404", 1),
        ("sent", None, 3),
        ("failed", "http_302", 1),
        ("sent", None, 2),
        ("sent", None, 1),
    ]
    assert (found["status"], found["sent"], found["failed"], found["code"]) == ("completed", 3, 3, None)
    sink.script = lambda _: Told()
    again = await ended(sender, await begun(sender))
    assert ({each["item_id"] for each in again["results"]}, again["sent"]) == ({mine[0], mine[1], mine[3]}, 3)


async def test_an_item_that_the_sink_fails_at(
    sink: SinkServer, hasty_sender: Person, app_database: Database
) -> None:
    """One item that makes the sink fail for ever is given up, and stops no other."""
    await approved(app_database, hasty_sender, 3)
    sink.script = told({"Thing 1": [Told(status=500)]})
    found = await ended(hasty_sender, await begun(hasty_sender))
    assert (found["status"], found["sent"], found["failed"]) == ("completed", 2, 1)
    assert [each["code"] for each in found["results"] if each["status"] == "failed"] == ["http_500"]


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Told(status=503), "http_503"),
        (Told(status=429, headers={"Retry-After": "3600"}), "http_429"),
        (Told(status=401), "http_401"),
    ],
)
async def test_a_sink_that_is_away(
    sink: SinkServer, hasty_sender: Person, app_database: Database, answer: Told, code: str
) -> None:
    """The sync fails within its time, no item with it; the next one sends them all."""
    await approved(app_database, hasty_sender, 12)
    sink.script = lambda _: answer
    found = await ended(hasty_sender, await begun(hasty_sender))
    assert (found["status"], found["code"], found["sent"], found["failed"]) == ("failed", code, 0, 0)
    sink.script = lambda _: Told()
    found = await ended(hasty_sender, await begun(hasty_sender))
    assert (found["status"], found["sent"]) == ("completed", 12)


async def test_cancelling(sink: SinkServer, sender: Person, other: Person, app_database: Database) -> None:
    """What is on its way arrives, and nothing after it; what was not sent is sent by the next one."""
    await approved(app_database, sender, 60)
    gate = asyncio.Event()
    sink.script = lambda _: Told(held=gate)
    where = await begun(sender)
    await until(lambda: sink.got)
    problem(await other.send("DELETE", where), 404, "not_found")
    assert (await sender.send("DELETE", where)).status_code == 204
    found = ok(await sender.get(where))
    assert found["status"] == "cancelled"
    gate.set()
    sink.script = lambda _: Told()
    rest = await ended(sender, await begun(sender))
    assert rest["status"] == "completed"
    assert len(sink.taken) == 60
    assert rest["total"] >= 52
    assert (await sender.send("DELETE", where)).status_code == 204
    assert ok(await sender.get(where))["status"] == "cancelled"


async def test_what_is_removed_meanwhile(sink: SinkServer, sender: Person, app_database: Database) -> None:
    """An item that is removed before its turn is not sent."""
    mine = await approved(app_database, sender, 12)
    gate = asyncio.Event()
    sink.script = lambda _: Told(held=gate)
    where = await begun(sender)
    await until(lambda: sink.got)
    assert (await sender.send("DELETE", f"{ITEMS}/{mine[-1]}")).status_code == 204
    gate.set()
    found = await ended(sender, where)
    assert found["results"][-1] == {
        "item_id": mine[-1],
        "status": "failed",
        "code": "item_not_approved",
        "attempts": 0,
    }
    assert mine[-1] not in {got.item["id"] for got in sink.got}


async def test_what_loses_its_name_meanwhile(sink: SinkServer, sender: Person, app_database: Database) -> None:
    """An item that somebody must look at before its turn is not sent, as one that must be is not begun with."""
    mine = await approved(app_database, sender, 12)
    gate = asyncio.Event()
    sink.script = lambda _: Told(held=gate)
    where = await begun(sender)
    await until(lambda: sink.got)
    ok(await sender.send("PATCH", f"{ITEMS}/{mine[-1]}", json={"name": None}))
    gate.set()
    last = (await ended(sender, where))["results"][-1]
    assert (last["status"], last["code"]) == ("failed", "item_not_approved")
    assert mine[-1] not in {got.item["id"] for got in sink.got}
    problem(await sender.post(SYNC, {}), 409, "items_need_attention")


async def test_a_workflow_that_is_lost(
    sink: SinkServer, sender: Person, temporal: Client, app_database: Database
) -> None:
    """A sync whose workflow was terminated goes on when somebody asks for one."""
    await approved(app_database, sender, 30)
    gate = asyncio.Event()
    sink.script = lambda _: Told(held=gate)
    where = await begun(sender)
    await until(lambda: sink.got)
    handle = temporal.get_workflow_handle(sync_workflow_id(sender.tenant_id, where.rpartition("/")[2]))
    await handle.terminate()
    sink.script = lambda _: Told()
    problem(await sender.post(SYNC, {}), 409, "sync_in_progress")
    gate.set()
    found = await ended(sender, where)
    assert (found["status"], found["sent"], len(sink.taken)) == ("completed", 30, 30)


async def test_a_cancelled_workflow(
    sink: SinkServer, sender: Person, temporal: Client, app_database: Database
) -> None:
    """Staff who cancel the workflow end the sync as its owner does."""
    await approved(app_database, sender, 30)
    gate = asyncio.Event()
    sink.script = lambda _: Told(held=gate)
    where = await begun(sender)
    await until(lambda: sink.got)
    handle = temporal.get_workflow_handle(sync_workflow_id(sender.tenant_id, where.rpartition("/")[2]))
    await handle.cancel()
    assert (await ended(sender, where))["status"] == "cancelled"
    gate.set()

    async def closed() -> bool:
        return (await handle.describe()).status is WorkflowExecutionStatus.COMPLETED

    await until(closed)


async def test_it_completes_the_review(sink: SinkServer, sender: Person, app_database: Database) -> None:
    """At its end the state `review` of an inventory run that has come so far is answered."""
    await sender.start(flow="inventory")
    for step in range(1, 7):
        ok(await sender.post(f"{RUNS}/skip", {"flow": "inventory", "step": step}))
    await approved(app_database, sender, 2)
    where = await begun(sender)

    async def reviewed() -> bool:
        return (await sender.progress("inventory"))["current_state"] is None

    await until(reviewed)
    ok(await sender.post(f"{RUNS}/complete", {"flow": "inventory"}))
    answers = ok(await sender.get("/api/v1/profile?flow=inventory"))["answers"]
    assert answers["review"] == {"items": 2, "sync_id": where.rpartition("/")[2]}


async def test_a_table(person: Person, other: Person, app_database: Database) -> None:
    """Without a sink the items are a table that a spreadsheet reads, and that an export takes along."""
    text = '=HYPERLINK("http://x") a\nb, ñ'
    price = {"price": Decimal("2.50"), "currency": "EUR", "quantity": Decimal(100)}
    mine = await approved(app_database, person, 1, description=text, **price)
    mine += await approved(app_database, person, 600)
    where = await begun(person)
    found = await ended(person, where)
    assert (found["status"], found["target"], found["sent"]) == ("completed", "csv", 601)
    answer = await person.get(f"{where}/download")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
    assert [row["id"] for row in rows] == mine
    assert rows[0] == {
        "id": mine[0],
        "name": "Thing 0",
        "description": f"'{text}",
        "price": "2.5",
        "currency": "EUR",
        "quantity": "100",
        **dict.fromkeys(("supplier", "gtin", "sku", "url", "image_url"), ""),
    }
    problem(await other.get(f"{where}/download"), 404, "not_found")
    problem(await other.get(where), 404, "not_found")
    problem(await person.post(SYNC, {}), 409, "nothing_to_sync")
    archive = zipfile.ZipFile(io.BytesIO((await person.get(f"/api/v1/users/{person.id}/export")).content))
    assert any(name.endswith(f"syncs/{where.rpartition('/')[2]}.csv") for name in archive.namelist())
    listed = ok(await person.get(SYNCS, params={"with_total": "true"}))
    assert ([each["sync_id"] for each in listed["items"]], listed["total"]) == ([where.rpartition("/")[2]], 1)


async def test_a_table_stays(person: Person, app_database: Database, settings: Settings) -> None:
    """A worker that dies before it tells that the table is written is followed by one that leaves it there."""
    await approved(app_database, person, 3)
    where = await begun(person)
    await ended(person, where)
    before = (await person.get(f"{where}/download")).content
    writer = ItemSyncer(app_database, Objects(settings), ItemSink(settings), PATIENCE)
    await ActivityEnvironment().run(writer.write_items, table_order(person, where))
    assert (await person.get(f"{where}/download")).content == before


async def test_a_table_that_nobody_wants(person: Person, app_database: Database, settings: Settings) -> None:
    """What was written when its sync was cancelled was not sent: the next one takes it."""
    await approved(app_database, person, 3)
    caller = Caller(tenant_id=person.tenant_id, user_id=person.id, role=Role.USER)
    order = table_order(person, str(uuid.uuid4()))
    async with app_database.transaction(caller) as connection:
        await syncs.begin(
            connection, sync_id=order.sync_id, tenant_id=person.tenant_id, user_id=person.id, target="csv"
        )

    class Late(ItemSyncer):
        async def _write(self, order: SyncOrder, file: IO[bytes]) -> dict[int, int]:
            written = await super()._write(order, file)
            assert (await person.send("DELETE", f"{SYNCS}/{order.sync_id}")).status_code == 204
            return written

    late = Late(app_database, Objects(settings), ItemSink(settings), PATIENCE)
    await ActivityEnvironment().run(late.write_items, order)
    assert (await ended(person, f"{SYNCS}/{order.sync_id}"))["sent"] == 0
    assert (await ended(person, await begun(person)))["sent"] == 3


def table_order(person: Person, where: str) -> SyncOrder:
    """The order of a sync that makes a table."""
    sync_id = where.rpartition("/")[2]
    return SyncOrder(sync_id=sync_id, tenant_id=person.tenant_id, user_id=person.id, target="csv")
