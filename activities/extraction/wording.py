"""The words by which pages without data for machines tell what is what, in the languages that shops here speak."""

import re

PRICE = "price|preis|prix|precio|prezzo|preco|preço|pris|cena|kakaku|kingaku"
"""In classes and ids of what holds a price."""

NOT_THE_PRICE = re.compile(
    r"(?:^|[\s_-])(?:old|was|striked?|striketh?rough|crossed|before|former|previous|rrp|msrp|mrp|uvp|srp|compare|pseudo|"
    r"shipping|versand\w*|delivery|frais|envio|installments?|instalments?|emi|parcelas?|grundpreis|basispreis|per|save|"
    r"saving\w*|discount|deposit|pfand|tier\w*|staffel\w*|points?|anterior|antes|ancien|barr[ée]|vecchio|stara|omnibus|"
    r"lowest\d*|basis)(?=$|[\s_-])|(?<![a-z])(?:base|list|old|unit|basis|was|rrp|strike|compare)(?:at)?[-_]?pri[cs]e|"
    r"pris[-_]ord(?![a-z])",
    re.IGNORECASE,
)
"""In classes and ids of what is a price, but not the one to pay."""

PERHAPS_NOT_THE_PRICE = re.compile(
    r"(?:^|[\s_-])(?:regular|list|original|unit|base|rate|ordinarie|vat|tax|label|currency)(?=$|[\s_-])",
    re.IGNORECASE,
)
"""In classes and ids of what is not the price to pay if there is another."""

ASIDE = re.compile(
    r"(?:^|[\s_-])(?:related|upsells?|cross-?sells?|recommend\w*|similar|also|minicart|mini-cart|basket|sidebar|"
    r"carousel|recently|accessor\w*|bundle\w*|navigation|breadcrumb\w*|footer|review\w*|banner|cookie\w*|newsletter|"
    r"product-?card|teaser)(?=$|[\s_-])",
    re.IGNORECASE,
)
"""In classes and ids of what stands beside the product."""

NOW = re.compile(
    r"(?:^|[\s_-])(?:sale|special|current|now|final|offer|deal|aktuell|actual|nu|today)(?=$|[\s_-])", re.IGNORECASE
)
"""In classes of the price to pay, where the former one stands beside it."""

BEFORE = re.compile(
    r"\b(?:members?|club|mitglied\w*|medlem\w*|socios?|"
    r"was|rrp|msrp|list price|you save|save|instead of|shipping|delivery|deposit|free over|"
    r"statt|uvp|versand\w*|zzgl|ersparnis|pfand|au lieu de|livraison|frais|économisez|antes|envío|ahorra|"
    r"invece di|spedizione|anziché|de:|frete|tidigare|frakt|fragt|ord|dostaw\w*|przed|wysyłk\w*)\b|"
    r"送料|定価|通常価格|\d\s?x\s|(?:/|\bper|\bpro)\s?(?:100|kg|l|m|mon\w*)\b",
    re.IGNORECASE,
)
"""In a text with a price that is not the one to pay."""

BUY = re.compile(
    r"add[-_ ]?(?:item[-_ ]?)?(?:to[-_ ]?)?(?:my[-_ ]|your[-_ ])?(?:shopping[-_ ])?(?:cart|bag|basket|trolley)|"
    r"buy[-_ ]?(?:it[-_ ]?)?now|^\s*buy\b|buybox|buy this|^\s*order(?: now| by mail)?\b|"
    r"in den (?:waren|einkaufs)\w+|^\s*(?:jetzt )?kaufen|jetzt bestellen|ajouter au panier|^\s*acheter|"
    r"añadir (?:al|a la) |agregar al carrito|^\s*comprar|aggiungi al |^\s*acquista|adicionar (?:ao|à) |"
    r"lägg i |^\s*köp\b|læg i kurv|kjøp nå|do koszyka|kup teraz|in winkel\w+|"
    r"カートに入れる|かごに入れる|購入手続き|今すぐ買う|売り切れ|在庫切れ|"
    r"^sold out|^out of stock|^ausverkauft|^épuisé|^agotado|^esaurito|^esgotado|^slutsåld",
    re.IGNORECASE,
)
"""On what one presses to buy, or could if there were any left."""

_LABELS = {
    "brand": (
        "brand|manufacturer|maker|publisher|marke|hersteller|verlag|marque|fabricant|éditeur|marca|fabricante|editorial|"
        "produttore|marchio|ブランド|メーカー|varumärke|märke|tillverkare|marka|producent"
    ),
    "sku": (
        "sku|item(?: no| number| code| #| model number)?|product (?:code|no|number|id)|model(?: no| number)?|"
        "part (?:no|number)|article number|catalogue (?:no|number)|art(?:ikel)?[.-]?\\s?(?:nr|nummer|no)|"
        "artikelnummer|bestell-?nr|bestellnummer|réf(?:érence)?|referencia|ref|código|referência|"
        "codice(?: articolo| prodotto)?|cod|品番|商品番号|型番|商品コード|indeks|kod(?: produktu)?|symbol|varenr|"
        "modell(?:nr|nummer)?|modelo|modèle|modello|"
        "varenummer|artikelnr"
    ),
    "gtin": (
        "ean(?:[ -]?(?:13|8|code))?|gtin(?:[ -]?1[234])?|upc(?:-a)?|isbn(?:-1[03])?|ean/gtin|gtin/ean|barcode|"
        "jan(?: ?code|コード)?|strichcode|code-barres|código de barras|codice a barre|streckkod|kod kreskowy"
    ),
}
"""Labels of facts, as a table or a list has them."""

_PATTERNS = {
    name: re.compile(rf"(?:{words})\s*\.?\s*(?:\([^)]{{0,20}}\))?\s*[:：]?", re.IGNORECASE)
    for name, words in _LABELS.items()
}


def labelled(text: str) -> str | None:
    """The field that a label names.

    >>> labelled("Artikel-Nr.:"), labelled("EAN"), labelled("Colour")
    ('sku', 'gtin', None)
    """
    bare = text.strip()
    return next((name for name, pattern in _PATTERNS.items() if pattern.fullmatch(bare)), None)
