"""`gangway dev`: starts, heals, refuses clearly, stops; API and worker stood in for."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import msgspec
import psutil
import pytest

from cli.embedded import local_client, until, with_free_ports
from cli.stub_ai.process import FREE
from runtime.settings import Settings, environment_of

NAMES = {"postgres", "temporal", "s3", "worker", "api", "ai_service"}
CHECKOUT = Path(__file__).parents[2]


class Dev:
    """One `gangway dev` in a process of its own."""

    def __init__(self, home: Path, settings: Settings, *flags: str) -> None:
        self.home, self.settings = home, settings
        self.names = NAMES | ({"ai_stub"} if "--stub-ai" in flags else set())
        environment = {**os.environ, **environment_of(settings), "GANGWAY_HOME": str(home)}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.cli.standin_gangway", "dev", *flags],
            env=environment,
            cwd=CHECKOUT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def pids(self) -> dict[str, int]:
        try:
            return msgspec.json.decode((self.home / "pids.json").read_bytes(), type=dict[str, int])
        except FileNotFoundError:
            return {}

    async def ready(self) -> bool:
        try:
            async with local_client() as client:
                answer = await client.get(f"http://127.0.0.1:{self.settings.port}/readyz")
        except httpx.HTTPError:
            return False
        return answer.status_code == 200 and answer.text == str(self.pids().get("api"))

    async def wait_ready(self) -> None:
        assert await until(self.ready, 120), self.process.poll()
        assert await until(lambda: set(self.pids()) == self.names, 60)

    async def ended(self) -> int:
        assert await until(lambda: self.process.poll() is not None, 120)
        return self.process.returncode

    def output(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.read()


@pytest.fixture(scope="module")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dev]:
    settings = with_free_ports(Settings())
    running = Dev(tmp_path_factory.mktemp("dev"), settings)
    yield running
    if running.process.poll() is None:
        running.process.kill()
    running.process.communicate()


async def test_it_writes_who_serves(dev: Dev) -> None:
    """pids.json names the process that serves for each of them."""
    await dev.wait_ready()
    for name, pid in dev.pids().items():
        command = " ".join(psutil.Process(pid).cmdline())
        known = {"s3": "weed", "api": "standin api", "worker": "standin worker", "ai_service": "cli.ai_standin"}
        assert known.get(name, name) in command


@pytest.mark.parametrize("name", sorted(NAMES))
async def test_a_killed_child_is_started_again(dev: Dev, name: str) -> None:
    """kill -9 of any of them is followed by another process, in pids.json too."""
    before = dev.pids()[name]
    os.kill(before, signal.SIGKILL)
    assert await until(lambda: dev.pids()[name] != before, 60)
    assert await until(lambda: psutil.pid_exists(dev.pids()[name]), 60)
    await dev.wait_ready()


async def test_a_stand_in_scans(dev: Dev) -> None:
    """Without AI_SERVICE_URL a stand-in is served, and named to the API and the worker."""
    url = f"http://127.0.0.1:{dev.settings.ai_service_standin_port}"
    for name in ("api", "worker"):
        assert psutil.Process(dev.pids()[name]).environ()["AI_SERVICE_URL"] == url

    async def found() -> object:
        with suppress(httpx.HTTPError):
            async with local_client() as client:
                answer = await client.post(f"{url}/scan", files={"text": (None, "There is a penalty.")})
            return answer.json()
        return None

    assert await until(found, 60)
    assert await found() == {
        "data": [{"risk": "Penalty", "category": "legal", "context": "There is a penalty."}],
        "source": "model",
    }


async def test_a_second_one_is_refused(dev: Dev) -> None:
    """Another `gangway dev` on the same data folder ends with 1 and says what to do; the first goes on."""
    second = Dev(dev.home, with_free_ports(Settings()))
    assert await second.ended() == 1
    assert f"process {dev.process.pid}" in (said := second.output())
    assert "GANGWAY_HOME" in said
    second.process.communicate()
    await dev.wait_ready()


async def test_kill_9_of_itself_heals(dev: Dev) -> None:
    """After kill -9 of `gangway dev` the next one on the same data and ports starts at once."""
    left = dev.pids()
    dev.process.kill()
    dev.process.communicate()
    again = Dev(dev.home, dev.settings)
    dev.process = again.process
    await dev.wait_ready()
    assert not set(left.values()) & set(dev.pids().values())


async def test_sigterm_stops_everything(dev: Dev) -> None:
    """SIGTERM ends it with status 0, every child is gone, and so is pids.json."""
    children = psutil.Process(dev.process.pid).children(recursive=True)
    assert len(children) >= len(NAMES)
    dev.process.send_signal(signal.SIGTERM)
    assert await dev.ended() == 0, dev.output()
    assert not [child for child in children if child.is_running()]
    assert dev.pids() == {}
    assert "http://127.0.0.1" in dev.output()


async def test_taken_ports_are_named(tmp_path: Path) -> None:
    """Each taken port gives one line with the setting to change; status 1 and nothing started."""
    settings = with_free_ports(Settings())
    with (
        socket.create_server(("127.0.0.1", settings.port)),
        socket.create_server(("127.0.0.1", settings.temporal_port)),
    ):
        refused = Dev(tmp_path, settings)
        assert await refused.ended() == 1
    said = refused.output()
    refused.process.communicate()
    assert f"port {settings.port} for the API is taken" in said
    assert "set PORT to another" in said
    assert f"port {settings.temporal_port} for Temporal is taken" in said
    assert "TEMPORAL_PORT" in said
    assert not (tmp_path / "postgres").exists()


async def test_a_scripted_model_beside_the_rest(tmp_path: Path) -> None:
    """With --stub-ai a scripted model is served, healed like the others, and named to the API and the worker."""
    settings = with_free_ports(Settings(ai_models="stub-no-usage"))
    beside = Dev(tmp_path, settings, "--stub-ai")
    url = f"http://127.0.0.1:{settings.ai_stub_port}/v1"

    async def answers() -> bool:
        question = {"model": "stub-no-usage", "messages": [{"role": "user", "content": "Hi"}]}
        with suppress(httpx.HTTPError):
            async with local_client() as client:
                answer = await client.post(f"{url}/chat/completions", json=question)
            return answer.json()["choices"][0]["message"]["content"] == "You said: Hi"
        return False

    try:
        await beside.wait_ready()
        assert await until(answers, 60)
        for name in ("api", "worker"):
            told = psutil.Process(beside.pids()[name]).environ()
            assert (told["AI_BASE_URL"], told["AI_MODELS"]) == (url, "stub-no-usage")
            assert told["AI_PRICES"] == FREE
        killed = beside.pids()["ai_stub"]
        os.kill(killed, signal.SIGKILL)
        assert await until(lambda: beside.pids()["ai_stub"] != killed, 60)
        assert await until(answers, 60)
    finally:
        beside.process.terminate()
        assert await beside.ended() == 0
    assert url in beside.output()
    beside.process.communicate()


async def test_with_a_service_there_is_no_stand_in(tmp_path: Path) -> None:
    """Where AI_SERVICE_URL names a service no stand-in is started, and its port may be taken."""
    settings = with_free_ports(Settings(ai_service_url="http://127.0.0.1:9/base"))
    with socket.create_server(("127.0.0.1", settings.ai_service_standin_port)):
        alone = Dev(tmp_path, settings)
        alone.names = NAMES - {"ai_service"}
        try:
            await alone.wait_ready()
            told = psutil.Process(alone.pids()["worker"]).environ()
            assert told["AI_SERVICE_URL"] == "http://127.0.0.1:9/base"
        finally:
            alone.process.terminate()
            assert await alone.ended() == 0
        alone.process.communicate()


async def test_a_taken_port_of_the_stand_in_is_named(tmp_path: Path) -> None:
    """AI_SERVICE_STANDIN_PORT is looked at before anything is started."""
    settings = with_free_ports(Settings())
    with socket.create_server(("127.0.0.1", settings.ai_service_standin_port)):
        refused = Dev(tmp_path, settings)
        assert await refused.ended() == 1
    assert "AI_SERVICE_STANDIN_PORT" in refused.output()
    refused.process.communicate()


async def test_a_taken_port_of_the_model_is_named(tmp_path: Path) -> None:
    """AI_STUB_PORT is looked at when the scripted model is asked for."""
    settings = with_free_ports(Settings())
    with socket.create_server(("127.0.0.1", settings.ai_stub_port)):
        refused = Dev(tmp_path, settings, "--stub-ai")
        assert await refused.ended() == 1
    assert "AI_STUB_PORT" in refused.output()
    refused.process.communicate()
