"""What one source on a page says of its product."""

from collections.abc import Iterable

from msgspec import Struct

from activities.extraction.prices import Money
from activities.extraction.texts import plain
from onboarding.gtin import read_code
from onboarding.scraping import FoundBy


class Claims(Struct, frozen=True, kw_only=True):
    """The fields as one source has them.

    `product` is False where a source tells of the page only, not that something is sold on it; `unsure` is True
    where it could not tell which of several products the page is about.
    """

    source: FoundBy
    product: bool = True
    unsure: bool = False
    name: str | None = None
    description: str | None = None
    image_url: str | None = None
    price: Money | None = None
    supplier: str | None = None
    sku: str | None = None
    gtin: str | None = None


def gtin_of(values: Iterable[object], symbology: str | None = None) -> str | None:
    """The first of these that is a GTIN with its right check digit, of fourteen digits.

    A number that lost its leading zeros gets them back, for JSON has none.

    >>> gtin_of(["4006381333930", "ean:4006381333931"]), gtin_of([36000291452])
    ('04006381333931', '00036000291452')
    """
    for value in values:
        text = plain(value, 60)
        if not text or isinstance(value, bool | float):
            continue
        bare = text.rsplit(":", 1)[-1].strip()
        if isinstance(value, int):
            bare = bare.zfill(12)
        if gtin := read_code(bare, symbology).gtin:
            return gtin
    return None
