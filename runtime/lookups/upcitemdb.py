"""UPCitemdb, https://www.upcitemdb.com/wp/docs/main/development/."""

from msgspec import Struct

from onboarding.lookups import Limits, Product, Provider, product_of, trade_number
from runtime.lookups.asking import Away, ask, is_of, read_answer
from runtime.settings import Settings


class _Item(Struct):
    ean: object = None
    upc: object = None
    gtin: object = None
    title: object = None
    brand: object = None
    category: object = None
    images: object = None


class _Found(Struct):
    code: str
    items: list[_Item] = []


NOT_THERE = {"NOT_FOUND", "INVALID_UPC"}
"""What it says of a number that it does not know, or does not take."""


class UpcItemDb:
    """Asked with a key, or without one as a trial: six times a minute then, and a hundred times a day."""

    name: Provider = "upcitemdb"

    def __init__(self, settings: Settings) -> None:
        """With the key of the settings, if there is one."""
        key = settings.upcitemdb_user_key
        self._url = f"{settings.upcitemdb_base_url.rstrip('/')}/prod/{'v1' if key else 'trial'}/lookup"
        self._headers = {"user_key": key, "key_type": "3scale"} if key else {}
        self.limits = Limits(per_minute=30, per_day=20_000) if key else Limits(per_minute=6, per_day=100)

    async def look_up(self, gtin: str, seconds: float) -> Product | None:
        """See `Catalogue`."""
        params = {"upc": trade_number(gtin)}
        answer = await ask(self._url, params=params, headers=self._headers, seconds=seconds)
        if answer.status not in (200, 400, 404):
            raise Away(f"http_{answer.status}")
        found = read_answer(answer.body, _Found)
        if found.code in NOT_THERE:
            return None
        if found.code != "OK":
            raise Away("refused")
        for item in found.items:
            if is_of(gtin, item.ean, item.upc, item.gtin):
                return product_of(
                    self.name,
                    gtin,
                    name=item.title,
                    brand=item.brand,
                    image_url=next(iter(item.images), None) if isinstance(item.images, list) else None,
                    category=item.category,
                )
        return None
