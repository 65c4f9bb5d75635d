"""The form with which a picture comes: one file, and perhaps a few short texts beside it."""

import tempfile
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import IO, Annotated, Any

from litestar import Request
from msgspec import Meta, Struct
from multipart import MultipartSegment

from api.body import Body
from api.parts import Piece, form_boundary, read_parts
from api.problems import Code, ProblemError
from api.spooling import IN_MEMORY, announced_within
from onboarding.images import KINDS, Kind, declared_kind
from onboarding.payloads import FieldError

AROUND_BYTES = 64 * 1024
"""Of a form, what stands around its file."""

FORM_BYTES = 20_971_520 + AROUND_BYTES
"""The most that `IMAGE_MAX_BYTES` can allow."""


class ImageForm(Body, frozen=True, kw_only=True):
    """A picture: jpeg, png, webp or heic."""

    file: Annotated[str, Meta(extra_json_schema={"format": "binary"})]


class Upload(Struct, frozen=True, kw_only=True):
    """A picture as it came, of the kind that it is said to be, and the texts beside it."""

    content: bytes
    kind: Kind
    texts: Mapping[str, str]


@asynccontextmanager
async def image_form(
    request: Request[Any, Any, Any], at_most: int, texts: Mapping[str, int] | None = None
) -> AsyncGenerator[Upload]:
    """The form of a request, as long as this is entered.

    Args:
        request: whose body is a multipart form.
        at_most: bytes of the file.
        texts: names of texts that may be beside it, and how many bytes each may have.

    Raises:
        ProblemError: 415 for what is no such form or no picture of ours, 413 for too much, 408 for too slow, 400
            naming every failing field.
    """
    boundary = form_boundary(request)
    announced_within(request.scope, at_most + AROUND_BYTES)
    with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as content:
        form = _Form(content, {"file": at_most, **(texts or {})})
        await read_parts(request, boundary, form)
        yield form.upload()


def unsupported() -> ProblemError:
    """415 for what is said to be no picture of ours."""
    error = FieldError(field="file", code="not_allowed", detail=f"must be one of {', '.join(KINDS)}")
    detail = f"The picture must be one of {', '.join(KINDS)}."
    return ProblemError(415, Code.UNSUPPORTED_MEDIA_TYPE, detail, errors=(error,))


def too_large(at_most: int) -> ProblemError:
    """413 for a picture of more bytes than this."""
    error = FieldError(field="file", code="too_large", detail=f"must have at most {at_most} bytes")
    return ProblemError(413, Code.PAYLOAD_TOO_LARGE, "The picture is too large.", errors=(error,))


class _Form:
    """A form as its pieces arrive."""

    def __init__(self, content: IO[bytes], at_most: Mapping[str, int]) -> None:
        """The file goes into `content`."""
        self._content = content
        self._at_most = at_most
        self._errors: list[FieldError] = []
        self._sizes: dict[str, int] = {}
        self._texts: dict[str, bytes] = {}
        self._kind: Kind | None = None
        self._into: str | None = None

    def take(self, piece: Piece) -> None:
        """The next piece.

        Raises:
            ProblemError: 413 when the file is too large.
        """
        if isinstance(piece, MultipartSegment):
            self._begin(piece)
        elif piece is not None and self._into is not None:
            self._add(self._into, bytes(piece))

    def upload(self) -> Upload:
        """What the whole form brings.

        Raises:
            ProblemError: 400 naming every failing field, or 415 for another kind of file.
        """
        if not self._sizes.get("file") and not any(error.field == "file" for error in self._errors):
            code, detail = (
                ("too_short", "must not be empty") if "file" in self._sizes else ("required", "is required")
            )
            self._error("file", code, detail)
        texts = {name: self._text(name) for name in self._texts}
        if self._errors:
            raise ProblemError(400, Code.VALIDATION_ERROR, "The request is not valid.", errors=tuple(self._errors))
        if self._kind is None:
            raise unsupported()
        self._content.seek(0)
        return Upload(content=self._content.read(), kind=self._kind, texts=texts)

    def _begin(self, segment: MultipartSegment) -> None:
        name = segment.name or ""
        self._into = None
        if name not in self._at_most:
            self._error(name[:80], "unknown_field", "is not a known field")
        elif name in self._sizes:
            self._error(name, "repeated", "must be given once")
        elif name == "file" and segment.filename is None:
            self._error(name, "wrong_type", "must be a file with a name")
        else:
            self._into, self._sizes[name] = name, 0
            if name == "file":
                self._kind = declared_kind(segment.content_type, segment.filename)
            else:
                self._texts[name] = b""

    def _add(self, name: str, piece: bytes) -> None:
        self._sizes[name] += len(piece)
        too_much = self._sizes[name] > self._at_most[name]
        if name == "file":
            if too_much:
                raise too_large(self._at_most[name])
            self._content.write(piece)
        elif not too_much:
            self._texts[name] += piece

    def _text(self, name: str) -> str:
        if self._sizes[name] > self._at_most[name]:
            self._error(name, "too_long", f"must have at most {self._at_most[name]} characters")
            return ""
        text = self._texts[name].decode(errors="replace")
        if not text or not text.isprintable() or "\ufffd" in text:
            self._error(name, "bad_format", "must be a line of text")
        return text

    def _error(self, field: str, code: str, detail: str) -> None:
        self._errors.append(FieldError(field=field, code=code, detail=detail))
