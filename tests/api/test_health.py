"""Health: the process, and what it depends on."""

import asyncio
from typing import Any

import pytest
from msgspec.structs import replace

from cli.embedded.ports import free_ports
from runtime.settings import Settings
from runtime.storage import _client  # pyright: ignore[reportPrivateUsage]
from tests.stack import application, ok, sign_up, until

CHECKS = ["postgres", "migrations", "temporal", "s3"]


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is there has time to say so, however slow the machine is."""

    def patient(settings: Settings) -> Any:
        return _client(settings, connect=60, read=60, attempts=1)

    monkeypatch.setattr("api.__main__.probing_client", patient)
    monkeypatch.setattr("runtime.health.CHECK_SECONDS", 60.0)


async def test_all_is_well(settings: Settings) -> None:
    """With everything there, all three answer without a token."""
    async with application(settings) as client:
        assert ok(await client.get("/livez")) == {"alive": True}
        ready = ok(await client.get("/readyz"))
        assert ready["ready"]
        assert [(check["name"], check["ok"]) for check in ready["checks"]] == [(name, True) for name in CHECKS]
        assert ok(await client.get("/version")) == {"git_sha": "dev"}


@pytest.mark.parametrize("away", ["temporal", "s3"])
async def test_one_is_away(settings: Settings, away: str) -> None:
    """With one dependency away it is 503, names that one alone, tells no address, and the process lives."""
    nowhere = f"127.0.0.1:{free_ports(1)[0]}"
    without = (
        replace(settings, temporal_address=nowhere)
        if away == "temporal"
        else replace(settings, s3_endpoint_url=f"http://{nowhere}")
    )
    async with application(without) as client:
        answer = await client.get("/readyz")
        assert (await client.get("/livez")).status_code == 200
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "2"
    body = answer.json()
    assert not body["ready"]
    assert [check["name"] for check in body["checks"] if not check["ok"]] == [away]
    assert "127.0.0.1" not in answer.text


async def test_a_bucket_that_is_not_there(settings: Settings) -> None:
    """A store without the bucket is not ready."""
    async with application(replace(settings, s3_bucket="nowhere")) as client:
        body = (await client.get("/readyz")).json()
    assert [check["name"] for check in body["checks"] if not check["ok"]] == ["s3"]


async def test_a_store_that_hangs_holds_up_nobody(settings: Settings) -> None:
    """While S3 takes connections and says nothing, one probe at a time asks it, and people sign in as ever."""
    probes: list[asyncio.StreamWriter] = []

    async def hang(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        probes.append(writer)

    store = await asyncio.start_server(hang, "127.0.0.1", 0)
    host, port = store.sockets[0].getsockname()
    async with application(replace(settings, s3_endpoint_url=f"http://{host}:{port}")) as client:
        asking = [asyncio.create_task(client.get("/readyz")) for _ in range(40)]
        await until(lambda: probes)
        await sign_up(client)
        assert not any(each.done() for each in asking)
        store.close()
        for writer in probes:
            writer.transport.abort()
        for answer in await asyncio.gather(*asking):
            assert [check["name"] for check in answer.json()["checks"] if not check["ok"]] == ["s3"]
        assert len(probes) == 1
    await store.wait_closed()
