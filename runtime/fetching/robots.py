"""What hosts say in their robots.txt (RFC 9309).

There is none (any 4xx but 429, or too many redirects): everything is allowed. The host fails (5xx, 429): nothing
is. It cannot be reached, or leads where nobody goes: then neither can its pages, for the same reason.
"""

import asyncio
import re
from urllib.parse import urlsplit

from cachetools import TTLCache
from msgspec import Struct
from protego import Protego

from onboarding.scraping import Reason
from onboarding.urls import BadUrl, joined
from runtime.fetching.wire import AGENT, REDIRECTS, NotFetched, Undecodable, Wire, read
from runtime.lru import Lru

BYTES = 512_000
"""More than the 500 KiB that the RFC has one read; the rest is not looked at."""

SECONDS = 5.0
KEPT_SECONDS = 3600.0
FAILURE_KEPT_SECONDS = 60.0
KEPT = 256

_AGENT_LINE = re.compile(r"\s*user[ -]?agent\s*:?\s*(?P<agent>[^#]*)", re.IGNORECASE)
_RULE_LINE = re.compile(r"\s*(diss?all?[ao]w|diasllow|allow|crawl[ -]delay)\b", re.IGNORECASE)
_OTHER_LINE = re.compile(r"\s*(?!site-?maps?\b|host\b)[^\s#:][^#:]*:", re.IGNORECASE)
_SOME_RULE = "x: y"


class Rule(Struct, frozen=True, kw_only=True):
    """Whether a page may be asked for, and how many seconds are to lie between two."""

    allowed: bool
    pause: float | None = None


class Robots:
    """Remembers what hosts say for an hour, and for a minute that one said nothing."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._kept = Lru[str, str](KEPT, KEPT_SECONDS)
        self._failed: TTLCache[str, Reason] = TTLCache(KEPT, FAILURE_KEPT_SECONDS)

    async def rule(self, url: str) -> Rule:
        """For a page.

        Raises:
            NotFetched: nobody can say.
        """
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        if reason := self._failed.get(origin):
            raise NotFetched(reason)
        text = await self._kept.get(origin, lambda: self._ask(origin))
        # Long ones take their time.
        return await asyncio.to_thread(_rule, text, url) if text.strip() else Rule(allowed=True)

    async def _ask(self, origin: str) -> str:
        try:
            async with asyncio.timeout(SECONDS):
                return await self._told(f"{origin}/robots.txt")
        except TimeoutError:
            reason = Reason.TIMEOUT
        except NotFetched as error:
            reason = error.reason
        self._failed[origin] = reason
        raise NotFetched(reason)

    async def _told(self, url: str) -> str:
        for _ in range(REDIRECTS + 1):
            async with self._wire.get(url) as answer:
                if 300 <= answer.status_code < 400 and "location" in answer.headers:
                    try:
                        url = joined(url, answer.headers["location"])
                    except BadUrl:
                        return _ANYTHING
                    continue
                if answer.status_code == 429 or answer.status_code >= 500:
                    raise NotFetched(Reason.BLOCKED_BY_ROBOTS)
                if answer.status_code >= 300:
                    return _ANYTHING
                try:
                    body, _ = await read(answer, BYTES)
                except Undecodable:
                    return _ANYTHING
                return await asyncio.to_thread(relevant, body.decode(errors="replace"))
        return _ANYTHING


_ANYTHING = "\n"
"""Nothing is said; not empty, for what is empty would be asked for again."""


def relevant(text: str) -> str:
    """The lines that matter for us, all other agents under one name.

    A file that names many thousands of them would otherwise take its reader minutes, and its rules all the memory.
    """
    lines: list[str] = []
    for line in text.splitlines():
        if found := _AGENT_LINE.match(line):
            lines.append(f"User-agent: {_agent(found['agent'])}")
        elif _RULE_LINE.match(line):
            lines.append(line.strip())
        elif _OTHER_LINE.match(line) and lines and lines[-1] != _SOME_RULE:
            # Unknown, but a rule: the agents before it and after it are not one group.
            lines.append(_SOME_RULE)
    return "\n".join(lines) or _ANYTHING


def _agent(named: str) -> str:
    name = named.strip()
    if name == "*":
        return name
    return AGENT if re.match(rf"{AGENT}(?![\w-])", name, re.IGNORECASE) else "somebody-else"


def _rule(text: str, url: str) -> Rule:
    rules = Protego.parse(text)
    return Rule(allowed=rules.can_fetch(url, AGENT), pause=rules.crawl_delay(AGENT))
