"""`gangway dev` in a process of its own, on free ports and a data folder of its own."""

import asyncio
import os
import secrets
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
import msgspec

from cli.embedded import local_client, until, with_free_ports
from cli.embedded.postgres import APP, embedded_url
from cli.embedded.secret_files import SecretFiles
from cli.stub_ai.process import with_stub
from runtime.settings import Settings, environment_of

CHECKOUT = Path(__file__).parents[2]
NAMES = {"api", "worker", "temporal", "postgres", "s3"}
PLENTY = 1_000_000_000


class Stack:
    """The whole stack for as long as it is entered; `settings` lead to it."""

    def __init__(self, home: Path, *, stub_ai: bool = False, **settings: Any) -> None:
        """Nothing is started yet.

        Args:
            home: the data folder.
            stub_ai: the scripted model too, in a process of its own; `ai_models` says how it behaves.
            settings: fields of `Settings`, over those that suit a measurement: no limits, cheap hashes.
        """
        self.home = home.resolve()
        given = {
            "rate_limit_per_minute": PLENTY,
            "sign_in_limit_per_minute": PLENTY,
            "chat_limit_per_minute": PLENTY,
            "chat_limit_burst": PLENTY,
            "suggestion_limit_per_hour": PLENTY,
            "argon2_time_cost": 1,
            "argon2_memory_kib": 64,
            "argon2_parallelism": 1,
            "jwt_secret": secrets.token_hex(32),
            "access_token_expire_minutes": 24 * 60,
            "gangway_home": self.home,
            **settings,
        }
        self.settings = with_free_ports(Settings(**given))
        self._options = ["--stub-ai"] if stub_ai else []
        if stub_ai:
            self.settings = with_stub(self.settings)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Of the API."""
        return f"http://127.0.0.1:{self.settings.port}"

    def pids(self) -> dict[str, int]:
        """The processes that serve, by name."""
        try:
            return msgspec.json.decode((self.home / "pids.json").read_bytes(), type=dict[str, int])
        except FileNotFoundError:
            return {}

    async def __aenter__(self) -> Self:
        """Start, and wait until everything is ready."""
        self.home.mkdir(parents=True, exist_ok=True)
        with (self.home / "dev.log").open("wb") as log:
            self._process = subprocess.Popen(  # noqa: ASYNC220 - nothing else goes on yet
                [sys.executable, "-P", "-m", "cli", "dev", *self._options],
                env={**clean_environment(), **environment_of(self.settings)},
                cwd=self.home,  # a developer's .env is not for this
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        if not await until(self.is_ready, 180.0, every=0.1):
            said = (self.home / "dev.log").read_text()
            await self.__aexit__(None, None, None)
            raise RuntimeError(f"the stack did not become ready:\n{said}")
        url = embedded_url(self.home, APP)
        address = f"127.0.0.1:{self.settings.temporal_port}"
        self.settings = msgspec.structs.replace(
            self.settings,
            database_url=url,
            temporal_address=address,
            encryption_key_file=SecretFiles(self.home).key_file(),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it, and with it all that it started."""
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            await asyncio.to_thread(process.wait, 40)
        process.kill()
        process.wait()

    def pause(self) -> None:
        """Hold `gangway dev` itself, so that nobody starts again what dies."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    async def is_ready(self) -> bool:
        """Whether API and worker both say so. Raises when `gangway dev` has ended."""
        if self._process is None or self._process.poll() is not None:
            raise RuntimeError((self.home / "dev.log").read_text())
        ports = (self.settings.port, self.settings.worker_health_port)
        try:
            async with local_client(timeout=3.0) as client:
                answers = [await client.get(f"http://127.0.0.1:{port}/readyz") for port in ports]
        except httpx.HTTPError:
            return False
        return all(answer.status_code == 200 for answer in answers) and self.pids().keys() >= NAMES

    def log(self, name: str) -> str:
        """What a process wrote."""
        return (self.home / "logs" / f"{name}.log").read_text(errors="replace")


def clean_environment() -> dict[str, str]:
    """The environment for child processes: nobody's settings, and compiled modules are kept.

    Temporal's sandbox imports a workflow's module again for each run; without `.pyc` files it would compile
    it each time, which doubles what opening a run costs.
    """
    without = {name.upper() for name in Settings.__struct_fields__} | {"PYTHONDONTWRITEBYTECODE"}
    kept = {name: value for name, value in os.environ.items() if name not in without}
    path = os.pathsep.join(filter(None, [str(CHECKOUT), os.environ.get("PYTHONPATH", "")]))
    return {**kept, "PYTHONPATH": path}
