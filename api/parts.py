"""Multipart forms, read part by part as they arrive, within a time."""

from typing import Any, Protocol

from litestar import Request
from multipart import MultipartError, MultipartSegment, PushMultipartParser

from api.body import MULTIPART, UPLOADS_WITHIN_SECONDS, within
from api.problems import Code, ProblemError
from api.spooling import boundary_of

PARTS = 10

Piece = MultipartSegment | bytes | bytearray | None
"""Where a part begins, what is in it, and None where it ends."""


class Form(Protocol):
    """Takes a form in its pieces."""

    def take(self, piece: Piece) -> None:
        """The next piece.

        Raises:
            ProblemError: 413 when a part is too large.
        """
        ...


def form_boundary(request: Request[Any, Any, Any]) -> bytes:
    """What stands between the parts of a request's form.

    Raises:
        ProblemError: 415 for what is no form.
    """
    boundary = boundary_of(request.headers.get("content-type", ""))
    if not boundary:
        raise ProblemError(415, Code.UNSUPPORTED_MEDIA_TYPE, f"The body must be {MULTIPART} with a boundary.")
    return boundary


async def read_parts(request: Request[Any, Any, Any], boundary: bytes, form: Form) -> None:
    """Give a form its pieces.

    Raises:
        ProblemError: 408 for too slow, 400 for what is malformed, and what the form raises.
    """
    await within(_read(request, boundary, form), UPLOADS_WITHIN_SECONDS)


async def _read(request: Request[Any, Any, Any], boundary: bytes, form: Form) -> None:
    try:
        with PushMultipartParser(boundary, max_segment_count=PARTS) as parser:
            async for chunk in request.stream():
                for piece in parser.parse(chunk):
                    form.take(piece)
                if parser.closed:
                    return
    except (MultipartError, UnicodeError):
        raise ProblemError(400, Code.VALIDATION_ERROR, "The form is malformed, or has too many parts.") from None
