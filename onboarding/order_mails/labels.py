"""What stands beside a label: after it, below it, or in the next cell."""

import re
from collections.abc import Iterator, Sequence

from onboarding.order_mails.rows import Row

_NO = r"(?:\s?[-.]?\s?(?:number|num\.?|no\.?|nr\.?|n\.?\s?[°ºo]\.?|id|code|reference|ref\.?|nummer|#))"
NUMBER = re.compile(
    rf"\b(?:(?:sales |purchase )?order{_NO}|order\s?#|(?:your )?order(?: reference)?\s?:|confirmation{_NO}|"
    r"bestell(?:ungs)?-?\s?(?:nummer|nr\.?|id)|auftrags-?\s?(?:nummer|nr\.?)|bestellung\s?(?:nr\.?|nummer|#|:)|"
    r"(?:numéro|n\.?\s?[°ºo]\.?|référence|réf\.?) (?:de )?(?:votre |la )?commande|"
    r"commande\s?(?:n\.?\s?[°ºo]\.?|numéro|:|#)|"
    r"(?:número|n\.?\s?[°ºo]\.?|núm\.?|referencia|código) (?:de|del|do) (?:tu |su |seu )?(?:pedido|encomenda|"
    r"compra)|"
    r"(?:pedido|encomenda)\s?(?:n\.?\s?[°ºo]\.?|núm\.?|número|:|#)|"
    r"(?:numero|n\.?\s?[°ºo]\.?|codice) (?:d'|dell'|di |del tuo )?ordine|ordine\s?(?:n\.?\s?[°ºo]?\.?|numero|"
    r"nr\.?|:|#)|"
    rf"(?:bestel|order)-?(?:nummer|nr\.?)|bestelling\s?(?:nr\.?|nummer|:|#)|"
    r"(?:numer|nr) zamówienia|zamówieni[ea]\s?(?:nr|numer|:|#)|"
    r"(?:beställnings|order|ordre)(?:nummer|nr\.?)|receipt\s?(?:number|no\.?|#))\s?",
    re.IGNORECASE,
)
OURS = re.compile(
    rf"\b(?:auftrags-?\s?(?:nummer|nr\.?)|(?:our|sales) order{_NO}|unsere (?:bestell|auftrags)(?:nummer|nr\.?)|"
    r"notre (?:n\.?\s?[°ºo]\.? de )?commande|ons ordernummer|nuestro (?:número de )?pedido|nostro ordine)\s?",
    re.IGNORECASE,
)
"""How a supplier calls its own number, where the buyer's stands beside it."""

MENTIONED = re.compile(
    r"(?:\border|bestellung|auftrag|auftragsbestätigung|bestellbestätigung|commande|pedido|encomenda|ordine|"
    r"bestelling|"
    r"zamówieni[ea]|beställning|ordre|purchase|compra|achat|orderbevestiging|order confirmation|confirmation|"
    r"receipt|orderbekräftelse|ordrebekræftelse|received|confirmed|acknowledgement)\b\s?",
    re.IGNORECASE,
)
"""Before a number in a subject or a sentence."""

DATE = re.compile(
    r"\b(?:order(?:ed)? date|date ordered|date paid|date of (?:your )?(?:order|purchase)|ordered on|"
    r"purchased on|placed(?: on)?|"
    r"purchase date|order placed|realizado e[lm]|effettuato il|aufgegeben am|złożone dnia|bestelldatum|"
    r"auftragsdatum|bestellt am|datum der bestellung|kaufdatum|"
    r"date de (?:la |votre )?commande|command(?:e|ée?) (?:passée )?le|passée le|date d'achat|"
    r"fecha (?:de|del) (?:tu |la )?(?:pedido|compra)|data (?:dell'|d'|di )?(?:ordine|acquisto)|"
    r"(?:bestel|order)datum|datum (?:van )?(?:je |de )?bestelling|besteld op|geplaatst op|"
    r"data (?:do|da) (?:seu |sua )?(?:pedido|encomenda|compra)|"
    r"data (?:złożenia )?(?:zamówienia)|(?:beställnings|order)datum|ordre?dato|bestillingsdato)\b",
    re.IGNORECASE,
)
DATED = re.compile(
    r"\b(?:order|purchase|bestellung|auftrag|commande|pedido|compra|ordine|bestelling|encomenda|"
    r"zamówieni[ea])\b"
    r"[^!?\n]{0,50}?\b(?:on|of|from|dated|vom|am|du|le|del|el|dia|do|van|op|z dnia|z)\s",
    re.IGNORECASE,
)
PLAIN_DATE = re.compile(r"(?:date|datum|fecha|data|dato)\s*:?", re.IGNORECASE)

_LED = " \t:#=-\N{EN DASH}."


def beside(rows: Sequence[Row], label: re.Pattern[str]) -> Iterator[str]:
    """What may be meant by a label, the likeliest first, of each place where it stands."""
    for place, row in enumerate(rows):
        for column, cell in enumerate(row.cells):
            lines = cell.split("\n")
            for number, line in enumerate(lines):
                if match := label.search(line):
                    yield from _after(rows, place, column, lines, number, line[match.end() :])


def _after(
    rows: Sequence[Row], place: int, column: int, lines: Sequence[str], number: int, rest: str
) -> Iterator[str]:
    if rest.strip(_LED):
        yield rest.strip(_LED)
        return
    if number + 1 < len(lines):
        yield lines[number + 1]
    row = rows[place]
    below = rows[place + 1] if place + 1 < len(rows) else None
    if below and len(below.cells) == len(row.cells):
        yield below.cells[column]
    if column + 1 < len(row.cells):
        yield row.cells[column + 1]
