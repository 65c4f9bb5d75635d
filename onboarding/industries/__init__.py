"""The industries: divisions of ISIC Rev. 4, and matching a text to them."""

import re
import unicodedata
from collections.abc import Mapping

from msgspec import Struct


class AiContext(Struct, frozen=True, kw_only=True):
    """What helps to speak of an industry, by language."""

    keywords: Mapping[str, tuple[str, ...]]
    metrics: Mapping[str, tuple[str, ...]]


class Industry(Struct, frozen=True, kw_only=True):
    """A division; `section` is the letter of its section. Names are by language."""

    key: str
    code: str
    section: str
    name: Mapping[str, str]
    ai_context: AiContext


def _industry(key: str, code: str, section: str, english: str, spanish: str, words: str, metrics: str) -> Industry:
    keywords, measures = tuple(words.split()), tuple(metrics.split(", "))
    context = AiContext(keywords={"en": keywords, "es": keywords}, metrics={"en": measures, "es": measures})
    return Industry(key=key, code=code, section=section, name={"en": english, "es": spanish}, ai_context=context)


_ALL = (
    _industry(
        "food_manufacturing",
        "10",
        "C",
        "Manufacture of food products",
        "Elaboración de productos alimenticios",
        "bakery bread panaderia pan food alimentos",
        "yield, waste per batch",
    ),
    _industry(
        "retail_trade",
        "47",
        "G",
        "Retail trade, except of motor vehicles and motorcycles",
        "Comercio al por menor, excepto el de vehículos automotores y motocicletas",
        "shop store tienda retail ecommerce",
        "sales per square metre, basket size",
    ),
    _industry(
        "food_and_beverage_service",
        "56",
        "I",
        "Food and beverage service activities",
        "Actividades de servicio de comidas y bebidas",
        "restaurant bar cafe restaurante cafeteria",
        "covers per day, food cost",
    ),
    _industry(
        "computer_programming",
        "62",
        "J",
        "Computer programming, consultancy and related activities",
        "Programación informática, consultoría de informática y actividades conexas",
        "software saas app apps programming programacion",
        "monthly recurring revenue, churn",
    ),
    _industry(
        "human_health",
        "86",
        "Q",
        "Human health activities",
        "Actividades de atención de la salud humana",
        "clinic hospital dentist dentists doctor clinica dentista",
        "waiting time, missed appointments",
    ),
)

INDUSTRIES: Mapping[str, Industry] = {industry.key: industry for industry in _ALL}
"""By key."""


def known(key: str) -> bool:
    """Whether there is such an industry."""
    return key in INDUSTRIES


def match(text: str, locale: str = "en", limit: int = 4) -> list[tuple[Industry, float]]:
    """The industries that a text may speak of, with a confidence from 0 to 1, best first."""
    words = _words(text)
    found = [
        (each, len(words & (set(each.ai_context.keywords["en"]) | _words(each.name[locale]))))
        for each in INDUSTRIES.values()
    ]
    ranked = sorted((pair for pair in found if pair[1]), key=lambda pair: -pair[1])
    total = sum(hits for _, hits in ranked)
    return [(each, min(0.95, 0.5 + hits / 4) * hits / total) for each, hits in ranked[:limit]]


def _words(text: str) -> set[str]:
    plain = unicodedata.normalize("NFKD", text.casefold()).encode("ascii", "ignore").decode()
    return {word for word in re.findall(r"[a-z0-9]+", plain) if len(word) > 2}
