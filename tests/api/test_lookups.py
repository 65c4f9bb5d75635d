"""Looking up codes over HTTP, with catalogues that answer what a test says."""

import asyncio
import itertools
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime

import httpx
import pytest
from temporalio.client import Client

from api.lookups import WAIT_SECONDS
from db import lookups
from db.pool import Database
from onboarding.gtin import check_digit
from onboarding.lookups import PROVIDERS, Limits, Product, trade_number
from runtime.encryption import Keys
from runtime.settings import Settings
from tests.catalogues import UNKNOWN, Catalogues, Reply, catalogues, found
from tests.scan_service import scanning
from tests.stack import Person, ok, problem, sign_up, wrong

BARCODES = "/api/v1/barcodes"
SQL = Callable[..., Awaitable[object]]
_NUMBERS = itertools.count(random.SystemRandom().randrange(10**10))


@pytest.fixture(scope="module")
async def served() -> AsyncIterator[Catalogues]:
    """The catalogues."""
    async with catalogues() as served:
        yield served


@pytest.fixture(scope="module")
async def client(
    served: Catalogues, settings: Settings, temporal: Client, keys: Keys
) -> AsyncIterator[httpx.AsyncClient]:
    """An application whose worker asks all three of them."""
    async with scanning(
        settings,
        temporal,
        keys,
        barcode_lookup_base_url=served.url,
        barcode_lookup_api_key="a secret key",
        open_food_facts_base_url=served.url,
        open_food_facts_contact="ops@example.org",
        upcitemdb_base_url=served.url,
        upcitemdb_user_key="another",
    ) as client:
        yield client


@pytest.fixture
async def ann(client: httpx.AsyncClient, served: Catalogues, admin_sql: SQL) -> Person:
    """Somebody new; nobody was asked yet, and nobody rests."""
    await admin_sql("DELETE FROM barcode_providers")
    served.says()
    return await sign_up(client)


def a_gtin() -> str:
    """One that nobody has asked for."""
    body = f"0{next(_NUMBERS) % 10**10 + 2 * 10**11:012d}"
    return body + check_digit(body)


async def test_found(ann: Person, served: Catalogues) -> None:
    """The first catalogue that knows a code answers; each is asked in its own way; the answer is remembered."""
    for place, provider in enumerate(PROVIDERS):
        gtin = a_gtin()
        served.says(**{provider: found(provider, trade_number(gtin))})
        body = ok(await ann.get(f"{BARCODES}/{trade_number(gtin)}"))["product"]
        assert (body["name"], body["brand"], body["source"], body["gtin"]) == ("A mug", "Potters", provider, gtin)
        assert body["category"] == "Kitchen > Mugs"
        assert [each.provider for each in served.asked] == list(PROVIDERS[: place + 1])
        again = ok(await ann.get("/api/v1/barcode/lookup", params={"code": f"(01){gtin}"}))["product"]
        assert again == body
        assert len(served.asked) == place + 1


async def test_how_they_are_asked(ann: Person, served: Catalogues) -> None:
    """Keys, the contact and the number stand where each catalogue wants them; nothing compressed is asked for."""
    gtin = a_gtin()
    problem(await ann.get(f"{BARCODES}/{gtin}"), 404, "product_not_found")
    first, second, third = served.asked
    number = trade_number(gtin)
    assert first.query == {"barcode": number, "key": "a secret key"}
    assert second.path == f"/api/v2/product/{number}.json"
    assert second.headers["user-agent"] == "Gangway/1.0 (ops@example.org)"
    assert (third.path, third.query) == ("/prod/v1/lookup", {"upc": number})
    assert (third.headers["user_key"], third.headers["key_type"]) == ("another", "3scale")
    assert {each.headers["accept-encoding"] for each in served.asked} == {"identity"}


async def test_not_found(ann: Person, served: Catalogues) -> None:
    """When every catalogue said no it is 404, and that is remembered too, under either address."""
    gtin = a_gtin()
    problem(await ann.get(f"{BARCODES}/{gtin}"), 404, "product_not_found")
    assert [each.provider for each in served.asked] == list(PROVIDERS)
    problem(await ann.get("/api/barcode/lookup", params={"code": gtin}), 404, "product_not_found")
    assert len(served.asked) == 3


@pytest.mark.parametrize("code", ["4006381333932", "SN-1234", "12345", "1" * 201, "(01)09506000134353"])
async def test_no_code_of_goods(ann: Person, served: Catalogues, code: str) -> None:
    """What is no GTIN is 400, and nobody is asked."""
    problem(await ann.get(f"{BARCODES}/{code}"), 400, "barcode_invalid")
    problem(await ann.get("/api/v1/barcode/lookup", params={"code": code}), 400, "barcode_invalid")
    assert served.asked == []


async def test_without_a_code(ann: Person, api: httpx.AsyncClient) -> None:
    """The parameter is needed, and so is a person."""
    assert wrong(await ann.get("/api/v1/barcode/lookup")) == {"code": "required"}
    problem(await api.get(f"{BARCODES}/4006381333931"), 401, "auth_missing_token")


AWAY = {
    "an error": Reply(status=500, body=b"oops"),
    "a wrong key": Reply(status=403, body={"message": "no"}),
    "too many": Reply(status=429),
    "a redirect": Reply(status=302, headers={"location": "http://169.254.169.254/latest"}),
    "no JSON": Reply(body=b"<html>"),
    "another shape": Reply(body={"products": 7, "status": "x", "code": []}),
    "nested": Reply(body=b'{"products":' + b"[" * 100_000),
    "huge": Reply(body=b"[" * 65536, times=40),
    "nothing": Reply(body=b""),
}


@pytest.mark.parametrize("fault", AWAY)
async def test_an_outage_is_no_no(ann: Person, served: Catalogues, fault: str) -> None:
    """Where one catalogue did not say, 503 is told and nothing remembered; whoever asks later may find it."""
    gtin = a_gtin()
    served.says(barcode_lookup=AWAY[fault])
    answer = await ann.get(f"{BARCODES}/{gtin}")
    assert problem(answer, 503, "lookup_unavailable")["retryable"]
    assert int(answer.headers["retry-after"]) >= 1
    assert "a secret key" not in answer.text
    assert [each.provider for each in served.asked] == list(PROVIDERS)
    served.says(upcitemdb=found("upcitemdb", trade_number(gtin)))
    assert ok(await ann.get(f"{BARCODES}/{gtin}"))["product"]["source"] == "upcitemdb"


async def test_a_find_wins_over_an_outage(ann: Person, served: Catalogues) -> None:
    """One catalogue that hangs and one that fails do not keep the third from being asked, within five seconds."""
    gtin = a_gtin()
    served.says(
        barcode_lookup=Reply(pause_seconds=30),
        open_food_facts=Reply(status=503),
        upcitemdb=found("upcitemdb", trade_number(gtin)),
    )
    begun = time.monotonic()
    assert ok(await ann.get(f"{BARCODES}/{gtin}"))["product"]["source"] == "upcitemdb"
    assert WAIT_SECONDS < 5
    assert time.monotonic() - begun < 15


async def test_all_hang(ann: Person, served: Catalogues) -> None:
    """Nobody waits for longer than five seconds and a little."""
    served.says(**dict.fromkeys(PROVIDERS, Reply(pause_seconds=30)))
    begun = time.monotonic()
    problem(await ann.get(f"{BARCODES}/{a_gtin()}"), 503, "lookup_unavailable")
    assert WAIT_SECONDS < 5
    assert time.monotonic() - begun < 15


async def test_asked_at_once(ann: Person, served: Catalogues) -> None:
    """Twenty who ask for the same code at the same time are one question."""
    gtin = a_gtin()
    served.says(barcode_lookup=Reply(pause_seconds=0.3, body=found("barcode_lookup", gtin).body))
    answers = await asyncio.gather(*(ann.get(f"{BARCODES}/{gtin}") for _ in range(20)))
    assert {ok(answer)["product"]["name"] for answer in answers} == {"A mug"}
    assert len(served.asked) == 1


async def test_one_that_asks_for_rest_gets_it(ann: Person, served: Catalogues) -> None:
    """After a 429 a catalogue is not asked again for as long as it said."""
    served.says(barcode_lookup=Reply(status=429, headers={"retry-after": "3600"}))
    for _ in range(2):
        problem(await ann.get(f"{BARCODES}/{a_gtin()}"), 503, "lookup_unavailable")
    assert [each.provider for each in served.asked].count("barcode_lookup") == 1


async def test_texts_are_not_trusted(ann: Person, served: Catalogues) -> None:
    """Names come in one line, bounded, without what is invisible; a picture is an address of the web."""
    gtin = a_gtin()
    name = "A\x00 &lt;mug&gt;\n\u202e" + "x" * 100_000
    images = ["javascript:alert(1)"]
    served.says(barcode_lookup=found("barcode_lookup", gtin, name, brand={"a": 1}, images=images, category=[]))
    body = ok(await ann.get(f"{BARCODES}/{gtin}"))["product"]
    assert body["name"].startswith("A <mug> xxx")
    assert len(body["name"]) == 300
    assert (body["brand"], body["image_url"], body["category"]) == (None, None, None)


async def test_another_product_is_none(ann: Person, served: Catalogues) -> None:
    """A product with another number than the one that was asked for, or without a name, is not taken."""
    gtin, other = a_gtin(), a_gtin()
    nameless = {
        provider: found(provider, gtin, name) for provider, name in zip(PROVIDERS[1:], ("", None), strict=True)
    }
    served.says(barcode_lookup=found("barcode_lookup", other), **nameless)
    problem(await ann.get(f"{BARCODES}/{gtin}"), 404, "product_not_found")


async def test_answers_grow_old(ann: Person, served: Catalogues, admin_sql: SQL) -> None:
    """A no is asked again after an hour, a product after a week; both are kept until then."""
    for reply, minutes in ((UNKNOWN["barcode_lookup"], 60), (found("barcode_lookup", ""), 7 * 24 * 60)):
        gtin = a_gtin()
        for passed, asked in ((0, True), (minutes - 1, False), (2, True)):
            served.says(barcode_lookup=reply)
            query = "UPDATE barcode_products SET until = until - make_interval(mins => $2) WHERE gtin = $1"
            await admin_sql(query, gtin, passed)
            await ann.get(f"{BARCODES}/{gtin}")
            assert bool(served.asked) == asked


async def minute(database: Database) -> datetime:
    """By the clock that limits go by."""
    async with database.transaction(None) as connection:
        return await connection.fetchval("SELECT date_trunc('minute', clock_timestamp())")


async def test_limits_are_shared(app_database: Database, admin_sql: SQL) -> None:
    """Of fifty processes that ask a catalogue at once as many get through as it allows, by minute and by day."""
    await admin_sql("DELETE FROM barcode_providers")
    for limits in (Limits(per_minute=7, per_day=100), Limits(per_minute=100, per_day=9)):
        name = f"test-{limits.per_minute}"

        async def take(name: str = name, limits: Limits = limits) -> bool:
            async with app_database.transaction(None) as connection:
                return await lookups.take(connection, name, limits)

        while True:
            await admin_sql("DELETE FROM barcode_providers")
            began = await minute(app_database)
            taken = await asyncio.gather(*(take() for _ in range(50)))
            if began == await minute(app_database):
                break  # else the minute ended meanwhile
        assert sum(taken) == min(limits.per_minute, limits.per_day)
        query = "UPDATE barcode_providers SET minute = minute - interval '1 minute', day = day - interval '1 day'"
        await admin_sql(query)
        assert await take()


async def test_old_answers_are_pruned(app_database: Database) -> None:
    """The hourly sweep takes away what is no longer good, and nothing else."""
    old, new = a_gtin(), a_gtin()
    async with app_database.transaction(None) as connection:
        await lookups.keep(connection, old, Product(name="x", gtin=old, source="upcitemdb"), -1)
        await lookups.keep(connection, new, None, 60)
    async with app_database.transaction(None) as connection:
        assert await lookups.purge(connection) >= 1
        left = await connection.fetch("SELECT gtin FROM barcode_products WHERE gtin = ANY($1)", [old, new])
    assert [row["gtin"] for row in left] == [new]
