"""Pages, fetched within bounds, from where one may go, with manners."""

import asyncio
import re
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import httpcore
import httpx
from msgspec import Struct

from onboarding.scraping import Reason
from onboarding.urls import BadUrl, joined
from runtime.fetching.pinning import Allowed, PinnedNetwork, PinnedTransport
from runtime.fetching.resolving import Resolver, SystemResolver
from runtime.fetching.robots import Robots
from runtime.fetching.turns import Turns
from runtime.fetching.wire import REDIRECTS, NotFetched, Undecodable, Wire, read
from runtime.settings import Settings

SECONDS = 10.0
"""For a page, robots.txt and redirects included; without the time that one waits for one's turn."""

BYTES = 2_000_000
"""Of a page, unpacked."""

_HTML = ("text/html", "application/xhtml+xml")
_LOOKED_AT = 4096
_TAG = re.compile(rb"<[a-zA-Z!?]")
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


class Page(Struct, frozen=True, kw_only=True):
    """A page as it came: where it was found in the end, and the character set that its header names."""

    url: str
    html: bytes
    charset: str | None


class Fetcher:
    """Fetches pages. One for a process: it remembers whom it has just asked."""

    def __init__(
        self,
        settings: Settings,
        *,
        resolver: Resolver | None = None,
        network: httpcore.AsyncNetworkBackend | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Nothing is asked yet.

        Args:
            settings: whom to let through, and who asks.
            resolver: who knows the addresses of hosts; the machine itself by default.
            network: what connects to an address that passed.
            tls: whom to believe; the authorities that the machine believes by default.
        """
        self._allowed = Allowed(settings.scrape_allow_hosts)
        pinned = PinnedNetwork(resolver or SystemResolver(), self._allowed, network)
        self._wire = Wire(PinnedTransport(pinned, tls), settings.app_url)
        self._robots = Robots(self._wire)
        self._turns = Turns()

    async def fetch(self, url: str) -> Page:
        """A page of HTML, wherever it is by now: five redirects are followed, each as if it were asked for.

        Args:
            url: as `onboarding.urls` gives it.

        Raises:
            NotFetched: with the reason.
            HostBusy: many wait for the host already.
        """
        try:
            async with asyncio.timeout(SECONDS) as limit:
                for _ in range(REDIRECTS + 1):
                    found = await self._step(url, limit)
                    if isinstance(found, Page):
                        return found
                    url = found
        except TimeoutError:
            raise NotFetched(Reason.TIMEOUT) from None
        raise NotFetched(Reason.TOO_MANY_REDIRECTS)

    async def expect(self, url: str) -> None:
        """Find out what a host says of robots, for a page that will be asked for soon. It may come to nothing."""
        try:
            await self._robots.rule(url)
        except NotFetched:
            return  # remembered; whoever asks for the page is told

    async def _step(self, url: str, limit: asyncio.Timeout) -> Page | str:
        rule = await self._robots.rule(url)
        if not rule.allowed:
            raise NotFetched(Reason.BLOCKED_BY_ROBOTS)
        async with self._turn(url, rule.pause, limit), self._wire.get(url) as answer:
            if answer.is_redirect and "location" in answer.headers:
                return _next(url, answer)
            return await _page(url, answer)

    @asynccontextmanager
    async def _turn(self, url: str, pause: float | None, limit: asyncio.Timeout) -> AsyncGenerator[None]:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
        if (host, port) in self._allowed:
            yield  # one's own
            return
        now, until = asyncio.get_running_loop().time, limit.when()
        assert until is not None
        asked_at = now()
        limit.reschedule(None)
        async with self._turns.turn(f"{host}:{port}", pause):
            limit.reschedule(until + now() - asked_at)
            yield


def _next(url: str, answer: httpx.Response) -> str:
    try:
        return joined(url, answer.headers["location"])
    except BadUrl:
        raise NotFetched(Reason.BAD_URL) from None


async def _page(url: str, answer: httpx.Response) -> Page:
    if reason := _refusal(answer.status_code):
        raise NotFetched(reason)
    kind = answer.headers.get("content-type", "")
    if kind and kind.partition(";")[0].strip().lower() not in _HTML:
        raise NotFetched(Reason.NOT_HTML)
    try:
        html, complete = await read(answer, BYTES)
    except Undecodable:
        raise NotFetched(Reason.NOT_HTML) from None
    if not complete:
        raise NotFetched(Reason.TOO_LARGE)
    if not _looks_like_html(html):
        raise NotFetched(Reason.NOT_HTML)
    return Page(url=url, html=html, charset=_charset(kind))


def _refusal(status: int) -> Reason | None:
    match status:
        case 200:
            return None
        case 404 | 410:
            return Reason.NOT_FOUND
        case _ if 400 <= status < 500:
            return Reason.BLOCKED
        case _ if status >= 500:
            return Reason.SERVER_ERROR
        case _:
            return Reason.NOT_HTML  # without a page in it


def _looks_like_html(body: bytes) -> bool:
    """Whatever the header says, it has tags near its beginning, and is text."""
    head = body[:_LOOKED_AT]
    if head.startswith(_UTF16):
        return bool(_TAG.search(head.replace(b"\0", b"")))
    return b"\0" not in head and bool(_TAG.search(head))


def _charset(kind: str) -> str | None:
    found = re.search(r"charset\s*=\s*[\"']?([A-Za-z0-9_.:-]{1,40})", kind, re.IGNORECASE)
    return found[1] if found else None
