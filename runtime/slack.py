"""Posts to Slack webhooks. The address of one is a secret: whoever has it may post."""

import asyncio
import logging
import ssl
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import httpx

from runtime.mail import LOOPBACK
from runtime.settings import Settings

TIMEOUT_SECONDS = 5.0
CONNECT_SECONDS = 2.0
"""Each, for the connection and for TLS on it: who is interrupted there from outside leaves a socket open."""

WAIT_AT_MOST_SECONDS = 3600.0
_LATER = {408, 425, 429}

# It logs the address of each request.
logging.getLogger("httpx").setLevel(logging.WARNING)


class SlackRefused(Exception):
    """It will not take this message, however often it is asked. The message is a word without the address."""


class SlackAway(Exception):
    """It could not be reached, or asks to come back later: after `wait` seconds, if it says so."""

    def __init__(self, reason: str, wait: float | None = None) -> None:
        super().__init__(reason)
        self.wait = wait


class Slack:
    """Posts messages, one request each; retrying is for who calls.

    Only over TLS: whatever is at the address has to prove its name, so nobody makes Gangway talk to machines of
    its own network. In development, when `APP_URL` is on this machine too, plain HTTP to this machine will do.
    """

    def __init__(self, settings: Settings) -> None:
        self._in_development = urlsplit(settings.app_url).hostname in LOOPBACK

    async def post(self, address: str, message: dict[str, Any]) -> None:
        """Post a message. It is sent once; whether it arrived when no answer came is unknown.

        Raises:
            SlackRefused, SlackAway: it was not taken.
        """
        if not self._may_reach(address):
            raise SlackRefused("address_not_allowed")
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                status, headers = await self._ask(address, message)
        except TimeoutError:
            raise SlackAway("timeout") from None
        except httpx.InvalidURL:
            raise SlackRefused("address_not_allowed") from None
        except (httpx.HTTPError, OSError) as error:
            # Not the error itself: it knows the address.
            raise SlackAway(_WORDS.get(type(error), "connection_failed")) from None
        if status >= 500 or status in _LATER:
            raise SlackAway(f"http_{status}", _wait_of(headers.get("retry-after", "")))
        if not 200 <= status < 300:
            raise SlackRefused(f"http_{status}")

    async def _ask(self, address: str, message: dict[str, Any]) -> tuple[int, httpx.Headers]:
        """What the answer begins with; its body is not read, however large it is."""
        timeout = httpx.Timeout(TIMEOUT_SECONDS, connect=CONNECT_SECONDS)
        client = httpx.AsyncClient(verify=self._trusted, timeout=timeout, follow_redirects=False, trust_env=False)
        async with client, client.stream("POST", address, json=message) as response:
            return response.status_code, response.headers

    @cached_property
    def _trusted(self) -> ssl.SSLContext:
        return httpx.create_ssl_context(trust_env=False)

    def _may_reach(self, address: str) -> bool:
        try:
            parts = urlsplit(address)
        except ValueError:
            return False
        if parts.scheme == "http":
            return self._in_development and parts.hostname in LOOPBACK
        return parts.scheme == "https" and bool(parts.hostname)


_WORDS: dict[type[Exception], str] = {
    # One word for all that goes wrong before a name is proved: nobody learns which ports of what machine are open.
    httpx.ConnectTimeout: "not_reachable",
    httpx.ConnectError: "not_reachable",
    httpx.ReadTimeout: "timeout",
    httpx.WriteTimeout: "timeout",
}


def _wait_of(text: str) -> float | None:
    """The seconds of `Retry-After`, an hour at most; None when it says nothing that makes sense."""
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), WAIT_AT_MOST_SECONDS)
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    seconds = (at.replace(tzinfo=at.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
    return min(max(seconds, 0.0), WAIT_AT_MOST_SECONDS)
