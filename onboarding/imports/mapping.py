"""Which column is what: guessed from names and contents, and checked when somebody has said it."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

from onboarding.gtin import read_code
from onboarding.imports import FIELDS, NAMING, Field
from onboarding.imports.amounts import currency_of, read_amount, split_money
from onboarding.payloads import FieldError

_WORDS: dict[Field, str] = {
    "name": """name; item; item name; product; product name; title; article; nombre; producto; nombre del producto;
        articulo; titulo; bezeichnung; artikel; artikelbezeichnung; artikelname; produkt; produktname;
        titel; nom; nom du produit; produit; designation; libelle; denominacion""",
    "supplier": """supplier; vendor; brand; manufacturer; maker; proveedor; marca; fabricante; lieferant; marke;
        hersteller; fournisseur; marque; fabricant; distributor; distribuidor""",
    "description": """description; details; long description; notes; descripcion; detalle; detalles; beschreibung;
        details; descriptif; commentaire; remarques; bemerkung""",
    "gtin": """gtin; ean; ean13; ean 13; ean code; upc; upc code; barcode; bar code; isbn; gtin 13; gtin 14; codigo
        de barras; codigo ean; strichcode; ean nummer; code barres; code barre; code ean; code""",
    "sku": """sku; mpn; item number; item no; part number; part no; product code; article number; model number;
        ref; reference; codigo; referencia; numero de articulo; artikelnummer; artikelnr; artikel nr; art
        nr; bestellnummer; produktnummer; code article; code produit; numero d article; code; item id;
        product id""",
    "url": """url; link; website; web; product url; product link; page; enlace; pagina; webseite; produktlink;
        lien; site; adresse web""",
    "image_url": """image; image url; image link; picture; photo; photo url; imagen; foto; url imagen; bild;
        bild url; bildlink; image produit; lien image; url image""",
    "price": """price; unit price; cost; unit cost; list price; sale price; net price; precio; precio unitario;
        coste; costo; importe; preis; einzelpreis; stueckpreis; verkaufspreis; einkaufspreis; nettopreis;
        vk; ek; kosten; prix; prix unitaire; cout; tarif; montant""",
    "currency": """currency; currency code; moneda; divisa; waehrung; wahrung; devise; monnaie""",
    "quantity": """quantity; qty; amount; count; stock; units; pieces; on hand; in stock; cantidad; unidades;
        existencias; menge; anzahl; stueck; stuck; bestand; lagerbestand; quantite; qte; nombre d unites;
        unites""",
}
_PHRASES: dict[Field, frozenset[str]] = {
    field: frozenset(re.sub(r"\s+", " ", phrase).strip() for phrase in words.split(";"))
    for field, words in _WORDS.items()
}
_PICTURE = re.compile(r"^https?://\S+\.(jpe?g|png|webp|gif|heic|svg)(\?\S*)?$", re.IGNORECASE)
_LINK = re.compile(r"^https?://\S+$", re.IGNORECASE)

TELLING = {"gtin": 0.5, "image_url": 0.4, "url": 0.35, "currency": 0.45}
"""What a column may be by its contents alone, and how much that weighs against a name, which weighs up to 1."""

_TOLD = 0.8
"""Of its cells have to be such."""


def suggest(columns: Sequence[str], contents: Sequence[Sequence[str]]) -> dict[str, str]:
    """By field, the column that it seems to be; each column once.

    >>> suggest(["Artikelbezeichnung", "EAN", "VK"], [["Becher"], ["4006381333931"], ["12,50"]])
    {'name': 'Artikelbezeichnung', 'gtin': 'EAN', 'price': 'VK'}
    """
    scores: list[tuple[float, int, str, Field]] = [
        (-_likeness(field, column, cells), place, column, field)
        for column, cells in zip(columns, contents, strict=True)
        for place, field in enumerate(FIELDS)
    ]
    found: dict[Field, str] = {}
    for score, _, column, field in sorted(scores, key=lambda each: each[:2]):
        if score < 0 and field not in found and column not in found.values():
            found[field] = column
    return {field: found[field] for field in FIELDS if field in found}


def wrong_mapping(mapping: Mapping[str, str], columns: Sequence[str]) -> tuple[FieldError, ...]:
    """Everything that is wrong with what somebody says that the columns are."""
    return (*_wrong_entries(mapping, columns), *_wrong_whole(mapping))


def _wrong_entries(mapping: Mapping[str, str], columns: Sequence[str]) -> Iterable[FieldError]:
    used: set[str] = set()
    for field, column in mapping.items():
        place = f"mapping.{field[:40]}"
        if field not in FIELDS:
            yield FieldError(field=place, code="unknown_field", detail=f"is none of {', '.join(FIELDS)}")
        if column not in columns:
            yield FieldError(field=place, code="unknown_column", detail="is no column of the file")
        elif column in used:
            yield FieldError(field=place, code="column_used_twice", detail="is the column of another field too")
        used.add(column)


def _wrong_whole(mapping: Mapping[str, str]) -> Iterable[FieldError]:
    if not set(mapping) & set(NAMING):
        yield FieldError(field="mapping", code="required", detail=f"must have one of {', '.join(NAMING)}")
    if "currency" in mapping and "price" not in mapping:
        yield FieldError(field="mapping.price", code="required", detail="is needed where there is a currency")


def _likeness(field: Field, column: str, cells: Sequence[str]) -> float:
    named = _named(field, column)
    filled = [cell.strip() for cell in cells if cell.strip()]
    share = sum(_fits(field, cell) for cell in filled) / len(filled) if filled else 0.0
    if named:
        # A name that its contents belie is none; "code" is a GTIN only where GTINs are in it.
        return named * (0.5 + share / 2) if share >= 0.5 or not filled else 0.0
    return TELLING.get(field, 0.0) * share if share >= _TOLD else 0.0


def _named(field: Field, column: str) -> float:
    """How well a name says it: 1 when it is the very word, less when that stands among others."""
    words = _plain(column)
    if words in _PHRASES[field]:
        return 1.0
    inside = [phrase for phrase in _PHRASES[field] if f" {phrase} " in f" {words} "]
    return max((0.5 + 0.4 * len(phrase) / len(words) for phrase in inside), default=0.0)


def _plain(text: str) -> str:
    """In lower case without accents, its words apart: `productName (EUR)` is `product name eur`."""
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text.replace("\N{LATIN SMALL LETTER SHARP S}", "ss"))
    bare = "".join(char for char in unicodedata.normalize("NFKD", apart) if not unicodedata.combining(char))
    return re.sub(r"[^a-z0-9]+", " ", bare.lower()).strip()


def _fits(field: Field, cell: str) -> bool:
    match field:
        case "gtin":
            return gtin_of(cell) is not None
        case "url":
            return bool(_LINK.match(cell))
        case "image_url":
            return bool(_PICTURE.match(cell)) or bool(_LINK.match(cell))
        case "currency":
            return currency_of(cell) is not None
        case "price":
            return read_amount(split_money(cell)[0]) is not None
        case "quantity":
            return read_amount(cell) is not None
        case _:
            return not _LINK.match(cell)


def gtin_of(cell: str) -> str | None:
    """The GTIN of a cell, though a spreadsheet has taken it for a number: `36000291452`, `4006381333931.0`.

    >>> gtin_of("36000291452"), gtin_of("4006381333931.0"), gtin_of("4.00638E+12")
    ('00036000291452', '04006381333931', None)
    """
    text = re.sub(r"^([0-9]+)[.,]0+$", r"\1", cell.strip())
    if found := read_code(text).gtin:
        return found
    return read_code(text.zfill(12)).gtin if 8 < len(text) < 12 and text.isdigit() else None
