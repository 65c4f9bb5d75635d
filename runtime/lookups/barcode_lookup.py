"""Barcode Lookup, https://www.barcodelookup.com/api-documentation (version 3)."""

from msgspec import Struct

from onboarding.lookups import Limits, Product, Provider, product_of, trade_number
from runtime.lookups.asking import Away, ask, is_of, read_answer
from runtime.settings import Settings


class _Item(Struct):
    barcode_number: object = None
    title: object = None
    brand: object = None
    manufacturer: object = None
    category: object = None
    images: object = None


class _Found(Struct):
    products: list[_Item]


class BarcodeLookup:
    """Asked with a key, a hundred times a minute at most."""

    name: Provider = "barcode_lookup"
    limits = Limits(per_minute=100, per_day=100_000)

    def __init__(self, settings: Settings) -> None:
        """With the key of the settings, which it demands in the query."""
        self._url = f"{settings.barcode_lookup_base_url.rstrip('/')}/v3/products"
        self._key = settings.barcode_lookup_api_key or ""

    async def look_up(self, gtin: str, seconds: float) -> Product | None:
        """See `Catalogue`."""
        params = {"barcode": trade_number(gtin), "key": self._key}
        answer = await ask(self._url, params=params, headers={}, seconds=seconds)
        if answer.status == 404:
            return None
        if answer.status != 200:
            raise Away(f"http_{answer.status}")
        for item in read_answer(answer.body, _Found).products:
            if is_of(gtin, item.barcode_number):
                return product_of(
                    self.name,
                    gtin,
                    name=item.title,
                    brand=item.brand or item.manufacturer,
                    image_url=next(iter(item.images), None) if isinstance(item.images, list) else None,
                    category=item.category,
                )
        return None
