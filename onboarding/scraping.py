"""Product pages: what was found on one, and why there is nothing."""

from decimal import Decimal
from enum import StrEnum
from typing import Literal

from msgspec import Struct

FoundBy = Literal["json_ld", "microdata", "open_graph", "html", "ai"]
"""What told most of an item."""


class Reason(StrEnum):
    """Why nothing came of a URL, or not everything."""

    BAD_URL = "bad_url"
    REFUSED_ADDRESS = "refused_address"
    UNKNOWN_HOST = "unknown_host"
    BLOCKED_BY_ROBOTS = "blocked_by_robots"
    BLOCKED = "blocked"
    NOT_FOUND = "not_found"
    TIMEOUT = "timeout"
    TOO_LARGE = "too_large"
    NOT_HTML = "not_html"
    TOO_MANY_REDIRECTS = "too_many_redirects"
    UNREACHABLE = "unreachable"
    SERVER_ERROR = "server_error"
    NO_PRODUCT = "no_product"
    CANCELLED = "cancelled"


class Extracted(Struct, frozen=True, kw_only=True):
    """The product of a page. `price` is a decimal with its `currency` (ISO 4217); `gtin` has fourteen digits.

    `confidence` is 0 to 1; what somebody should look at `needs_review`.
    """

    product_url: str
    name: str | None = None
    image_url: str | None = None
    price: Decimal | None = None
    currency: str | None = None
    supplier: str | None = None
    description: str | None = None
    sku: str | None = None
    gtin: str | None = None
    confidence: float = 0.0
    needs_review: bool = True
    extraction_source: FoundBy = "html"
