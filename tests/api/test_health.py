"""Health: the process, and what it depends on."""

import httpx
import pytest
from msgspec.structs import replace

from cli.embedded.ports import free_ports
from runtime.settings import Settings
from tests.stack import application, ok

CHECKS = ["postgres", "migrations", "temporal", "s3"]


async def test_all_is_well(api: httpx.AsyncClient) -> None:
    """With everything there, all three answer without a token."""
    assert ok(await api.get("/livez")) == {"alive": True}
    ready = ok(await api.get("/readyz"))
    assert ready["ready"]
    assert [(check["name"], check["ok"]) for check in ready["checks"]] == [(name, True) for name in CHECKS]
    assert ok(await api.get("/version")) == {"git_sha": "dev"}


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
    body = answer.json()
    assert not body["ready"]
    assert [check["name"] for check in body["checks"] if not check["ok"]] == [away]
    assert "127.0.0.1" not in answer.text


async def test_a_bucket_that_is_not_there(settings: Settings) -> None:
    """A store without the bucket is not ready."""
    async with application(replace(settings, s3_bucket="nowhere")) as client:
        body = (await client.get("/readyz")).json()
    assert [check["name"] for check in body["checks"] if not check["ok"]] == ["s3"]
