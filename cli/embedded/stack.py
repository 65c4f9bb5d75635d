"""The embedded servers together: what `gangway dev` and the tests stand on."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import msgspec

from cli.embedded.home import HomeLock
from cli.embedded.pids import PidsFile
from cli.embedded.postgres import APP, OWNER, PostgresServer
from cli.embedded.s3 import S3Server
from cli.embedded.secret_files import SecretFiles
from cli.embedded.service import Service
from cli.embedded.temporal import TemporalServer
from runtime.settings import Settings

POSTGRES, TEMPORAL, S3 = "postgres", "temporal", "s3"
ALL = frozenset({POSTGRES, TEMPORAL, S3})
_Server = TypeVar("_Server", bound=Service)


class EmbeddedStack:
    """Real PostgreSQL, Temporal and S3 for as long as it is entered.

        async with EmbeddedStack(home=tmp_path, settings=with_free_ports(Settings())) as stack:
            stack.settings.database_url  # and database_owner_url, temporal_address, s3_endpoint_url, ...

    A server that `settings` points elsewhere is not started. The data folder keeps its data between
    uses, and belongs to one stack at a time. Enter it in the main thread (see `Service`).
    """

    def __init__(
        self,
        *,
        home: Path,
        settings: Settings,
        services: frozenset[str] | set[str] = ALL,
        search_attributes: Sequence[str] = (),
        temporal_flags: Sequence[str] = (),
        durable: bool = True,
        before_start: Callable[[], None] | None = None,
    ) -> None:
        """Nothing is started yet.

        Args:
            home: the data folder, made when it is not there.
            settings: ports and names; what it leaves open is filled in `self.settings`.
            services: of `postgres`, `temporal`, `s3`: those to start.
            search_attributes: `NAME=Type` each, made in Temporal.
            temporal_flags: more arguments of `temporal server start-dev`, such as
                `--dynamic-config-value frontend.WorkflowTimeSkippingEnabled=true` in tests.
            durable: whether what was acknowledged survives a power cut too, not only kill -9.
            before_start: called when the data folder is taken and leftovers are gone, before any server
                starts; what it raises ends the start.
        """
        self.home = home.resolve()
        self.settings = settings
        self.pids = PidsFile(self.home)
        self._wanted = services
        self._search_attributes = search_attributes
        self._temporal_flags = temporal_flags
        self._durable = durable
        self._before_start = before_start
        self._postgres: PostgresServer | None = None
        self._temporal: TemporalServer | None = None
        self._s3: S3Server | None = None
        self._exits = AsyncExitStack()

    @property
    def services(self) -> list[Service]:
        """The servers that this stack runs, in the order of their names in the class's docstring."""
        return [server for server in (self._postgres, self._temporal, self._s3) if server is not None]

    @property
    def postgres(self) -> PostgresServer:
        """The database server, when this stack runs it."""
        return _started(self._postgres, POSTGRES)

    @property
    def temporal(self) -> TemporalServer:
        """The Temporal server, when this stack runs it."""
        return _started(self._temporal, TEMPORAL)

    @property
    def s3(self) -> S3Server:
        """The S3 server, when this stack runs it."""
        return _started(self._s3, S3)

    async def __aenter__(self) -> Self:
        """Take the data folder, start the servers side by side, and fill in the settings.

        Raises:
            EmbeddedError: with what went wrong; nothing is left running.
        """
        try:
            self._exits.enter_context(HomeLock(self.home))
            await self.pids.end_leftovers()
            if self._before_start is not None:
                self._before_start()
            self._choose()
            self._exits.push_async_callback(self._stop)
            async with asyncio.TaskGroup() as group:
                for service in self.services:
                    group.create_task(self._start(service))
        except BaseExceptionGroup as failures:
            await self._exits.aclose()
            raise failures.exceptions[0] from None
        # Interrupted while starting: what runs already is stopped.
        except BaseException:
            await self._exits.aclose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop every server and let go of the data folder."""
        await self._exits.aclose()

    def _choose(self) -> None:
        """Which servers to run, and the settings that lead to them."""
        given, secrets = self.settings, SecretFiles(self.home)
        found: dict[str, Any] = {
            "gangway_home": self.home,
            "encryption_key_file": given.encryption_key_file or secrets.key_file(),
            "jwt_secret": given.jwt_secret or secrets.jwt_secret(),
        }
        if POSTGRES in self._wanted and not given.database_url:
            self._postgres = PostgresServer(self.home, durable=self._durable)
            found |= {
                "database_url": self._postgres.url(APP),
                "database_owner_url": self._postgres.url(OWNER),
            }
        if TEMPORAL in self._wanted and not given.temporal_address:
            self._temporal = TemporalServer(
                self.home,
                port=given.temporal_port,
                ui_port=given.temporal_ui_port,
                namespace=given.temporal_namespace,
                search_attributes=self._search_attributes,
                flags=self._temporal_flags,
                durable=self._durable,
            )
            found |= {
                "temporal_address": self._temporal.address,
                "temporal_ui_url": given.temporal_ui_url or self._temporal.ui_url,
            }
        if S3 in self._wanted and not given.s3_endpoint_url:
            self._s3 = S3Server(self.home, port=given.s3_port, bucket=given.s3_bucket, region=given.s3_region)
            found |= {
                "s3_endpoint_url": self._s3.endpoint_url,
                "s3_access_key_id": self._s3.access_key_id,
                "s3_secret_access_key": self._s3.secret_access_key,
            }
        self.settings = msgspec.structs.replace(given, **found)

    async def _start(self, service: Service) -> None:
        await service.start()
        self.pids.set(service.name, service.pid)

    async def _stop(self) -> None:
        await asyncio.gather(*(service.stop() for service in self.services))
        self.pids.remove()


def _started(server: _Server | None, name: str) -> _Server:
    if server is None:
        raise LookupError(f"this stack does not run {name}")
    return server
