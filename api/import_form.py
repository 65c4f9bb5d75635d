"""The form with which a table is uploaded: one file, read piece by piece, on the disk when it is large."""

import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import IO, Annotated, Any

from litestar import Request
from msgspec import Meta, Struct
from multipart import MultipartSegment

from api.body import Body
from api.parts import Piece, form_boundary, read_parts
from api.problems import Code, ProblemError
from api.spooling import IN_MEMORY
from onboarding.imports import FILE_BYTES
from onboarding.payloads import FieldError
from onboarding.scans import file_name

FORM_BYTES = FILE_BYTES + 64 * 1024
"""Of a whole form: the largest file, and what stands around it."""


class ImportForm(Body, frozen=True, kw_only=True):
    """A CSV file: 10 MB and 20 000 rows at most, the names of its columns in the first one."""

    file: Annotated[str, Meta(extra_json_schema={"format": "binary"})]


class Table(Struct, frozen=True, kw_only=True):
    """What was uploaded."""

    content: IO[bytes]
    filename: str


@asynccontextmanager
async def import_form(request: Request[Any, Any, Any]) -> AsyncGenerator[Table]:
    """The file of a request, as long as this is entered.

    Raises:
        ProblemError: 415 for what is no form, 413 for too much, 408 for too slow, 400 naming every failing field.
    """
    boundary = form_boundary(request)
    with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as content:
        form = _Form(content)
        await read_parts(request, boundary, form)
        yield form.table()


class _Form:
    """A form as its pieces arrive."""

    def __init__(self, content: IO[bytes]) -> None:
        """The file goes into `content`."""
        self._content = content
        self._errors: list[FieldError] = []
        self._filename: str | None = None
        self._size = 0
        self._inside = False

    def take(self, piece: Piece) -> None:
        """The next piece.

        Raises:
            ProblemError: 413 when the file is too large.
        """
        if isinstance(piece, MultipartSegment):
            self._inside = self._begins_file(piece)
        elif piece is not None and self._inside:
            self._size += len(piece)
            if self._size > FILE_BYTES:
                detail = f"must have at most {FILE_BYTES} bytes"
                error = FieldError(field="file", code="too_large", detail=detail)
                raise ProblemError(413, Code.PAYLOAD_TOO_LARGE, "The file is too large.", errors=(error,))
            self._content.write(piece)

    def table(self) -> Table:
        """The file.

        Raises:
            ProblemError: 400 naming every failing field.
        """
        if self._filename is None and not any(error.field == "file" for error in self._errors):
            self._error("file", "required", "is required")
        elif self._filename is not None and not self._size:
            self._error("file", "too_short", "must not be empty")
        if self._errors or self._filename is None:
            errors = tuple(self._errors)
            raise ProblemError(400, Code.VALIDATION_ERROR, "The request is not valid.", errors=errors)
        return Table(content=self._content, filename=self._filename)

    def _begins_file(self, segment: MultipartSegment) -> bool:
        name = segment.name or ""
        if name != "file":
            self._error(name[:80], "unknown_field", "is not a known field")
        elif self._filename is not None:
            self._error(name, "repeated", "must be given once")
        elif segment.filename is None:
            self._error(name, "wrong_type", "must be a file with a name")
        else:
            self._filename = file_name(segment.filename)
            return True
        return False

    def _error(self, field: str, code: str, detail: str) -> None:
        self._errors.append(FieldError(field=field, code=code, detail=detail))
