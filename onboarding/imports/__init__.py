"""Importing things from CSV files: what a file is like, what its columns are, and what a row says."""

from typing import Literal

from msgspec import Struct

from onboarding.payloads import FieldError

FILE_BYTES = 10 * 1024 * 1024
ROWS = 20_000
COLUMNS = 100
COLUMN_CHARACTERS = 100
SAMPLE_ROWS = 5
SAMPLE_CHARACTERS = 200
"""What is shown of a file before it is imported: so many rows, and so much of each cell."""

ERRORS_KEPT = 1000
OPEN_AT_ONCE = 10
"""Imports of one person that have not ended: their files are kept."""

Field = Literal[
    "name", "supplier", "description", "gtin", "sku", "url", "image_url", "price", "currency", "quantity"
]
FIELDS: tuple[Field, ...] = (
    "name",
    "supplier",
    "description",
    "gtin",
    "sku",
    "url",
    "image_url",
    "price",
    "currency",
    "quantity",
)
NAMING: tuple[Field, ...] = ("name", "gtin", "sku", "url")
"""Of these a row needs at least one, or nobody knows what it is."""

Mark = Literal[",", "."]
"""Between a number and its fraction."""


class Unreadable(ValueError):
    """A file that is no table; `errors` says why."""

    def __init__(self, *errors: FieldError) -> None:
        super().__init__(errors[0].code)
        self.errors = errors


class Shape(Struct, frozen=True, kw_only=True):
    """How a file is read. `skip` is how many records stand before the header; `marks` are by column."""

    encoding: str
    delimiter: str
    skip: int = 0
    marks: dict[str, Mark] = {}


class Preview(Struct, frozen=True, kw_only=True):
    """What is told of a file before it is imported: `sample` has its first rows, `rows` is how many there are."""

    shape: Shape
    columns: tuple[str, ...]
    suggested: dict[str, str]
    sample: tuple[tuple[str, ...], ...]
    rows: int


class RowError(Struct, frozen=True, kw_only=True):
    """What is wrong with a row. Rows are numbered as a spreadsheet does, the header being the first."""

    row: int
    field: str
    code: str
    detail: str


def unreadable(code: str, detail: str) -> Unreadable:
    """One thing that is wrong with a file."""
    return Unreadable(FieldError(field="file", code=code, detail=detail))
