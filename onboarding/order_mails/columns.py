"""The columns of a table of lines, by what their headers say."""

import re
from collections.abc import Sequence
from typing import Literal

Column = Literal["name", "thing", "sku", "quantity", "unit_price", "amount", "skip"]

_WORDING: tuple[tuple[Column, str], ...] = (
    (
        "sku",
        r"sku|(?:item|product|article|part|catalogue|model|style)[\s-]*(?:no|number|code|id|#|"
        r"nr)?\.?\s?(?:no|number|code|id|#)\.?|"
        r"code|art(?:ikel)?\.?\s?-?\s?(?:nr|nummer|no)\.?|bestell-?nr\.?|réf(?:érence|\.)?|ref(?:erencia|"
        r"\.)?|riferimento|rif\.?|código|cód\.?|"
        r"codice(?: articolo)?|cod\.?|referência|indeks|symbol|kod(?: produktu)?|nr (?:katalogowy|"
        r"artykułu)|varenr\.?|"
        r"artikelnr\.?|item #",
    ),
    (
        "quantity",
        r"qty\.?|quantity|ordered|units|menge|anzahl|anz\.?|stück(?:zahl)?|stk\.?|qté\.?|quantité|"
        r"cant(?:idad|\.)?|uds\.?|unidades|"
        r"q\.?tà|quantità|aantal|qtd\.?e?|quantidade|qtde\.?|ilość|liczba|antal|pcs\.?|szt\.?",
    ),
    (
        "unit_price",
        r"(?:unit|item|net|list|your)?\s?price(?:/unit| each| per (?:unit|item|piece))?|each|rate|"
        r"unit cost|einzelpreis|e-preis|"
        r"(?:stück)?preis|einzel|preis/(?:stk|stück|einheit)\.?|prix(?: unitaire| unit\.?)?(?: ht| ttc)?|"
        r"p\.?\s?u\.?(?: ht| ttc)?|"
        r"precio(?: unit(?:ario|\.)?)?|p\. unit\.?|prezzo(?: unit(?:ario|\.)?)?|(?:stuks|"
        r"eenheids)?prijs(?: per stuk)?|"
        r"preço(?: unit(?:ário|\.)?)?|valor unit(?:ário|\.)|cena(?: (?:jedn(?:ostkowa|\.)|brutto|netto))?|"
        r"(?:á-|styck)?pris|à-?pris",
    ),
    (
        "amount",
        r"(?:line |item )?(?:sub)?total(?: price| amount)?|amount|net|value|net value|extended(?: price)?|"
        r"sum|gesamt(?:preis|betrag)?|summe|betrag|"
        r"montant(?: ht| ttc)?|total (?:ht|ttc)|pr(?:ezzo|ix|ecio|eço|ijs) tota[al]?l?e?|sous-total|"
        r"importe|totale?|importo|totaal(?:prijs)?|bedrag|subtotaal|valor(?: total)?|"
        r"wartość(?: brutto| netto)?|kwota|razem|summa|belopp|beløb|i alt",
    ),
    (
        "name",
        r"items?(?: (?:description|name))?|products?(?: (?:description|name))?|descriptions?|article|"
        r"details|goods|title|"
        r"artikel(?:bezeichnung|name)?|bezeichnung|produkt(?:name)?|beschreibung|ware|produits?|"
        r"désignation|articles?|libellé|"
        r"description|artículos?|productos?|descripción|concepto|articol[oi]|prodott[oi]|descrizione|"
        r"product(?:en)?|omschrijving|artikelen|produtos?|descrição|ite(?:m|ns)|artigos?|"
        r"nazwa(?: (?:towaru|produktu))?|"
        r"produkt(?:y)?|towar|vare|benämning|beskrivning|beskrivelse",
    ),
    (
        "skip",
        r"#|pos(?:ition|\.)?|no\.?|nr\.?|line|lp\.?|image|photo|picture|bild|foto|image du produit|ean|"
        r"gtin|(?:vat|tax|mwst|ust|tva|iva|"
        r"btw|moms)\.?(?: ?%)?|size|colou?r|größe|farbe|taille|unit|einheit|me|um|jm|discount|rabatt|"
        r"stawka vat|status|delivery|",
    ),
)
_HEADERS: tuple[tuple[Column, re.Pattern[str]], ...] = tuple(
    (column, re.compile(words, re.IGNORECASE)) for column, words in _WORDING
)
_WORDS = 16
_HINT = re.compile(r" ?[\[(].{0,30}[\])]$| ?[:*]$| in (?:[A-Z]{3}|\W)$| (?:EUR|USD|GBP|CHF|PLN|€|\$|£)$")


def columns_of(cells: Sequence[str]) -> tuple[Column, ...] | None:
    """What each column holds; None where these cells are no headers of lines.

    >>> columns_of(["Pos.", "Artikel", "Menge", "Einzelpreis", "Summe (EUR)"])
    ('skip', 'name', 'quantity', 'unit_price', 'amount')
    """
    found: list[Column | None] = [_column(cell) for cell in cells]
    if found.count("name") == 2:
        # "Item" and "Description": the first may be a code, or the name itself.
        found[found.index("name")] = "thing"
    known: list[Column] = [each for each in found if each and each != "skip"]
    if None in found or len(set(known)) != len(known) or len(known) < 2:
        return _second_try(found)
    return tuple(each for each in found if each) if _enough(known) else None


def _second_try(found: Sequence[Column | None]) -> tuple[Column, ...] | None:
    """With the first of two columns of one name for the price of one piece, and unknown headers skipped."""
    kept: list[Column] = []
    for each in found:
        again: Column | None = "amount" if each == "unit_price" and each in kept and "amount" not in kept else each
        kept.append(again if again and (again == "skip" or again not in kept) else "skip")
    return tuple(kept) if _enough(kept) and sum(each is None for each in found) <= 1 else None


def _enough(columns: Sequence[Column]) -> bool:
    money = "unit_price" in columns or "amount" in columns
    thing = "name" in columns or "sku" in columns
    return thing and (money or "quantity" in columns)


def _column(cell: str) -> Column | None:
    bare = _HINT.sub("", _HINT.sub("", " ".join(cell.split())[:60])).strip()
    return next((column for column, pattern in _HEADERS if pattern.fullmatch(bare)), None)


def columns_said(text: str) -> tuple[Column, ...] | None:
    """The columns of a line of headers in which the gaps were lost.

    >>> columns_said("Code Description Qty Unit price Amount")
    ('sku', 'name', 'quantity', 'unit_price', 'amount')
    """
    words = text.split()[:_WORDS]
    found: list[Column] = []
    place = 0
    while place < len(words):
        for count in (3, 2, 1):
            if column := _column(" ".join(words[place : place + count])):
                found.append(column)
                break
        else:
            return None
        place += count
    return tuple(found) if len(words) >= 3 and _enough(found) and found.count("name") == 1 else None
