"""The addresses of a host."""

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address
from typing import Protocol

AT_ONCE = 32
"""Questions under way. They have threads of their own: a name server that hangs must not hold up anybody else."""


class UnknownHost(Exception):
    """There is no such host, or nobody said where it is."""


class Resolver(Protocol):
    """Whoever knows where hosts are."""

    async def addresses(self, host: str) -> list[str]:
        """All IP addresses of a host, those to try first in front.

        Raises:
            UnknownHost: there is none.
        """
        ...


class SystemResolver:
    """What the machine itself goes by."""

    def __init__(self) -> None:
        """Threads begin with the first question."""
        self._pool = ThreadPoolExecutor(AT_ONCE, "resolve")

    async def addresses(self, host: str) -> list[str]:
        """As `getaddrinfo` sorts them (RFC 6724)."""
        try:
            found = await asyncio.get_running_loop().run_in_executor(self._pool, _asked, host)
        except (OSError, UnicodeError) as error:
            raise UnknownHost(type(error).__name__) from None
        return found


def literal(host: str) -> str | None:
    """The address that a host is, if it is none that has to be looked up."""
    bare = host.strip("[]")
    try:
        return str(ip_address(bare))
    except ValueError:
        return None


def _asked(host: str) -> list[str]:
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(place[0]) for *_, place in found))
