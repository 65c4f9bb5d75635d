"""One long-lived child process: start, wait until it serves, stop."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from cli.embedded.errors import NotReady

_LAUNCHER = Path(__file__).with_name("launch.py")
_POLL_SECONDS = 0.03


class Service(ABC):
    """A child process that serves something; subclasses say how it is started and when it is ready.

    Start it from a thread that lives as long as the service (the main thread, normally): on Linux the
    child ends with the thread that made it, which is how kill -9 of the parent leaves nobody behind.
    """

    name: str
    ready_seconds: float = 30.0
    poll_seconds: float = _POLL_SECONDS
    stop_seconds: float = 10.0
    stop_signal: signal.Signals = signal.SIGTERM
    death_signal: signal.Signals = signal.SIGTERM
    user: str = "-"

    def __init__(self, home: Path) -> None:
        self.home = home
        self.log = home / "logs" / f"{self.name}.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._log_start = 0

    @abstractmethod
    def command(self) -> list[str]:
        """The program and its arguments; the program by its absolute path."""

    def environment(self) -> Mapping[str, str]:
        """The child's whole environment: by default little, so that no stray variable configures a server."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "LANG") if name in os.environ}
        return {**kept, "GANGWAY_HOME": str(self.home)}

    async def prepare(self) -> None:  # noqa: B027 - not every server needs it
        """Make what the server needs on disk; called before each start, so it must be idempotent."""

    @abstractmethod
    async def is_ready(self) -> bool:
        """Whether the server answers; must bound its own time."""

    async def after_ready(self) -> None:  # noqa: B027 - not every server needs it
        """What must exist inside the server before anybody uses it; idempotent."""

    def waiting_for(self) -> str:
        """What it lacks to be ready, when it said so."""
        return ""

    def is_passing(self, log: str) -> bool:
        """Whether an early end with this log may be cured by trying again a moment later."""
        del log
        return False

    @property
    def pid(self) -> int | None:
        """The process that serves, None when it is not running."""
        return self._process.pid if self._process is not None and self.running else None

    @property
    def running(self) -> bool:
        """Whether the process lives; also collects its exit status."""
        return self._process is not None and self._process.poll() is None

    async def start(self) -> None:
        """Start the server and wait until it serves.

        Raises:
            NotReady: it ended, or `ready_seconds` passed; nothing is left running.
        """
        deadline = time.monotonic() + self.ready_seconds
        try:
            await self.prepare()
            self.spawn()
            while not await self._answers():
                if not self.running and self.is_passing(self.tail()) and time.monotonic() < deadline:
                    await asyncio.sleep(0.2)
                    await self.prepare()
                    self.spawn()
                elif not self.running:
                    status = self._process.returncode if self._process else None
                    raise NotReady(f"{self.name} ended with status {status} before it was ready{self._quoted()}")
                elif time.monotonic() > deadline:
                    late = f"{self.name} did not become ready within {self.ready_seconds:g} s"
                    raise NotReady(f"{late}{self.waiting_for()}{self._quoted()}")
                await asyncio.sleep(self.poll_seconds)
            await self.after_ready()
        # Interrupted too: whoever gave up waiting leaves no child behind.
        except BaseException:
            await self.stop()
            raise

    def spawn(self) -> None:
        """Start the process without waiting for it to serve."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        launcher = [sys.executable, "-I", "-S", str(_LAUNCHER), str(os.getpid()), str(int(self.death_signal))]
        with self.log.open("ab") as log:
            self._log_start = log.tell()
            self._process = subprocess.Popen(  # noqa: S603 - the command is ours
                [*launcher, self.user, *self.command()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=dict(self.environment()),
                # Away from the terminal's Ctrl-C: the order in which children stop is ours.
                start_new_session=True,
            )

    async def stop(self) -> None:
        """Ask the process to end, wait `stop_seconds` at most, then kill -9; that process only."""
        process = self._process
        if process is None:
            return
        if process.poll() is None:
            process.send_signal(self.stop_signal)
            if not await until(lambda: process.poll() is not None, self.stop_seconds):
                process.kill()
                await until(lambda: process.poll() is not None, 5.0)
        self._process = None

    def tail(self, lines: int = 15) -> str:
        """The last lines that the process wrote since it was last started."""
        if not self.log.exists():
            return ""
        with self.log.open("rb") as log:
            log.seek(max(self._log_start, self.log.stat().st_size - 16_384))
            return "\n".join(log.read().decode(errors="replace").splitlines()[-lines:])

    async def _answers(self) -> bool:
        return self.running and await self.is_ready()

    def _quoted(self) -> str:
        return f"; last lines of {self.log}:\n{self.tail() or '(nothing)'}"


async def until(
    holds: Callable[[], bool] | Callable[[], Awaitable[bool]], seconds: float, every: float = _POLL_SECONDS
) -> bool:
    """Poll a condition until it holds; False when `seconds` passed first."""
    deadline = time.monotonic() + seconds
    while True:
        answer = holds()
        if answer if isinstance(answer, bool) else await answer:
            return True
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(every)
