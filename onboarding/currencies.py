"""Currencies: what signs stand for, and where one sign stands for several, which one is meant here.

Codes: ISO 4217. Where a sign is used by more than one country, the shop's country decides: that of its domain,
else of its language tag.
"""

import re
from urllib.parse import urlsplit

from msgspec import Struct

_ALL = (
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD "
    "CAD CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD "
    "GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT "
    "LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR "
    "NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP "
    "STN SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VES VND VUV WST XAF XCD XOF XPF "
    "YER ZAR ZMW ZWG "
)
CODES = frozenset(_ALL.split())
THREE_DECIMALS = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})

SIGNS = {
    "€": "EUR",
    "EURO": "EUR",
    "EUROS": "EUR",
    "£": "GBP",
    "R$": "BRL",
    "US$": "USD",
    "CA$": "CAD",
    "C$": "CAD",
    "AU$": "AUD",
    "A$": "AUD",
    "NZ$": "NZD",
    "HK$": "HKD",
    "S$": "SGD",
    "MX$": "MXN",
    "NT$": "TWD",
    "ZŁ": "PLN",
    "KČ": "CZK",
    "FT": "HUF",
    "LEI": "RON",
    "ЛВ.": "BGN",
    "ЛВ": "BGN",
    "₽": "RUB",
    "₴": "UAH",
    "₺": "TRY",
    "TL": "TRY",
    "₹": "INR",
    "₩": "KRW",
    "円": "JPY",
    "元": "CNY",
    "FR.": "CHF",
    "SFR.": "CHF",
    "₪": "ILS",
    "₫": "VND",
    "฿": "THB",
    "₱": "PHP",
    "RP": "IDR",
    "RM": "MYR",
    "₦": "NGN",
    "₸": "KZT",
}
"""Signs that stand for one currency, in capitals."""

SHARED: dict[str, tuple[str | None, frozenset[str]]] = {
    "$": ("USD", frozenset({"USD", "CAD", "AUD", "NZD", "MXN", "SGD", "HKD", "ARS", "CLP", "COP", "TWD"})),
    "KR": (None, frozenset({"SEK", "DKK", "NOK", "ISK"})),
    "KR.": (None, frozenset({"SEK", "DKK", "NOK", "ISK"})),
    "¥": ("JPY", frozenset({"JPY", "CNY"})),
    "RS.": ("INR", frozenset({"INR", "PKR", "LKR", "NPR"})),
    "RS": ("INR", frozenset({"INR", "PKR", "LKR", "NPR"})),
}
"""Signs that stand for several: which where nothing else is known, and all of them."""

_WORDS = "ALL ANG BAM BOB COP CUP GEL LAK MAD MOP PEN SOS TOP TRY"
"""Codes that in a text are words more often than currencies: "TOP 10"."""

_SPELT = (
    "eur Eur Euro euro EURO Euros euros EUROS chf Chf zł Zł ZŁ kč Kč KČ Ft lei Lei LEI лв лв. ЛВ 円 元 "
    "TL Fr. fr. SFr. sFr. Rp RM kr Kr KR kr. Kr. KR. Rs RS Rs. RS."
)
WRITTEN = (
    *(sign for sign in (*SIGNS, *SHARED) if not sign[0].isalpha() or not sign[-1].isalpha()),
    *_SPELT.split(),
    *sorted(CODES - set(_WORDS.split())),
)
"""Signs and codes as they stand beside prices: 25 ft are no forints."""

_EURO = "AT BE CY DE EE ES FI FR GR HR IE IT LT LU LV MT NL PT SI SK"
_OF_COUNTRY = {
    **dict.fromkeys(_EURO.split(), "EUR"),
    "US": "USD",
    "CA": "CAD",
    "AU": "AUD",
    "NZ": "NZD",
    "MX": "MXN",
    "SG": "SGD",
    "HK": "HKD",
    "AR": "ARS",
    "CL": "CLP",
    "CO": "COP",
    "TW": "TWD",
    "GB": "GBP",
    "CH": "CHF",
    "SE": "SEK",
    "DK": "DKK",
    "NO": "NOK",
    "IS": "ISK",
    "JP": "JPY",
    "CN": "CNY",
    "IN": "INR",
    "PK": "PKR",
    "LK": "LKR",
    "NP": "NPR",
    "ZA": "ZAR",
    "BR": "BRL",
    "PL": "PLN",
    "CZ": "CZK",
    "HU": "HUF",
    "RO": "RON",
    "TR": "TRY",
    "KR": "KRW",
    "IL": "ILS",
}
_OF_LANGUAGE = {"sv": "SE", "da": "DK", "nb": "NO", "nn": "NO", "no": "NO", "is": "IS", "ja": "JP", "zh": "CN"}
"""Languages that, among the countries of one sign, are of one."""

_NOT_OF_A_COUNTRY = frozenset({"co", "is", "in"})
"""Domains that are bought for how they read; those two letters tell a country only below `co.` or `com.`."""

_TAG = re.compile(r"([a-z]{2,3})(?:[-_]([A-Za-z]{2}))?\b")


class Locale(Struct, frozen=True, kw_only=True):
    """Where a shop is, as far as its page tells."""

    language: str = ""
    country: str | None = None


def locale_of(url: str, tag: str) -> Locale:
    """The locale of a page by its address and its language tag.

    >>> locale_of("https://shop.example.ca/p", "en").country, locale_of("https://shop.example/", "es-MX").country
    ('CA', 'MX')
    """
    language, region = "", None
    if match := _TAG.match(tag.strip()):
        language, region = match[1], (match[2] or "").upper() or None
    return Locale(language=language, country=_of_host(url) or region or _OF_LANGUAGE.get(language))


def code_of(given: object, locale: Locale) -> str | None:
    """The code of a currency that is given by code, name or sign; None for what is none.

    >>> code_of("eur", Locale()), code_of("kr", Locale(country="NO")), code_of("$", Locale(country="CA"))
    ('EUR', 'NOK', 'CAD')
    """
    if not isinstance(given, str) or len(given) > 40:
        return None
    sign = given.strip().upper()
    if sign in CODES:
        return sign
    if sign in SIGNS:
        return SIGNS[sign]
    if sign not in SHARED:
        return None
    default, meant = SHARED[sign]
    own = _OF_COUNTRY.get(locale.country or "")
    return own if own in meant else default


def _of_host(url: str) -> str | None:
    labels = (urlsplit(url).hostname or "").split(".")
    top = labels[-1]
    if len(top) != 2 or (top in _NOT_OF_A_COUNTRY and not (len(labels) > 2 and labels[-2] in ("co", "com"))):
        # A shop in India or Iceland below its own domain is one all the same, where the language says so too.
        return None
    country = "GB" if top == "uk" else top.upper()
    return country if country in _OF_COUNTRY else None


def meanings(sign: str) -> frozenset[str]:
    """The codes that a sign may stand for, a code for itself."""
    given = sign.strip().upper()
    if given in CODES:
        return frozenset({given})
    if given in SIGNS:
        return frozenset({SIGNS[given]})
    return SHARED[given][1] if given in SHARED else frozenset()
