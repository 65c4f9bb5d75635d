"""A CSV file as it comes: in which letters it is written, what stands between its cells, what its columns are."""

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import closing
from typing import IO

from msgspec.structs import replace

from onboarding.imports import (
    COLUMN_CHARACTERS,
    COLUMNS,
    ROWS,
    SAMPLE_CHARACTERS,
    SAMPLE_ROWS,
    Mark,
    Preview,
    Shape,
    Unreadable,
    unreadable,
)
from onboarding.imports.amounts import mark_proved, read_amount
from onboarding.imports.mapping import suggest
from onboarding.items import folded
from onboarding.lookups import tidy_text
from onboarding.payloads import FieldError

DELIMITERS = ",;\t|"
_HEAD_BYTES = 64 * 1024
_HEAD_RECORDS = 50
_LOOKED_AT = 500
_CELL_LOOKED_AT = 500
"""Rows by which it is guessed what columns are, and characters of their cells."""

_BOMS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_SEP = re.compile(r"^sep=([,;|\t])$", re.IGNORECASE)
_NO_TEXT = re.compile(r"[\x00-\x08\x0e-\x19\x1b-\x1f]")

Record = tuple[int, list[str]]


def examine(content: IO[bytes]) -> Preview:
    """Read all of a file once, and say what it is like.

    Raises:
        Unreadable: it is no table with a header, or too large a one.
    """
    shape = _shape_of(content)
    rows, first = 0, list[list[str]]()
    with closing(records(content, shape)) as every:
        header = _header(next(every, (1, []))[1])
        for _, cells in every:
            rows += 1
            if rows > ROWS:
                raise unreadable("too_many_rows", f"has more than {ROWS} rows")
            if len(first) < _LOOKED_AT:
                filled = [*cells, *[""] * (len(header) - len(cells))][: len(header)]
                first.append([cell[:_CELL_LOOKED_AT] for cell in filled])
    if not rows:
        raise unreadable("no_rows", "has no row below its header")
    columns = list(zip(*first, strict=True))
    return Preview(
        shape=replace(shape, marks=_marks(header, columns)),
        columns=tuple(header),
        suggested=suggest(header, columns),
        sample=tuple(
            tuple(tidy_text(cell, SAMPLE_CHARACTERS) or "" for cell in row) for row in first[:SAMPLE_ROWS]
        ),
        rows=rows,
    )


def records(content: IO[bytes], shape: Shape) -> Generator[Record]:
    """The records of a file with their numbers, the header being the first; those without any text are left out.

    To be closed by who does not read all of them, before the file is.

    Raises:
        Unreadable: a record is no record.
    """
    content.seek(0)
    errors = "replace" if shape.encoding == "cp1252" else "strict"
    text = io.TextIOWrapper(content, shape.encoding, errors=errors, newline="")
    number = -shape.skip
    try:
        for cells in csv.reader(text, delimiter=shape.delimiter):
            number += 1
            if number > 0 and any(cell.strip() for cell in cells):
                yield number, cells
    except (csv.Error, UnicodeError):
        detail = f"cannot be read near row {max(number, 0) + 1}: a quote may not be closed"
        raise unreadable("broken_row", detail) from None
    finally:
        text.detach()


def _shape_of(content: IO[bytes]) -> Shape:
    content.seek(0)
    head = content.read(_HEAD_BYTES)
    encoding = _encoding_of(content, head)
    text = codecs.getincrementaldecoder(encoding)("replace").decode(head)
    if head.startswith(b"PK\x03\x04") or _NO_TEXT.search(text):
        raise unreadable("not_text", "is no CSV file; save the table as CSV first")
    first = text.split("\n", 1)[0].strip("\r\n\ufeff")
    if told := _SEP.match(first):
        return Shape(encoding=encoding, delimiter=told[1], skip=1)
    best = max(DELIMITERS, key=lambda each: _tidiness(text, each))
    if _tidiness(text, best)[1] < 2:  # one column, in whose cells there may be any of them
        best = min(DELIMITERS, key=text.count)
    return Shape(encoding=encoding, delimiter=best)


def _encoding_of(content: IO[bytes], head: bytes) -> str:
    for bom, name in _BOMS.items():
        if head.startswith(bom):
            return name
    zeros = [head[start:4096:2].count(0) for start in (0, 1)]
    if sum(zeros) > len(head[:4096]) / 4:
        return "utf-16-be" if zeros[0] > zeros[1] else "utf-16-le"
    content.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while chunk := content.read(_HEAD_BYTES):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def _tidiness(text: str, delimiter: str) -> tuple[float, int]:
    """How much a text looks like a table with this delimiter: records as long as the first, and how long."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    lengths: list[int] = []
    try:
        for cells in reader:
            if cells:
                lengths.append(len(cells))
            if len(lengths) > _HEAD_RECORDS:
                break
    except csv.Error:
        return (0.0, 0)
    if not lengths or lengths[0] < 2:
        return (0.0, 0)
    # The last one may be cut off.
    whole = lengths[:-1] or lengths
    return (sum(length == lengths[0] for length in whole) / len(whole), lengths[0])


def _header(cells: list[str]) -> list[str]:
    """The names of the columns.

    Raises:
        Unreadable: with everything that is wrong with them.
    """
    filled = len(cells)
    while filled and not cells[filled - 1].strip():
        filled -= 1
    # Before any of them is looked at: a file has room for ten million.
    if filled > COLUMNS:
        raise unreadable("too_many_columns", f"has more than {COLUMNS} columns")
    names = [tidy_text(cell, 10 * COLUMN_CHARACTERS) or "" for cell in cells[:filled]]
    while names and not names[-1]:
        names.pop()
    if not names:
        raise unreadable("empty", "has no header")
    errors = [*_wrong_names(names)]
    if errors:
        raise Unreadable(*errors)
    return names


def _wrong_names(names: list[str]) -> Iterator[FieldError]:
    if any(_is_value(name) for name in names):
        yield _wrong("header_missing", "must begin with the names of its columns")
    counts = Counter(folded(name) for name in names if name)
    for number, name in enumerate(names, 1):
        if not name:
            yield _wrong("unnamed_column", f"has a column without a name: the {number}. one")
        elif len(name) > COLUMN_CHARACTERS:
            yield _wrong("column_name_too_long", f"has a column name of more than {COLUMN_CHARACTERS} characters")
    for name, count in counts.items():
        if count > 1:
            yield _wrong("duplicate_column", f'has {count} columns that are called "{name[:COLUMN_CHARACTERS]}"')


def _wrong(code: str, detail: str) -> FieldError:
    return FieldError(field="file", code=code, detail=detail)


def _is_value(name: str) -> bool:
    return read_amount(name) is not None or name.startswith(("http://", "https://"))


def _marks(header: list[str], columns: list[tuple[str, ...]]) -> dict[str, Mark]:
    """By column, what most of its numbers prove to stand before fractions."""
    found: dict[str, Mark] = {}
    for name, cells in zip(header, columns, strict=True):
        proved: Counter[Mark] = Counter(mark for cell in cells if (mark := mark_proved(cell)))
        if proved:
            found[name] = proved.most_common(1)[0][0]
    return found
