"""Connections to hosts that a stranger named: looked up once, every address checked, and no other connected to.

The check stands at the last place where a name becomes an address, so there is nothing after it that could be told
something else: no second question to a name server, no other reading of an address, no redirect past it, no proxy.
"""

import ssl
from collections.abc import AsyncIterable, Iterable
from functools import cached_property
from typing import Any

import httpcore
import httpx
from httpcore import AsyncNetworkBackend, AsyncNetworkStream

from onboarding.networks import is_public_address, is_public_name
from runtime.fetching.resolving import Resolver, UnknownHost, literal

PORTS = (80, 443)
ADDRESSES_TRIED = 4
CONNECT_SECONDS = 3.0
"""For each address: one that says nothing leaves time for the next."""


class RefusedAddress(Exception):
    """It leads, or may lead, somewhere that is not of the public internet."""


class Allowed:
    """`SCRAPE_ALLOW_HOSTS`: `host:port` that are let through unchecked, for tests and intranets."""

    def __init__(self, hosts: str = "") -> None:
        self._places = {each.strip().lower() for each in hosts.split(",") if each.strip()}

    def __contains__(self, place: tuple[str, int]) -> bool:
        host, port = place
        return f"{f'[{host}]' if ':' in host else host}:{port}" in self._places


class PinnedNetwork(AsyncNetworkBackend):
    """How connections are made: the way into the network for everything here."""

    def __init__(self, resolver: Resolver, allowed: Allowed, below: AsyncNetworkBackend | None = None) -> None:
        """`below` connects to the addresses that passed."""
        self._resolver = resolver
        self._allowed = allowed
        # Typed as what stands in for it where anyio is not installed.
        self._below: AsyncNetworkBackend = below or httpcore.AnyIOBackend()  # pyright: ignore

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the interface is httpcore's
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> AsyncNetworkStream:
        """A connection to the first address that takes one.

        Raises:
            RefusedAddress: the port, the name, or one of the addresses is refused; nothing was connected to.
            UnknownHost: it has no address.
        """
        addresses = await self._checked(host.strip("[]"), port)
        seconds = min(timeout or CONNECT_SECONDS, CONNECT_SECONDS)
        error: Exception = UnknownHost(host)
        for address in addresses[:ADDRESSES_TRIED]:
            try:
                return await self._below.connect_tcp(address, port, seconds, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as failed:
                error = failed
        raise error

    async def _checked(self, host: str, port: int) -> list[str]:
        free = (host, port) in self._allowed
        if not free and (port not in PORTS or not is_public_name(host)):
            raise RefusedAddress
        address = literal(host)
        addresses = [address] if address else await self._resolver.addresses(host)
        # One that is refused among many is enough: whoever answers like that means no good.
        if not free and not all(map(is_public_address, addresses)):
            raise RefusedAddress
        return addresses


class PinnedTransport(httpx.AsyncBaseTransport):
    """httpx over such connections, a new one for each request. TLS and `Host` go by the name.

    Raises httpcore's errors as they are, beside those of `PinnedNetwork`.
    """

    def __init__(self, network: PinnedNetwork, tls: ssl.SSLContext | None = None) -> None:
        self._network = network
        self._tls = tls

    @cached_property
    def _pool(self) -> httpcore.AsyncConnectionPool:
        """Made when it is needed: reading the authorities of the machine takes a while."""
        return httpcore.AsyncConnectionPool(
            ssl_context=self._tls or ssl.create_default_context(),
            max_connections=None,
            # One that was kept would spare whoever comes next the check.
            max_keepalive_connections=0,
            network_backend=self._network,
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request without a body."""
        url = request.url
        asked = httpcore.Request(
            method=request.method,
            url=httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=request.headers.raw,
            extensions=request.extensions,
        )
        answer = await self._pool.handle_async_request(asked)
        assert isinstance(answer.stream, AsyncIterable)
        return httpx.Response(answer.status, headers=answer.headers, stream=_Body(answer))


class _Body(httpx.AsyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    async def __aiter__(self):
        async for chunk in self._answer.aiter_stream():
            yield chunk

    async def aclose(self) -> None:
        await self._answer.aclose()
