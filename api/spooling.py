"""Bodies that are read before their handler runs: kept once, in memory while they are small, else on the disk."""

import hashlib
import tempfile
from types import TracebackType
from typing import Self

from litestar.types import HTTPScope, Receive, Scope
from litestar.types.asgi_types import HTTPDisconnectEvent, HTTPReceiveMessage, HTTPRequestEvent
from multipart import parse_options_header

from api.body import MULTIPART
from api.problems import Code, ProblemError

IN_MEMORY = 1_000_000
CHUNK = 64 * 1024


class Spooled:
    """A body, and what it is known by.

    Attributes:
        content: for comparing bodies: this one itself or, of a multipart body, a digest of all but its boundary,
            which clients make anew each time that they send the same.
    """

    def __init__(self, content_type: str) -> None:
        """Nothing is read yet."""
        self._boundary = boundary_of(content_type)
        self._file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - closed by `__exit__`
        self._done = False
        self.content = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    async def fill(self, receive: Receive, at_most: int) -> bool:
        """Read all of it; False when the client went away before its end.

        Raises:
            ProblemError: 413 for more than this.
        """
        size, more = 0, True
        while more:
            message: HTTPReceiveMessage = await receive()  # pyright: ignore[reportAssignmentType] - HTTP alone
            if message["type"] == "http.disconnect":
                return False
            chunk = message.get("body", b"")
            size += len(chunk)
            if size > at_most:
                raise too_large()
            self._file.write(chunk)
            more = message.get("more_body", False)
        self._file.seek(0)
        self.content = _digest(self._file, self._boundary) if self._boundary else self._file.read()
        self._file.seek(0)
        return True

    async def receive(self) -> HTTPReceiveMessage:
        """The body once more, for whoever handles the request."""
        if self._done:
            return HTTPDisconnectEvent(type="http.disconnect")
        chunk = self._file.read(CHUNK if self._boundary else -1)
        self._done = not self._boundary or not chunk
        return HTTPRequestEvent(type="http.request", body=chunk, more_body=not self._done)


def _digest(file: tempfile.SpooledTemporaryFile[bytes], boundary: bytes) -> bytes:
    digest, rest = hashlib.sha256(), b""
    keep = len(boundary) - 1
    while chunk := file.read(CHUNK):
        *whole, rest = (rest + chunk).split(boundary)
        for part in whole:
            digest.update(part + b"\r\n--boundary")
        # Its end may be the beginning of a boundary.
        cut = max(len(rest) - keep, 0)
        digest.update(rest[:cut])
        rest = rest[cut:]
    digest.update(rest)
    return digest.digest()


def announced_within(scope: HTTPScope, at_most: int) -> None:
    """Refuse a body that is announced to be too large before any of it is read.

    Raises:
        ProblemError: 413.
    """
    announced = next((v for k, v in scope["headers"] if k == b"content-length"), b"0")
    if int(announced) > at_most:  # the server has refused what is no number
        raise too_large()


def boundary_of(content_type: str) -> bytes:
    """What stands between the parts of a multipart form; empty for anything else."""
    media_type, options = parse_options_header(content_type)
    return options.get("boundary", "").encode() if media_type == MULTIPART else b""


def content_type_of(scope: Scope) -> str:
    """The header, as it came."""
    return next((v.decode("latin-1") for k, v in scope["headers"] if k == b"content-type"), "")


def too_large() -> ProblemError:
    """413."""
    return ProblemError(413, Code.PAYLOAD_TOO_LARGE, "The body is too large.")
