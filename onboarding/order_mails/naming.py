"""What the cells of a line say of the thing: its name, its number, how many of it."""

import re
from decimal import Decimal

from onboarding.imports.amounts import read_amount
from onboarding.order_mails.money import Notation

NAME_CHARACTERS = 300
SKU_CHARACTERS = 60
QUANTITY_AT_MOST = 100_000

_TIMES = r"[x×*\u2715]"
_PIECES = (
    r"(?:pcs?\.?|pieces?|stk\.?|stück|st\.?|pièces?|uds?\.?|unidades|pz\.?|stuks?|szt\.?|un\.?|units?|ea\.?|fl\.|"
    r"flaschen?|bottles?|karton|bouteilles?|botellas?|bottiglie|flessen|cartons?|cajas?|sachets?)"
)
_LEADING = re.compile(
    rf"^(?P<n>\d{{1,6}})(?:\s?{_TIMES}(?=\s)(?:\s{_PIECES}(?=\s))?|{_TIMES}(?=[A-Z])|\s{_PIECES}(?=\s))\s*",
    re.IGNORECASE,
)
_TRAILING = re.compile(
    rf"(?:(?<!\S){_TIMES}\s?(?P<n>\d{{1,6}})|(?<!\S)(?P<m>\d{{1,6}})\s?{_TIMES}|"
    rf"[-\u2013\u2014(]\s?(?P<p>\d{{1,6}})\s?{_PIECES}\)?)"
    r"\s*(?:@|à|a|je|at)?[-\u2013\u2014\s]*$",
    re.IGNORECASE,
)
_QUANTITY = re.compile(
    r"\b(?:qty\.?|quantity|menge|anzahl|qté\.?|quantité|cant\.?|cantidad|q\.?tà|quantità|aantal|qtd\.?|"
    r"quantidade|ilość|antal)"
    rf"\s?[:x]?\s?(?P<n>\d{{1,6}})(?![\d.,]\d)(?:\s?{_PIECES}(?!\w))?",
    re.IGNORECASE,
)
_UNITS = re.compile(
    r"(?:^|(?<=[\s\u00b7]))(?:cad\.?|cadauno|each|ea\.?|pro stück|/\s?stk\.?|la pièce|c/u|per stuk|"
    r"za szt\.?)\s*$",
    re.IGNORECASE,
)
_PLACE = re.compile(r"(?:pos|position|line|item|no|nr)?\.?\s?\d{0,4}\.?", re.IGNORECASE)
_AT = re.compile(r" ?(?:@|\bà|\bje|\beach|\bat) ?$", re.IGNORECASE)
_EDGES = " -*\u2022\u00b7\u2013\u2014,;:|="
_COUNTED = re.compile(r"^\d{1,3}[.)]\s+")
_SKU = re.compile(
    r"(?<!\w)(?:sku|item (?:no\.?|number|code|#)|product (?:code|no\.?)|model(?: no\.?)?|part no\.?|art(?:ikel|"
    r"icle)?\.?\s?-?(?:nr|nummer|no)\.?|"
    r"bestell-?nr\.?|art\.|réf(?:érence|\.)?|ref(?:erencia|\.)?|código|cód\.|codice(?: articolo)?|cod\.|"
    r"referência|indeks|symbol|"
    r"riferimento|rif\.|nr kat\.|item #|varenr\.?)\s?[:#]?\s?(?P<code>[A-Z0-9][A-Z0-9._/-]{1,58}[A-Z0-9])",
    re.IGNORECASE,
)
_IN_BRACKETS = re.compile(r"\s\(#(?P<code>[\w.-]{1,60})\)$")
_PRICE_LABEL = re.compile(
    r"(?:unit |item )?(?:price|preis|prix|precio|prezzo|prijs|preço|cena|pris|total|einzelpreis|stückpreis|"
    r"amount|subtotal)\s*(?:unitaire|unitario|"
    r"unitário|per stuk)?\s*:?\s*$",
    re.IGNORECASE,
)


def named(cell: str) -> tuple[str | None, str | None, Decimal | None]:
    """The name in a cell, with the number of the article and how many, where they stand there too.

    >>> named("2 x Blue mug\\nSKU: BM-1")
    ('Blue mug', 'BM-1', Decimal('2'))
    """
    lines = [_read(line) for line in cell.split("\n")]
    name = next((text for text, _, _ in lines if text), None)
    sku = next((code for _, code, _ in lines if code), None)
    quantity = next((count for _, _, count in lines if count), None)
    return name[:NAME_CHARACTERS].strip() if name else None, sku[:SKU_CHARACTERS] if sku else None, quantity


def _read(line: str) -> tuple[str | None, str | None, Decimal | None]:
    line, sku = _without_sku(_COUNTED.sub("", line))
    line, quantity = _without_count(line)
    bare = _AT.sub("", _PRICE_LABEL.sub("", line)).strip(_EDGES)
    bare = _UNITS.sub("", bare).strip(_EDGES)
    return None if _PLACE.fullmatch(bare) else bare, sku, quantity


def _without_sku(line: str) -> tuple[str, str | None]:
    bracketed = _IN_BRACKETS.search(line)
    if bracketed:
        line = line[: bracketed.start()]
    match = _SKU.search(line)
    if match and (any(character.isdigit() for character in match["code"]) or match["code"].isupper()):
        return _cut(line, match), match["code"]
    return line, bracketed["code"] if bracketed else None


def _without_count(line: str) -> tuple[str, Decimal | None]:
    count = None
    for pattern in (_QUANTITY, _LEADING, _TRAILING):
        if match := pattern.search(line):
            count = count or Decimal(next(each for each in match.groups() if each))
            line = _cut(line, match)
    return line, count


def _cut(line: str, match: re.Match[str]) -> str:
    return (line[: match.start()] + line[match.end() :]).strip(" ()[],;-|/:")


def count_in(text: str, notation: Notation) -> Decimal | None:
    """How many a cell says, if it says nothing else: "3", "x 3", "3 pcs"."""
    bare = re.sub(rf"^{_TIMES}\s?|\s?{_TIMES}$|\s?{_PIECES}$", "", " ".join(text.split()), flags=re.IGNORECASE)
    value = read_amount(bare, notation.mark) if 0 < len(bare) <= 12 else None
    return value if value is not None and 0 < value <= QUANTITY_AT_MOST else None


def code_like(text: str) -> bool:
    """Whether a text may be the number of an article: no spaces, and a digit or capitals with a dash.

    >>> code_like("GL-500"), code_like("Mug"), code_like("Mug 2")
    (True, False, False)
    """
    bare = text.strip()
    if not bare or " " in bare:
        return False
    return any(character.isdigit() for character in bare) or ("-" in bare and bare.isupper())
