"""The OpenAPI document as it is committed."""

from typing import Never

import msgspec

from api.app import create_app
from api.docs import document_of
from runtime.settings import Settings


def export_openapi() -> bytes:
    """The document as `docs/openapi.json` holds it: the same bytes for the same code."""
    document = document_of(create_app(Settings(), _never)).to_schema()
    ordered = msgspec.json.encode(document, order="sorted")
    return msgspec.json.format(ordered, indent=2) + b"\n"


def _never(_: Settings) -> Never:
    raise NotImplementedError("this application is shown, not run")
