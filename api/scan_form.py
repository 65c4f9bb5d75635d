"""The form with which a scan is asked for: read part by part, what is large on the disk."""

import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import IO, Annotated, Any

from litestar import Request
from msgspec import UNSET, Meta, Struct, UnsetType
from multipart import MultipartSegment

from api.body import Body
from api.parts import Piece, form_boundary, read_parts
from api.problems import Code, ProblemError
from api.spooling import IN_MEMORY
from onboarding.payloads import FieldError
from onboarding.scans import FILE_BYTES, MEDIA_TYPES, TEXT_BYTES, Look, extension_of, file_name

FORM_BYTES = FILE_BYTES + 64 * 1024
"""Of a whole form: the largest file, and what stands around it."""

_FLAGS = {"true": True, "1": True, "on": True, "yes": True, "false": False, "0": False, "off": False, "no": False}
_FLAG_BYTES = 10
_AT_MOST = {"file": FILE_BYTES, "text": TEXT_BYTES, "force_llm": _FLAG_BYTES}


class ScanForm(Body, frozen=True, kw_only=True):
    """A file (pdf, docx, txt, md, csv or eml, 10 MB) or a text (1 MB), one of the two."""

    file: Annotated[str, Meta(extra_json_schema={"format": "binary"})] | UnsetType = UNSET
    text: Annotated[str, Meta(max_length=TEXT_BYTES)] | UnsetType = UNSET
    force_llm: bool | UnsetType = UNSET


class Asked(Struct, frozen=True, kw_only=True):
    """What is to be scanned; `filename` is None for a text."""

    content: IO[bytes]
    filename: str | None
    force_llm: bool | None


@asynccontextmanager
async def scan_form(request: Request[Any, Any, Any]) -> AsyncGenerator[Asked]:
    """The form of a request, as long as this is entered.

    Raises:
        ProblemError: 415 for what is no such form or no such file, 413 for too much, 408 for too slow, 400 naming
            every failing field.
    """
    boundary = form_boundary(request)
    with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as content:
        form = _Form(content)
        await read_parts(request, boundary, form)
        yield form.asked()


class _Form:
    """A form as its pieces arrive."""

    def __init__(self, content: IO[bytes]) -> None:
        """File or text go into `content`."""
        self._content = content
        self._errors: list[FieldError] = []
        self._sizes: dict[str, int] = {}
        self._flag = b""
        self._filename = ""
        self._look: Look | None = None
        self._blank = True
        self._into: str | None = None

    def take(self, piece: Piece) -> None:
        """The next piece.

        Raises:
            ProblemError: 413 when a part is too large.
        """
        if isinstance(piece, MultipartSegment):
            self._begin(piece)
        elif piece is not None and self._into is not None:
            self._add(self._into, bytes(piece))

    def asked(self) -> Asked:
        """What the whole form asks for.

        Raises:
            ProblemError: 400 naming every failing field, or 415 when it is the kind of file alone.
        """
        wrong = [*self._errors, *self._wrong_flag(), *self._wrong_choice()]
        wrong_kind = self._wrong_kind()
        if wrong:
            errors = (*wrong, *wrong_kind)
            raise ProblemError(400, Code.VALIDATION_ERROR, "The request is not valid.", errors=errors)
        if wrong_kind:
            detail = f"The file must be one of {', '.join(MEDIA_TYPES)}, inside too."
            raise ProblemError(415, Code.UNSUPPORTED_MEDIA_TYPE, detail, errors=wrong_kind)
        return Asked(
            content=self._content,
            filename=self._filename if self._has_file else None,
            force_llm=_FLAGS[self._said] if self._said else None,
        )

    @property
    def _has_file(self) -> bool:
        # A browser sends a file field that nothing was chosen for without name and content.
        return bool(self._filename) or bool(self._sizes.get("file"))

    @property
    def _has_text(self) -> bool:
        return not self._blank

    @property
    def _said(self) -> str:
        return self._flag.decode("latin-1").strip().lower()

    def _begin(self, segment: MultipartSegment) -> None:
        name = segment.name or ""
        self._into = None
        if name not in _AT_MOST:
            self._error(name[:80], "unknown_field", "is not a known field")
        elif name in self._sizes:
            self._error(name, "repeated", "must be given once")
        elif name == "file" and segment.filename is None:
            self._error(name, "wrong_type", "must be a file with a name")
        else:
            self._into, self._sizes[name] = name, 0
            if name == "file":
                self._filename = file_name(segment.filename) if segment.filename else ""
                extension = extension_of(self._filename)
                self._look = Look(extension) if extension in MEDIA_TYPES else None
            elif name == "text":
                self._text_look = Look("txt")

    def _add(self, name: str, piece: bytes) -> None:
        self._sizes[name] += len(piece)
        if self._sizes[name] > _AT_MOST[name]:
            if name == "force_llm":
                return
            error = FieldError(field=name, code="too_large", detail=f"must have at most {_AT_MOST[name]} bytes")
            raise ProblemError(413, Code.PAYLOAD_TOO_LARGE, "The upload is too large.", errors=(error,))
        if name == "force_llm":
            self._flag += piece
            return
        self._content.write(piece)
        if name == "text":
            self._text_look.see(piece)
            self._blank = self._blank and not piece.strip()
        elif self._look is not None:
            self._look.see(piece)

    def _wrong_flag(self) -> list[FieldError]:
        too_long = self._sizes.get("force_llm", 0) > _FLAG_BYTES
        if too_long or (self._said and self._said not in _FLAGS):
            return [FieldError(field="force_llm", code="wrong_type", detail="must be true or false")]
        return []

    def _wrong_choice(self) -> list[FieldError]:
        fields = ("file", "text")
        if self._has_file and self._has_text:
            return [
                FieldError(field=each, code="only_one", detail="give file or text, not both") for each in fields
            ]
        if self._has_file and not self._sizes.get("file"):
            return [FieldError(field="file", code="too_short", detail="must not be empty")]
        if self._has_text and not self._text_look.is_right:
            return [FieldError(field="text", code="bad_format", detail="must be UTF-8 without null characters")]
        if self._has_file or self._has_text or any(error.field in fields for error in self._errors):
            return []
        return [FieldError(field=each, code="required", detail="give a file or a text") for each in fields]

    def _wrong_kind(self) -> tuple[FieldError, ...]:
        if not self._sizes.get("file"):
            return ()
        if self._look is None:
            detail = f"must have a name that ends in one of {', '.join(MEDIA_TYPES)}"
        elif not self._look.is_right:
            detail = f"is no {extension_of(self._filename)} inside"
        else:
            return ()
        return (FieldError(field="file", code="not_allowed", detail=detail),)

    def _error(self, field: str, code: str, detail: str) -> None:
        self._errors.append(FieldError(field=field, code=code, detail=detail))
