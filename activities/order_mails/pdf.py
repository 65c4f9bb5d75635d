"""The text of a PDF, within bounds: nobody waits for one that unfolds for ever."""

import io
import logging
import time
from collections.abc import Sequence

import pypdf
import structlog

PAGES = 20
SECONDS = 3.0
CHARACTERS = 200_000
_STREAM_BYTES = 2 * 1024 * 1024
_OPERATIONS = 200_000

# Its warnings quote the document.
logging.getLogger("pypdf").setLevel(logging.CRITICAL)

log = structlog.get_logger()


class _TimeUp(Exception):
    """The PDF takes too long."""


def pdf_texts(bodies: Sequence[bytes]) -> list[str]:
    """The texts of the PDFs of a mail, as far as `SECONDS` go for all of them."""
    until = time.monotonic() + SECONDS
    return [pdf_text(body, until) for body in bodies if time.monotonic() < until]


def pdf_text(body: bytes, until: float) -> str:
    """The lines of its first pages; empty where it is locked, broken or too much.

    Blocks until then, and for what a page takes to unpack, or 5 MB to be searched for what a broken file has.
    """

    def look(*_: object) -> None:
        if time.monotonic() > until:
            raise _TimeUp

    found: list[str] = []
    try:
        with pypdf.apply_configuration(
            zlib_maximum_output_length=_STREAM_BYTES,
            lzw_maximum_output_length=_STREAM_BYTES,
            run_length_maximum_output_length=_STREAM_BYTES,
            array_based_stream_maximum_output_length=_STREAM_BYTES,
            maximum_declared_stream_length=len(body) + 1,
            stream_decoding_work_maximum_length=2 * _STREAM_BYTES,
            stream_parsing_work_maximum_count=_OPERATIONS,
            page_tree_maximum_entries=1000,
            page_tree_maximum_page_entries=10_000,
            xform_maximum_invocations_per_extraction=200,
        ):
            reader = pypdf.PdfReader(
                io.BytesIO(body), root_object_recovery_limit=500, xref_stream_maximum_entries=20_000
            )
            if reader.is_encrypted:
                return ""
            for page in reader.pages[:PAGES]:
                look()
                found.append(page.extract_text(visitor_operand_before=look)[:CHARACTERS])
    except Exception as error:  # noqa: BLE001 (a hostile PDF breaks the library wherever it likes)
        log.info("pdf_not_read", reason=type(error).__name__, pages=len(found))
    return "\n".join(found)[:CHARACTERS]
