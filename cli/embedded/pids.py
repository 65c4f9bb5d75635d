"""`<GANGWAY_HOME>/pids.json`, and the children that a killed supervisor may have left."""

import asyncio
import contextlib
import os
import time
from pathlib import Path

import msgspec
import psutil


class PidsFile:
    """`{"api": 123, ...}`: the process that serves, by name; replaced as a whole at every change."""

    def __init__(self, home: Path) -> None:
        self.path = home / "pids.json"
        self._home = home
        self._pids: dict[str, int] = {}

    def set(self, name: str, pid: int | None) -> None:
        """Note that this process serves now."""
        if pid is not None:
            self._pids[name] = pid
            draft = self.path.with_suffix(f".{os.getpid()}")
            draft.write_bytes(msgspec.json.encode(self._pids) + b"\n")
            draft.replace(self.path)

    def remove(self) -> None:
        """Everything has stopped."""
        self._pids.clear()
        self.path.unlink(missing_ok=True)

    def read(self) -> dict[str, int]:
        """What the file says; empty when it is missing or damaged, or its folder is none."""
        try:
            return msgspec.json.decode(self.path.read_bytes(), type=dict[str, int])
        except (FileNotFoundError, NotADirectoryError, msgspec.MsgspecError):
            return {}

    async def end_leftovers(self, seconds: float = 10.0) -> list[str]:
        """End what a killed predecessor left: only recorded processes that belong to this data folder.

        On Linux the kernel has asked them to end already, so this mostly waits.

        Args:
            seconds: to wait after SIGTERM, before kill -9.
        """
        left = {name: process for name, pid in self.read().items() if (process := self._ours(pid))}
        await asyncio.to_thread(_end, list(left.values()), seconds)
        self.remove()
        return sorted(left)

    def _ours(self, pid: int) -> psutil.Process | None:
        """The process, if it names this data folder: the id may have gone to somebody else since."""
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(pid)
            if process.status() != psutil.STATUS_ZOMBIE and (
                any(str(self._home) in argument for argument in process.cmdline())
                or process.environ().get("GANGWAY_HOME") == str(self._home)
            ):
                return process
        return None


def _end(processes: list[psutil.Process], seconds: float) -> None:
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.terminate()
    deadline = time.monotonic() + seconds
    alive = processes
    while alive and time.monotonic() < deadline:
        # Not psutil.wait_procs: these are other processes' children, which it polls slowly.
        alive = [process for process in alive if _lives(process)]
        time.sleep(0.02)
    for process in alive:
        with contextlib.suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(alive, timeout=5)


def _lives(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False
