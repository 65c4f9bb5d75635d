"""The industries: complete, in both languages, and found in what people say."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onboarding.industries import INDUSTRIES, LOCALES, SECTIONS, hear_industry, known, match, section_called
from onboarding.industries.metrics import METRICS
from onboarding.industries.words import fold, stem

DIVISIONS = {
    "A": "01 02 03",
    "B": "05 06 07 08 09",
    "C": "10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33",
    "D": "35",
    "E": "36 37 38 39",
    "F": "41 42 43",
    "G": "45 46 47",
    "H": "49 50 51 52 53",
    "I": "55 56",
    "J": "58 59 60 61 62 63",
    "K": "64 65 66",
    "L": "68",
    "M": "69 70 71 72 73 74 75",
    "N": "77 78 79 80 81 82",
    "O": "84",
    "P": "85",
    "Q": "86 87 88",
    "R": "90 91 92 93",
    "S": "94 95 96",
    "T": "97 98",
    "U": "99",
}
"""ISIC Rev. 4 as it was published."""

UNACCENTED = re.compile(
    r"(?<![a-z])[a-z]*(?:cion|ingenieria|tecnologia|electronic[ao]|medic[ao]|credito)(?![a-z])"
)
"""Endings and words that Spanish writes with an accent."""


def texts(locale: str) -> list[str]:
    """All that is told in one language."""
    return [
        text
        for industry in INDUSTRIES.values()
        for text in (
            industry.name[locale],
            industry.category[locale],
            *industry.synonyms[locale],
            *industry.ai_context.keywords[locale],
            *industry.ai_context.metrics[locale],
        )
    ]


def test_all_of_the_classification() -> None:
    """There are its 21 sections and 88 divisions, each division in its section, in the order of their codes."""
    found = {letter: [i.code for i in INDUSTRIES.values() if i.section == letter] for letter in SECTIONS}
    assert {letter: " ".join(codes) for letter, codes in found.items()} == DIVISIONS
    assert len(SECTIONS) == 21
    assert len(INDUSTRIES) == 88
    codes = [industry.code for industry in INDUSTRIES.values()]
    assert codes == sorted(codes)


def test_keys() -> None:
    """Keys are lower snake case, and none is that of another industry, of a section, or `other`."""
    keys = [*INDUSTRIES, *(section.key for section in SECTIONS.values()), "other"]
    assert len(keys) == len(set(keys)) == 110
    assert all(re.fullmatch("[a-z]+(_[a-z]+)*", key) for key in keys)
    assert known("computer_programming")
    assert not any(map(known, ("other", "J", "62", "", "Computer_Programming")))


@pytest.mark.parametrize("locale", LOCALES)
def test_told_in_both_languages(locale: str) -> None:
    """Every industry has name, section, five synonyms, three keywords and three measures in each language."""
    for industry in INDUSTRIES.values():
        assert industry.name[locale]
        assert industry.category[locale] == SECTIONS[industry.section].name[locale]
        assert len(industry.synonyms[locale]) >= 5, industry.key
        assert len(industry.ai_context.keywords[locale]) >= 3, industry.key
        assert len(industry.ai_context.metrics[locale]) >= 3, industry.key
    assert all(text == " ".join(text.split()) and text for text in texts(locale))


def test_the_languages_differ() -> None:
    """Names, sections and measures are translated, not repeated."""
    for each in (*INDUSTRIES.values(), *SECTIONS.values()):
        assert each.name["en"] != each.name["es"]
    assert [key for key, name in METRICS.items() if name["en"] == name["es"]] == []


def test_spanish_is_written_with_accents() -> None:
    """No Spanish word ends in "cion", nor do other common words lack their accent."""
    assert [text for text in texts("es") if UNACCENTED.search(text.lower())] == []
    assert sum(text != fold(text) for text in texts("es")) > 500


def test_every_measure_is_used() -> None:
    """No measure is there for nobody."""
    used = {name for industry in INDUSTRIES.values() for name in industry.ai_context.metrics["en"]}
    assert used == {name["en"] for name in METRICS.values()}


def test_a_synonym_means_one_industry() -> None:
    """No two industries share a synonym, and none has one twice in a language."""
    owners: dict[str, set[str]] = {}
    for industry in INDUSTRIES.values():
        for locale in LOCALES:
            folded = [fold(each) for each in industry.synonyms[locale]]
            assert len(folded) == len(set(folded)), industry.key
            for each in folded:
                owners.setdefault(each, set()).add(industry.key)
    assert {each: keys for each, keys in owners.items() if len(keys) > 1} == {}


@pytest.mark.parametrize("locale", LOCALES)
def test_every_name_finds_its_industry(locale: str) -> None:
    """Key, code, official name and each synonym are read as their industry, without doubt."""
    for industry in INDUSTRIES.values():
        official = (industry.key, industry.code, f"{industry.section}{industry.code}", industry.name[locale])
        for text in (*official, *industry.synonyms[locale]):
            found = match(text, locale)
            assert found[0][0] is industry, (text, found)
            assert found[0][1] >= 0.9, (text, found)


def test_sections_by_key_and_letter() -> None:
    """A section is found by its key or letter, in either case, and by nothing else."""
    for letter, section in SECTIONS.items():
        for name in (letter, letter.lower(), section.key, section.key.upper(), f" {section.key} "):
            assert section_called(name) is section
    assert [section_called(name) for name in ("", "V", "62", "computer_programming")] == [None] * 4


SAID = [
    ("en", "we build mobile apps for dentists", "computer_programming", "human_health"),
    ("en", "We're a law firm in Boston, established 1990.", "legal_and_accounting"),
    ("en", "I run a small bakery with 10 employees", "food_manufacturing"),
    ("en", "bakeries", "food_manufacturing"),
    ("en", "Family-owned restaurant and bar", "food_and_beverage_service"),
    ("en", "coffee shop", "food_and_beverage_service"),
    ("en", "software for restaurants", "computer_programming", "food_and_beverage_service"),
    ("en", "an online store that sells furniture", "retail_trade", "furniture_manufacturing"),
    ("en", "GYMS", "sports_and_recreation"),
    ("en", "a dental clinic", "human_health"),
    ("en", "crypto exchange", "financial_auxiliaries"),
    ("en", "we are not a bank but a software company", "computer_programming"),
    ("en", "not a bank. We are an insurance company", "insurance"),
    ("en", "not-for-profit", "membership_organizations"),
    ("en", "IT", "computer_programming"),
    ("en", "sofware", "computer_programming"),
    ("en", "resturant", "food_and_beverage_service"),
    ("en", "acounting", "legal_and_accounting"),
    ("en", "hair salon & spa", "personal_services"),
    ("en", "trucking company", "land_transport"),
    ("en", "solar farm developer", "electricity_and_gas_supply"),
    ("en", "we do market research for pharmaceutical companies", "advertising_and_market_research"),
    ("en", "University", "education"),
    ("en", "a nursing home", "residential_care"),
    ("en", "city council", "public_administration"),
    ("es", "Hacemos aplicaciones móviles para dentistas", "computer_programming", "human_health"),
    ("es", "despacho de abogados", "legal_and_accounting"),
    ("es", "Somos una panadería artesanal", "food_manufacturing"),
    ("es", "panaderias", "food_manufacturing"),
    ("es", "un restaurante de comida mexicana", "food_and_beverage_service"),
    ("es", "cafeteria", "food_and_beverage_service"),
    ("es", "tienda online de zapatos", "retail_trade", "leather_manufacturing"),
    ("es", "PROGRAMACIÓN", "computer_programming"),
    ("es", "educacion", "education"),
    ("es", "clinica dental", "human_health"),
    ("es", "consultorio", "human_health"),
    ("es", "consultoría", "management_consulting"),
    ("es", "no somos un banco, somos una aseguradora", "insurance"),
    ("es", "ONG sin fines de lucro", "membership_organizations"),
    ("es", "gimnasio", "sports_and_recreation"),
    ("es", "uñas", "personal_services"),
    ("es", "peluquería", "personal_services"),
    ("es", "bienes raices", "real_estate"),
    ("es", "constructora de casas", "building_construction"),
    ("es", "software", "computer_programming"),
    ("es", "taller mecánico en Lima", "motor_vehicle_trade_and_repair"),
    ("en", "B2B SaaS platform helping hospitals manage schedules", "computer_programming", "human_health"),
    ("en", "We help people learn languages with an app", "computer_programming"),
    ("en", "Boutique investment bank", "financial_services"),
    ("es", "Fabricamos muebles de madera a medida", "furniture_manufacturing"),
    ("es", "ganadería", "crop_and_animal_production"),
    ("es", "criadero de peces", "fishing_and_aquaculture"),
    ("es", "estudio de videojuegos", "publishing"),
]


@pytest.mark.parametrize(("locale", "text", "keys"), [(locale, text, keys) for locale, text, *keys in SAID])
def test_what_people_say(locale: str, text: str, keys: list[str]) -> None:
    """Names, descriptions, plurals, missing accents and single wrong letters are read; the trade comes first."""
    found = match(text, locale)
    assert [industry.key for industry, _ in found[: len(keys)]] == keys, found
    confidence = [each for _, each in found]
    assert confidence == sorted(confidence, reverse=True)
    assert all(0 < each <= 1 for each in confidence)
    assert hear_industry(text, locale) == keys[0]


def test_whom_a_company_serves_counts_less() -> None:
    """Being a dentist is sure; serving dentists is a distant second."""
    ((alone, sure),) = match("dentists")
    served = match("we build mobile apps for dentists")[1]
    assert (alone.key, sure) == ("human_health", 1.0)
    assert served[0] is alone
    assert served[1] < 0.4


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "?!",
        "asdf qwer zxcv",
        "we make it better",
        "manufacturing",
        "hello",
        "not a bank",
        "no somos un banco",
        "для",
        "7",
    ],
)
def test_nothing_is_invented(text: str) -> None:
    """Gibberish, empty words and what is denied name no industry."""
    assert match(text) == []
    assert hear_industry(text, "en") is None


def test_several_trades_are_unclear() -> None:
    """Of several named alike, all are found and none is heard."""
    found = match("a hotel and a casino")
    assert {industry.key for industry, _ in found} == {"accommodation", "gambling_and_betting"}
    assert hear_industry("a hotel and a casino", "en") is None


@pytest.mark.parametrize("text", ["other", "Other", "otra", "Otro.", "none of these", "ninguna de estas"])
def test_none_of_them(text: str) -> None:
    """Who says that none fits is heard."""
    assert hear_industry(text, "es") == "other"


def test_the_language_decides_between_equals() -> None:
    """The same word is surer in the language that is spoken, and found in the other all the same."""
    assert match("panadería y horno", "es")[0][1] > match("panadería y horno", "en")[0][1] > 0.4


def test_limit() -> None:
    """No more are given than were asked for."""
    text = "hotel, casino, bakery, bank, school, farm"
    assert [len(match(text, "en", limit)) for limit in (1, 4, 10)] == [1, 4, 6]


HOSTILE = [
    "a" * 2000,
    "not for " * 300,
    "software " * 300,
    "dental, clinic; " * 150,
    "\x00" * 2000,
    "(" * 2000,
    "ﷺ" * 2000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_long_texts_take_no_time(text: str) -> None:
    """Two thousand letters of anything are read in less than fifty milliseconds of work."""
    match("software")
    taken: list[float] = []
    for _ in range(5):
        begun = time.thread_time()
        match(text)
        taken.append(time.thread_time() - begun)
    assert min(taken) < 0.05


@given(st.text(max_size=300), st.sampled_from(LOCALES))
def test_any_text_is_read(text: str, locale: str) -> None:
    """Whatever is said, the answer is a short list of known industries with confidences between 0 and 1."""
    found = match(text, locale)
    assert len(found) <= 4
    assert all(known(industry.key) and 0 < confidence <= 1 for industry, confidence in found)
    heard = hear_industry(text, locale)
    assert heard is None or heard == "other" or known(heard)


@given(st.text(max_size=60))
def test_folding_is_settled(text: str) -> None:
    """Folding what is folded changes nothing, and leaves letters, digits and single blanks."""
    folded = fold(text)
    assert fold(folded) == folded
    assert re.fullmatch("([a-z0-9]+( [a-z0-9]+)*)?", folded)


def test_endings() -> None:
    """Singular and plural, of both languages, have one stem; short words keep theirs."""
    for words in (
        "hotel hoteles hotels",
        "bakery bakeries",
        "dentist dentists dentista dentistas",
        "tienda tiendas",
    ):
        assert len({stem(word) for word in words.split()}) == 1, words
    assert [stem(word) for word in ("gas", "business", "app")] == ["gas", "business", "app"]
