"""One child process: bounded start, bounded stop, nobody left behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from cli.embedded import NotReady, Service, until


class Script(Service):
    """A Python one-liner that is ready when its log says so."""

    name = "script"
    ready_seconds = 60.0
    stop_seconds = 0.3

    def __init__(self, home: Path, code: str) -> None:
        super().__init__(home)
        self.code = code

    def command(self) -> list[str]:
        return [sys.executable, "-u", "-S", "-c", self.code]

    async def is_ready(self) -> bool:
        return "ready" in self.tail()


async def test_an_early_end_is_reported_with_the_log(tmp_path: Path) -> None:
    """A child that ends before it serves is an error that quotes what it said."""
    with pytest.raises(NotReady, match=r"(?s)script ended with status 3.*no port for me"):
        await Script(tmp_path, "print('no port for me'); raise SystemExit(3)").start()


async def test_a_silent_child_is_given_up(tmp_path: Path) -> None:
    """A child that never serves is ended at the deadline."""
    service = Script(tmp_path, "import time; time.sleep(60)")
    service.ready_seconds = 0.3
    with pytest.raises(NotReady, match=r"did not become ready within 0\.3 s"):
        await service.start()
    assert service.pid is None


async def test_a_stubborn_child_is_killed(tmp_path: Path) -> None:
    """A child that ignores SIGTERM is gone soon after its time is up."""
    code = "import signal, time; signal.signal(15, signal.SIG_IGN); print('ready'); time.sleep(60)"
    service = Script(tmp_path, code)
    await service.start()
    pid, began = service.pid, time.monotonic()
    await service.stop()
    assert time.monotonic() - began < 30
    assert pid is not None
    assert not psutil.pid_exists(pid)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children of their parent's death")
async def test_kill_9_of_the_parent_leaves_nobody(tmp_path: Path) -> None:
    """A child ends when whoever started it is killed without warning."""
    code = f"""
import asyncio, pathlib, time
from tests.cli.test_service import Script
service = Script(pathlib.Path({str(tmp_path)!r}), "import time; print('ready'); time.sleep(60)")
asyncio.run(service.start())
print(service.pid, flush=True)
time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as parent:  # noqa: ASYNC220 - it prints one line and waits
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert psutil.pid_exists(child)
        os.kill(parent.pid, signal.SIGKILL)
    assert await until(lambda: not _lives(child), 30)


def _lives(pid: int) -> bool:
    # Nobody may collect an orphan in a container without an init: a zombie has ended too.
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
