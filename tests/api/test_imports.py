"""CSV imports over HTTP: upload, mapping, rows that become items, and those that do not."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import asyncpg
import httpx
import pytest
from msgspec.structs import replace

from api.gateway import Gateway, WorkflowsUnavailable
from cli.embedded import EmbeddedStack
from cli.embedded.ports import free_ports
from onboarding.imports import ERRORS_KEPT, FILE_BYTES, OPEN_AT_ONCE, ROWS
from runtime.settings import Settings
from runtime.storage import prefix_of
from tests.erasing import Bucket
from tests.stack import Json, Person, application, ok, problem, sign_up, until, wrong

CSV, IMPORTS = "/api/v1/imports/csv", "/api/v1/imports"
SQL = Callable[..., Awaitable[object]]
TABLE = (
    "Artikel;EAN;Preis (EUR);Menge\r\n"
    '"Becher; blau";4006381333931;1.299,00;2\r\n'
    "Teller;96385074;7,50;1,5\r\n"
    "Kaputt;4006381333932;viel;0\r\n"
    "Noch ein Becher;4006381333931;;3\r\n"
).encode("cp1252")
MAPPING = {"name": "Artikel", "gtin": "EAN", "price": "Preis (EUR)", "quantity": "Menge"}


@pytest.fixture
async def admin(stack: EmbeddedStack) -> AsyncIterator[asyncpg.Connection]:
    """A superuser's connection, which no policy binds."""
    connection = await asyncpg.connect(stack.postgres.url("gangway_admin"))
    yield connection
    await connection.close()


async def upload(person: Person, content: bytes = TABLE, **options: Any) -> httpx.Response:
    """Upload a file."""
    return await person.post(CSV, files={"file": ("list.csv", content, "text/csv")}, **options)


async def begun(person: Person, content: bytes = TABLE) -> str:
    """The id of an import that waits."""
    return ok(await upload(person, content))["import_id"]


async def confirm(person: Person, import_id: str, mapping: Json = None) -> httpx.Response:
    """Say what the columns are."""
    return await person.post(f"{IMPORTS}/{import_id}/confirm", {"mapping": mapping or MAPPING})


async def ended(person: Person, import_id: str) -> Json:
    """The import once it has ended."""

    async def shown() -> Json:
        body = ok(await person.get(f"{IMPORTS}/{import_id}"))
        return body if body["ended_at"] else None

    return await until(shown, 60)


async def things(admin: asyncpg.Connection, person: Person) -> list[tuple[Any, ...]]:
    """Their review list: name, GTIN, price, currency, and how many."""
    rows = await admin.fetch(
        """
        SELECT name, gtin, price, currency, (SELECT sum(quantity) FROM item_sources AS s WHERE s.item_id = i.id)
        FROM items AS i WHERE user_id = $1 ORDER BY name
        """,
        person.id,
    )
    return [tuple(row) for row in rows]


async def files(settings: Settings, person: Person) -> list[str]:
    """What lies in the bucket of theirs."""
    return await Bucket(settings).keys(prefix_of(person.tenant_id, person.id))


async def test_from_the_file_to_the_list(person: Person, admin: asyncpg.Connection, settings: Settings) -> None:
    """A table is previewed, confirmed and imported; bad rows are told and stop nothing; the file goes."""
    answer = await upload(person)
    body = ok(answer)
    assert answer.status_code == 201
    assert body["columns"] == ["Artikel", "EAN", "Preis (EUR)", "Menge"]
    assert body["suggested_mapping"] == MAPPING
    assert body["sample"][0] == ["Becher; blau", "4006381333931", "1.299,00", "2"]
    assert ok(await person.get(f"{IMPORTS}/{body['import_id']}"))["status"] == "awaiting_mapping"
    assert len(await files(settings, person)) == 1
    confirmed = await confirm(person, body["import_id"])
    assert (confirmed.status_code, confirmed.json()["import_id"]) == (202, body["import_id"])
    end = await ended(person, body["import_id"])
    assert (end["status"], end["rows"], end["imported"], end["failed"]) == ("completed", 4, 3, 1)
    assert {(each["row"], each["field"], each["code"]) for each in end["errors"]} == {
        (4, "gtin", "bad_gtin"),
        (4, "price", "not_a_number"),
        (4, "quantity", "too_small"),
    }
    assert end["error_count"] == 3
    assert [tuple(map(str, row)) for row in await things(admin, person)] == [
        ("Becher; blau", "04006381333931", "1299", "EUR", "5"),
        ("Teller", "00000096385074", "7.5", "EUR", "1.5"),
    ]

    async def gone() -> bool:
        return await files(settings, person) == []

    await until(gone)


async def test_what_is_no_table(person: Person, settings: Settings) -> None:
    """Files that cannot be read, are too large, or are none, are refused, and nothing of them is kept."""
    assert wrong(await upload(person, b"a,A,\nx,y,z\n"), 400, "csv_unreadable") == {"file": "duplicate_column"}
    assert wrong(await upload(person, b"PK\x03\x04" + bytes(99)), 400, "csv_unreadable") == {"file": "not_text"}
    many = b"name\n" + b"x\n" * (ROWS + 1)
    assert wrong(await upload(person, many), 413, "payload_too_large") == {"file": "too_many_rows"}
    problem(await upload(person, b"name\n" + b"x" * FILE_BYTES), 413, "payload_too_large")
    assert wrong(await upload(person, b"")) == {"file": "too_short"}
    assert wrong(await person.post(CSV, files={"fil": ("a.csv", b"x")})) == {
        "fil": "unknown_field",
        "file": "required",
    }
    problem(await person.post(CSV, {"file": "x"}), 415, "unsupported_media_type")
    assert await files(settings, person) == []


async def test_a_mapping_that_is_wrong(person: Person) -> None:
    """Everything wrong is named at once; the import waits on, and another mapping is taken."""
    import_id = await begun(person)
    bad = {"nam": "Artikel", "gtin": "Artikel", "price": "Cost"}
    assert wrong(await confirm(person, import_id, bad)) == {
        "mapping.nam": "unknown_field",
        "mapping.gtin": "column_used_twice",
        "mapping.price": "unknown_column",
    }
    assert wrong(await confirm(person, import_id, {"price": "Menge"})) == {"mapping": "required"}
    assert wrong(await person.post(f"{IMPORTS}/{import_id}/confirm", {"mapping": {"name": 7}})) != {}
    assert wrong(await person.post(f"{IMPORTS}/{import_id}/confirm", {})) == {"mapping": "required"}
    ok(await confirm(person, import_id, {"name": "Artikel"}))
    assert (await ended(person, import_id))["imported"] == 4


async def test_confirmed_twice(person: Person, admin: asyncpg.Connection) -> None:
    """The same mapping again, at once and ten times, imports once; another one, or one too late, is refused."""
    import_id = await begun(person)
    answers = await asyncio.gather(*(confirm(person, import_id) for _ in range(10)))
    assert {answer.status_code for answer in answers} <= {202, 409}
    assert 202 in {answer.status_code for answer in answers}
    end = await ended(person, import_id)
    assert (end["imported"], end["failed"]) == (3, 1)
    assert await admin.fetchval("SELECT count(*) FROM item_sources WHERE user_id = $1", person.id) == 3
    problem(await confirm(person, import_id, {"name": "Artikel"}), 409, "import_ended")
    problem(await person.send("DELETE", f"{IMPORTS}/{import_id}"), 409, "import_ended")


async def test_cancelled(person: Person, settings: Settings) -> None:
    """One that waits is ended by DELETE, again and again; its file goes, and it is not imported any more."""
    import_id = await begun(person)
    for _ in range(2):
        assert (await person.send("DELETE", f"{IMPORTS}/{import_id}")).status_code == 204
    assert (await ended(person, import_id))["status"] == "cancelled"
    problem(await confirm(person, import_id), 409, "import_ended")

    async def gone() -> bool:
        return await files(settings, person) == []

    await until(gone)


async def test_somebody_elses(person: Person, other: Person) -> None:
    """To everybody else an import is not there."""
    import_id = await begun(person)
    for answer in (
        await other.get(f"{IMPORTS}/{import_id}"),
        await confirm(other, import_id),
        await other.send("DELETE", f"{IMPORTS}/{import_id}"),
    ):
        problem(answer, 404, "not_found")
    assert ok(await person.get(f"{IMPORTS}/{import_id}"))["status"] == "awaiting_mapping"


async def test_not_too_many_at_once(person: Person) -> None:
    """Nobody keeps more than ten files here, however many they send at once."""
    answers = await asyncio.gather(*(upload(person) for _ in range(OPEN_AT_ONCE + 4)))
    refused = [answer for answer in answers if answer.status_code != 201]
    assert [problem(answer, 409, "too_many_imports")["code"] for answer in refused] == ["too_many_imports"] * 4


async def test_the_same_upload_again(person: Person, admin: asyncpg.Connection) -> None:
    """Under one Idempotency-Key a file is one import."""
    first, second = [await upload(person, headers={"Idempotency-Key": "a"}) for _ in range(2)]
    assert ok(first) == ok(second)
    assert await admin.fetchval("SELECT count(*) FROM imports WHERE user_id = $1", person.id) == 1


async def test_without_the_store(settings: Settings, worker: None, admin: asyncpg.Connection) -> None:
    """Without the store of files an upload is 503, and nothing is open; the same again, later, is an import."""
    away = replace(settings, s3_endpoint_url=f"http://127.0.0.1:{free_ports(1)[0]}")
    async with application(away) as client:
        ann = await sign_up(client)
        problem(await upload(ann, headers={"Idempotency-Key": "a"}), 503, "storage_unavailable")
        assert await admin.fetchval("SELECT count(*) FROM imports WHERE user_id = $1", ann.id) == 0
    async with application(settings) as client:
        again = replace(ann, client=client)
        import_id = ok(await upload(again, headers={"Idempotency-Key": "a"}))["import_id"]
        ok(await confirm(again, import_id))
        assert (await ended(again, import_id))["imported"] == 3


async def test_without_workflows(
    person: Person, admin: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Uploads that nobody can look after are 503, however many; none of them stays open."""

    async def away(*_: object) -> None:
        raise WorkflowsUnavailable

    with monkeypatch.context() as broken:
        broken.setattr(Gateway, "await_import", away)
        for _ in range(OPEN_AT_ONCE + 1):
            problem(await upload(person), 503, "workflow_unavailable")
    assert await admin.fetchval("SELECT count(*) FROM imports WHERE user_id = $1", person.id) == 0
    ok(await upload(person))


async def test_many_errors(person: Person, admin: asyncpg.Connection) -> None:
    """Of a long table the good rows become items, each once; the first thousand errors are told, all counted."""
    rows = [f"Thing {n},{'x' if n % 2 else ''},A-{n},https://shop.example/things/{n}" for n in range(2400)]
    import_id = await begun(person, "\n".join(["name,gtin,sku,url", *rows]).encode())
    ok(await confirm(person, import_id, {field: field for field in ("name", "gtin", "sku", "url")}))
    end = await ended(person, import_id)
    assert (end["status"], end["imported"], end["failed"]) == ("completed", 1200, 1200)
    assert (len(end["errors"]), end["error_count"]) == (ERRORS_KEPT, 1200)
    assert [each["row"] for each in end["errors"]] == list(range(3, 2 * ERRORS_KEPT + 3, 2))
    assert await admin.fetchval("SELECT count(*) FROM items WHERE user_id = $1", person.id) == 1200
