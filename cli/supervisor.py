"""Keeps services running: one that dies is started again, and `pids.json` follows."""

import asyncio
import time
from collections.abc import Callable, Sequence

from cli.embedded import Service
from cli.embedded.pids import PidsFile

_POLL_SECONDS = 0.1
_SLOWEST_SECONDS = 4.0
_HEALTHY_SECONDS = 10.0


class Supervisor:
    """Watches services that have been started.

    A service that dies is started again at once; if it dies again within 10 s, after 0.25 s, then after
    twice as long each time, up to 4 s.
    """

    def __init__(self, services: Sequence[Service], pids: PidsFile, say: Callable[[str], None]) -> None:
        """`say` gets one line for each thing that happens."""
        self._services = services
        self._pids = pids
        self._say = say
        # A reload stops a service on purpose: the watcher must not take that for a death.
        self._locks = {service.name: asyncio.Lock() for service in services}

    async def run(self) -> None:
        """Watch until cancelled; stops nothing, that is for whoever started the services."""
        async with asyncio.TaskGroup() as group:
            for service in self._services:
                self._pids.set(service.name, service.pid)
                group.create_task(self._watch(service))

    async def restart(self, service: Service) -> None:
        """Stop a service and start it again, on purpose."""
        async with self._locks[service.name]:
            await service.stop()
            await self._spawn(service)

    async def _watch(self, service: Service) -> None:
        delay, started = 0.0, -_HEALTHY_SECONDS  # the first death of all is not a second one
        while True:
            await asyncio.sleep(_POLL_SECONDS)
            async with self._locks[service.name]:
                if service.running:
                    continue
                delay = 0.0 if time.monotonic() - started > _HEALTHY_SECONDS else _longer(delay)
                self._say(f"{service.name} died; starting it again" + (f" in {delay:g} s" if delay else ""))
                await asyncio.sleep(delay)
                started = time.monotonic()
                await self._spawn(service)

    async def _spawn(self, service: Service) -> None:
        try:
            await service.prepare()
            service.spawn()
            self._pids.set(service.name, service.pid)
        except Exception as error:  # noqa: BLE001 - whatever it is, the others must go on
            self._say(f"{service.name} could not be started: {error}")


def _longer(delay: float) -> float:
    return min(max(delay * 2, 0.25), _SLOWEST_SECONDS)
