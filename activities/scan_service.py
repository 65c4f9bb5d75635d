"""The AI service that scans: asked over HTTP, and not trusted."""

import asyncio
import ssl
from typing import IO

import httpx
import structlog
from msgspec import Struct

from onboarding.scans import ANSWER_BYTES, AWAY, NONSENSE, UNSET, Failure, Found, NoAnswer, failure_of, read_answer
from runtime.settings import Settings

CONNECT_SECONDS = 5.0
REFUSED_AGAIN_AFTER = (0.2, 0.6)
"""Nobody listened, so nothing was sent: the moments of a restart."""

log = structlog.get_logger()


class Upload(Struct, frozen=True, kw_only=True):
    """What is to be scanned. A file has a name and a media type; a text has neither."""

    content: IO[bytes]
    filename: str | None
    media_type: str | None
    force_llm: bool | None


class NotScanned(Exception):
    """The service was asked, or could not be; `failure` says what the person is told."""

    def __init__(self, failure: Failure, why: str) -> None:
        super().__init__(why)
        self.failure = failure


class ScanService:
    """`AI_SERVICE_URL`. It never follows a redirect, and reads no more of an answer than one may have."""

    def __init__(self, settings: Settings) -> None:
        """Nothing is asked yet."""
        self._url = settings.ai_service_url and f"{settings.ai_service_url.rstrip('/')}/scan"
        self._tls: ssl.SSLContext | None = None

    async def ask(self, upload: Upload, seconds: float) -> Found:
        """Send what was uploaded, and read what was found.

        Args:
            upload: what to send; it is read while it is sent.
            seconds: for all of it.

        Raises:
            NotScanned: there is no service, it is away, it refused, or what it said is no answer.
        """
        if self._url is None:
            raise NotScanned(UNSET, "not configured")
        try:
            async with asyncio.timeout(seconds), self._client(seconds) as client:
                return await self._asked(client, self._url, upload)
        except (TimeoutError, httpx.TimeoutException):
            raise NotScanned(AWAY, "no answer in time") from None
        except httpx.RemoteProtocolError:
            raise NotScanned(NONSENSE, "no HTTP") from None
        except (httpx.TransportError, httpx.InvalidURL) as error:
            # Only the kind: the words may hold the address, and with it a password.
            raise NotScanned(AWAY, type(error).__name__) from None

    async def _asked(self, client: httpx.AsyncClient, url: str, upload: Upload) -> Found:
        for pause in REFUSED_AGAIN_AFTER:
            try:
                return await _sent(client, url, upload)
            except httpx.ConnectError as error:
                log.info("the service that scans refused a connection", error=type(error).__name__)
                await asyncio.sleep(pause)
        return await _sent(client, url, upload)

    def _client(self, seconds: float) -> httpx.AsyncClient:
        if self._tls is None:
            self._tls = ssl.create_default_context()
        timeout = httpx.Timeout(seconds, connect=min(CONNECT_SECONDS, seconds))
        # Without the environment's proxies and passwords: it is the setting that says where this goes.
        return httpx.AsyncClient(timeout=timeout, verify=self._tls, trust_env=False, follow_redirects=False)


async def _sent(client: httpx.AsyncClient, url: str, upload: Upload) -> Found:
    upload.content.seek(0)
    data: dict[str, str] = {}
    if upload.force_llm is not None:
        data["force_llm"] = "true" if upload.force_llm else "false"
    # Without a name it is a field as any other; without a media type of its own it has none.
    part = (
        {"file": (upload.filename, upload.content, upload.media_type)}
        if upload.filename
        else {"text": (None, upload.content.read())}
    )
    # Compressed, a little answer could be a large one.
    headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
    async with client.stream("POST", url, data=data, files=part, headers=headers) as answer:
        body = await _read(answer)
    if not answer.is_success:
        raise NotScanned(failure_of(answer.status_code, body or b""), f"status {answer.status_code}")
    if body is None:
        raise NotScanned(NONSENSE, "too long")
    try:
        return read_answer(body)
    except NoAnswer as error:
        raise NotScanned(NONSENSE, str(error)) from None


async def _read(answer: httpx.Response) -> bytes | None:
    """The body as it came; None for one that is too long, of which the rest is not read."""
    body = b""
    async for chunk in answer.aiter_raw():
        body += chunk
        if len(body) > ANSWER_BYTES:
            return None
    return body
