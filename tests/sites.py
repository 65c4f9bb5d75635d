"""Web sites and a name server that do what a test says; real TCP and real UDP, on loopback."""

import asyncio
import ssl
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from ipaddress import ip_address
from typing import Any

import httpcore
from dnslib import AAAA, QTYPE, RCODE, RR, A, DNSRecord
from msgspec import Struct, field

from runtime.fetching.resolving import UnknownHost

PUBLIC = "93.184.216.34"
PUBLIC_6 = "2606:2800:220:1:248:1893:25c8:1946"
HTML = """<!doctype html><html><head><title>A mug</title><script type="application/ld+json">
{"@context": "https://schema.org", "@type": "Product", "name": "A mug"}</script></head><body></body></html>"""


class Answer(Struct, frozen=True, kw_only=True):
    """What a site answers.

    Attributes:
        body: what follows the headers, as often as `times` says; `announced` is its length, where that is a lie.
        pause_seconds: before anything, and `drip_seconds` before each part of the body.
        held: what is waited for before anything.
        raw: everything, status line and headers included, instead of the others.
    """

    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "text/html; charset=utf-8"})
    body: bytes = HTML.encode()
    times: int = 1
    announced: int | None = None
    pause_seconds: float = 0.0
    held: asyncio.Event | None = None
    drip_seconds: float = 0.0
    raw: bytes | None = None


def moved(to: str, status: int = 302) -> Answer:
    """A redirect."""
    return Answer(status=status, headers={"Location": to}, body=b"")


NO_ROBOTS = Answer(status=404, headers={"Content-Type": "text/plain"}, body=b"")


class Site:
    """Sites on one port: what they answer by path, or by `host/path`; what they were `asked`, with the headers.

    Of several answers each one is given once, the last for ever.
    """

    def __init__(self) -> None:
        self.port = 0
        self.answers: dict[str, Answer | list[Answer]] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.at_once = self.most_at_once = 0
        self._writers: set[asyncio.StreamWriter] = set()

    @property
    def url(self) -> str:
        """By its address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def pages(self) -> list[str]:
        """Paths that were asked for, without robots.txt."""
        return [path for path, _ in self.asked if path != "/robots.txt"]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request."""
        self._writers.add(writer)
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            path = head[0].split(" ")[1]
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:-2])}
            self.asked.append((path, headers))
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
            try:
                await self._answer(self._found(headers.get("host", ""), path), writer)
            finally:
                self.at_once -= 1
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the other side has left, as it may
        finally:
            self._writers.discard(writer)
            writer.close()

    def hang_up(self) -> None:
        """Close every connection."""
        for writer in self._writers:
            writer.transport.abort()

    def _found(self, host: str, path: str) -> Answer:
        default = NO_ROBOTS if path == "/robots.txt" else self.answers.get("*", Answer())
        found = self.answers.get(f"{host}{path}") or self.answers.get(path) or default
        if isinstance(found, list):
            return found.pop(0) if len(found) > 1 else found[0]
        return found

    async def _answer(self, answer: Answer, writer: asyncio.StreamWriter) -> None:
        if answer.held:
            await answer.held.wait()
        await asyncio.sleep(answer.pause_seconds)
        if answer.raw is not None:
            writer.write(answer.raw)
        else:
            length = len(answer.body) * answer.times if answer.announced is None else answer.announced
            headers = {"Content-Length": str(length), "Connection": "close", **answer.headers}
            head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
            writer.write(f"HTTP/1.1 {answer.status} X\r\n{head}\r\n".encode())
            for _ in range(answer.times):
                await asyncio.sleep(answer.drip_seconds)
                writer.write(answer.body)
                await writer.drain()
        await writer.drain()


@asynccontextmanager
async def site(tls: ssl.SSLContext | None = None) -> AsyncGenerator[Site]:
    """Sites, on a free port, for as long as this is entered."""
    site = Site()
    server = await asyncio.start_server(site.serve, "127.0.0.1", 0, ssl=tls)
    site.port = server.sockets[0].getsockname()[1]
    try:
        yield site
    finally:
        server.close()
        site.hang_up()
        await server.wait_closed()


class NameServer(asyncio.DatagramProtocol):
    """Says where hosts are. `hosts` has for each the answers, of which each one is given once, the last for ever.

    A host with None says nothing; one that is not there does not exist. `asked` are the names, in order.
    """

    def __init__(self) -> None:
        self.hosts: dict[str, list[list[str]] | None] = {}
        self.asked: list[str] = []
        self.address = ("", 0)
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It listens."""
        self._transport = transport
        self.address = transport.get_extra_info("sockname")

    def datagram_received(self, data: bytes, addr: Any) -> None:
        """One question, for both families at once: the answer has all addresses."""
        question = DNSRecord.parse(data)
        name = str(question.q.qname).rstrip(".")
        self.asked.append(name)
        reply = question.reply()
        answers = self.hosts.get(name, [])
        if answers is None:
            return
        if not answers:
            reply.header.rcode = RCODE.NXDOMAIN
        else:
            for each in answers.pop(0) if len(answers) > 1 else answers[0]:
                kind, rdata = (QTYPE.AAAA, AAAA) if ":" in each else (QTYPE.A, A)
                reply.add_answer(RR(name, kind, rdata=rdata(tuple(ip_address(each).packed)), ttl=0))
        self._transport.sendto(reply.pack(), addr)


@asynccontextmanager
async def name_server() -> AsyncGenerator[NameServer]:
    """One, for as long as this is entered."""
    transport, server = await asyncio.get_running_loop().create_datagram_endpoint(
        NameServer, local_addr=("127.0.0.1", 0)
    )
    try:
        yield server
    finally:
        transport.close()


class Asking:
    """A resolver that asks such a server, each time anew."""

    def __init__(self, server: NameServer) -> None:
        self._server = server

    async def addresses(self, host: str) -> list[str]:
        """What it says."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[bytes] = loop.create_future()

        class Waiting(asyncio.DatagramProtocol):
            def datagram_received(self, data: bytes, addr: Any) -> None:
                answer.set_result(data)

        transport, _ = await loop.create_datagram_endpoint(Waiting, remote_addr=self._server.address)
        try:
            transport.sendto(DNSRecord.question(host).pack())
            found = [str(each.rdata) for each in DNSRecord.parse(await answer).rr]
        finally:
            transport.close()
        if not found:
            raise UnknownHost(host)
        return found


class Internet(httpcore.AsyncNetworkBackend):
    """What is behind addresses: of some of them a site here. `connected` are those that were connected to."""

    def __init__(self, places: dict[tuple[str, int], int]) -> None:
        self.places = places
        self.connected: list[tuple[str, int]] = []
        self._below = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the interface is httpcore's
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """To the site that is there."""
        self.connected.append((host, port))
        if (host, port) not in self.places:
            raise httpcore.ConnectError("nobody is there")
        return await self._below.connect_tcp("127.0.0.1", self.places[host, port], timeout)
