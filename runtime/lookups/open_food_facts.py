"""Open Food Facts, https://openfoodfacts.github.io/openfoodfacts-server/api/ (version 2)."""

from msgspec import Struct

from onboarding.lookups import Limits, Product, Provider, product_of, trade_number
from runtime.lookups.asking import Away, ask, is_of, read_answer
from runtime.settings import Settings

FIELDS = "code,product_name,product_name_en,brands,categories,image_front_url,image_url"


class _Item(Struct):
    product_name: object = None
    product_name_en: object = None
    brands: object = None
    categories: object = None
    image_front_url: object = None
    image_url: object = None


class _Found(Struct):
    status: int
    code: object = None
    product: _Item | None = None


class OpenFoodFacts:
    """Asked with a `User-Agent` that says who asks, as they demand; fifteen times a minute at most."""

    name: Provider = "open_food_facts"
    limits = Limits(per_minute=15, per_day=20_000)

    def __init__(self, settings: Settings) -> None:
        """With the contact of the settings."""
        self._url = f"{settings.open_food_facts_base_url.rstrip('/')}/api/v2/product"
        contact = "".join(
            char for char in settings.open_food_facts_contact if char.isascii() and char.isprintable()
        )
        self._agent = f"Gangway/1.0 ({contact})"

    async def look_up(self, gtin: str, seconds: float) -> Product | None:
        """See `Catalogue`. A product that nobody has named yet is none."""
        number = trade_number(gtin)
        url = f"{self._url}/{number.zfill(13) if len(number) == 12 else number}.json"
        answer = await ask(url, params={"fields": FIELDS}, headers={"User-Agent": self._agent}, seconds=seconds)
        # What is not there is told by a 404 with this body; without it the address is wrong.
        if answer.status not in (200, 404):
            raise Away(f"http_{answer.status}")
        found = read_answer(answer.body, _Found)
        item = found.product
        if found.status != 1 or item is None or not is_of(gtin, found.code):
            return None
        return product_of(
            self.name,
            gtin,
            name=item.product_name or item.product_name_en,
            brand=_first(item.brands),
            image_url=item.image_front_url or item.image_url,
            category=" > ".join(each.strip() for each in _listed(item.categories)),
        )


def _listed(text: object) -> list[str]:
    return [each for each in text.split(",") if each.strip()] if isinstance(text, str) else []


def _first(text: object) -> str | None:
    return next(iter(_listed(text)), None)
