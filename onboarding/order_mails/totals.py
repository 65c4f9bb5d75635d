"""What an order comes to: its total, and what stands between that and the sum of its lines."""

import re
from collections.abc import Sequence
from decimal import Decimal
from itertools import combinations
from typing import Literal

from msgspec import Struct

from onboarding.order_mails.money import Money, Notation, moneys, without
from onboarding.order_mails.rows import Row

Part = Literal["total", "subtotal", "extra", "discount", "other"]

NEAR = Decimal("0.02")
"""Sums may be off by so much: shops round taxes and discounts a line at a time."""

_LABEL_CHARACTERS = 90
_EXTRAS = 5
_TOTALS = 20
"""Different ones; each is tried with all extras and discounts."""

_BRACKETS = re.compile(r"\([^()]{0,20}\d[.,]\d\d[^()]{0,40}\)")
_OTHER = re.compile(
    r"^(?:you(?:'ve)? save|you saved|savings|sie sparen|ersparnis|vous économisez|ahorr|hai risparmiato|"
    r"je bespaart|"
    r"balance|points|punkte|gift card balance|deposit paid|amount (?:refunded|due now)|"
    r"(?:enthalten\w*|davon|darin|inkl\.?|incl\.?|including|includes|dont|incluye|iva incl|di cui|waarvan|"
    r"w tym|inclus)\b)|"
    r"\bper (?:month|unit|piece|kg|100)\b",
    re.IGNORECASE,
)
_SUBTOTAL = re.compile(
    r"^(?:(?:items?|merchandise|cart|order|product|goods)\s)?sub-?\s?total|^(?:items?|merchandise|product|"
    r"goods)\b.{0,15}total|"
    r"^items?(?: \(\d+\))?$|^zwischensumme|^warenwert|^summe (?:artikel|netto)|^nettosumme|^nettobetrag|"
    r"^netto\b|"
    r"^gesamt netto|^sous-?\s?total|^total (?:ht|hors taxes|produits|articles|productos|prodotti|artikelen|"
    r"netto|net)\b|"
    r"^montant ht|^importe neto|^base imponible|^subtotaal|^totaal (?:artikelen|excl)|^subtotale|"
    r"^totale (?:prodotti|articoli)|"
    r"^imponibile|^suma częściowa|^wartość (?:produktów|netto|towarów)|^produkty\b|^suma netto|^razem netto|"
    r"^delsumma|^delsum|^total (?:excl|before|\(excl)|^valor dos (?:produtos|itens)|^total dos (?:produtos|"
    r"itens)",
    re.IGNORECASE,
)
_DISCOUNT = re.compile(
    r"discount|coupon|voucher|promo|rabatt|gutschein|skonto|nachlass|remise|réduction|bon d'achat|descuento|"
    r"cupón|"
    r"sconto|buono|korting|desconto|cupom|rabat|kod rabatowy|gift card",
    re.IGNORECASE,
)
_EXTRA = re.compile(
    r"shipping|delivery|carriage|postage|p&p|handling|freight|\bfees?\b|surcharge|\btip\b|\bvat\b|\btax|"
    r"\bgst\b|\bhst\b|\bduty|"
    r"versand|lieferkosten|porto|gebühr|mwst|ust\b|mehrwertsteuer|umsatzsteuer|zuschlag|pfand|"
    r"livraison|frais|port\b|tva\b|envío|gastos|iva\b|igic|spedizione|spese|trasporto|contributo|"
    r"verzend|bezorg|btw\b|frete|portes|entrega|imposto|taxas?\b|dostaw|wysyłk|przesyłk|vat|frakt|moms|fragt|"
    r"levering",
    re.IGNORECASE,
)
_TOTAL = (
    re.compile(
        r"^(?:grand|final|overall) total|^order total|^total (?:due|paid|charged|amount|price|cost|incl|to pay|"
        r"inc\b|order|"
        r"for (?:this|your) order|\(?(?:inc|usd|eur|gbp|cad|aud))|^amount (?:paid|charged|due|to pay)|"
        r"^you paid|^to pay|"
        r"^(?:gesamt|end|rechnungs|bestell|auftrags)-?(?:summe|betrag|preis|wert|total)|^gesamt (?:inkl|"
        r"brutto)|^summe (?:inkl|brutto)|"
        r"^zu zahlen|^zahlbetrag|^bruttobetrag|^bruttosumme|^total (?:ttc|à payer|de (?:la|votre) commande|"
        r"commande|general|"
        r"général|del pedido|a pagar|con iva|iva incl|de la compra|do pedido|da encomenda|geral|inkl|inclui)|"
        r"^montant (?:total|ttc|à payer)|^net à payer|^importe total|^valor total|^totale (?:ordine|"
        r"complessivo|da pagare|pagato|"
        r"dell'ordine|iva|incl)|^importo totale|^totaal(?:bedrag| incl| te betalen| bestelling)|^te betalen|"
        r"^eindtotaal|"
        r"^do zapłaty|^razem (?:brutto|do zapłaty)|^(?:łączna )?(?:suma|wartość|kwota) (?:brutto|zamówienia|"
        r"całkowita|do zapłaty)|"
        r"^łącznie|^att betala|^summa att betala|^i alt|^at betale|^totalt?(?:belopp|sum)|^total (?:inkl|moms)",
        re.IGNORECASE,
    ),
    re.compile(
        r"^(?:total|totals|sum|gesamt|summe|insgesamt|totale|totaal|razem|suma|ogółem|summa|totalt|totalsum|"
        r"montant|importe)"
        r"(?:\s?\(.{0,30}\))?(?:\s(?:usd|eur|gbp|chf|cad|aud))?\s*:?\s*\*?$",
        re.IGNORECASE,
    ),
)


_SAID = re.compile(
    r"\b(?:(?:order|grand) total|total(?: amount| price| cost)?|gesamt(?:summe|betrag|preis)|rechnungsbetrag|"
    r"montant total|importe total|valor total|importo totale|totale|totaalbedrag|totaal|łączna kwota|"
    r"wartość zamówienia)\b",
    re.IGNORECASE,
)
_BETWEEN = re.compile(
    r"\s?(?:[\w' ]{0,20}\s)?(?:is|was|of|comes to|beträgt|von|est de|de|es de|es|è di|di|is|bedraagt|é de|"
    r"wynosi|to)?\s?:?\s?",
    re.IGNORECASE,
)
_SAID_CHARACTERS = 60


class Told(Struct, frozen=True, kw_only=True):
    """What a row says of the whole order; the higher `rank`, the more it is the total."""

    part: Part
    rank: int = 0
    money: Money
    place: int


class Sums(Struct, frozen=True, kw_only=True):
    """The total of an order, where it is known, and what the sum of its lines may be."""

    total: Money | None
    targets: frozenset[Decimal]

    def fit(self, amount: Decimal) -> bool:
        """Whether lines of this sum make up the order."""
        return any(abs(amount - target) <= NEAR for target in self.targets)


def told_by(rows: Sequence[Row], notation: Notation) -> list[Told]:
    """The rows that say something of the whole order."""
    found: list[Told] = []
    label = ""
    for place, row in enumerate(rows):
        text = _aside(row.text)
        amounts = moneys(text, notation)
        said = without(text, amounts).rstrip(":").strip()
        if not amounts:
            label = said if len(said) <= _LABEL_CHARACTERS else ""
            continue
        part = _part(said or label)
        if part and part[0] == "total" and amounts[-1].amount < 0:
            part = "other", 0  # what is paid back
        if part:
            found.append(Told(part=part[0], rank=part[1], money=amounts[-1], place=place))
        label = ""
    return found


def sums_of(told: Sequence[Told]) -> Sums:
    """The total that most speaks for, and what lines may sum up to. Two totals of one rank are none."""
    totals = [each for each in told if each.part == "total"]
    rank = max((each.rank for each in totals), default=0)
    best = {each.money.amount: each.money for each in totals if each.rank == rank}
    extras = [abs(each.money.amount) for each in told if each.part == "extra"][:_EXTRAS]
    off = [abs(each.money.amount) for each in told if each.part == "discount"][:_EXTRAS]
    targets = {each.money.amount for each in told if each.part == "subtotal"}
    for amount in list(dict.fromkeys(each.money.amount for each in reversed(totals)))[:_TOTALS]:
        targets |= {amount - sum(some) + sum(less) for some in _some(extras) for less in _some(off)}
    total = _agreed(best, totals, targets)
    return Sums(total=total, targets=frozenset(each for each in targets if each > 0))


def said_total(rows: Sequence[Row], notation: Notation) -> Money | None:
    """The total that a sentence tells of; None where sentences tell of several."""
    found: dict[Decimal, Money] = {}
    for row in rows:
        for match in _SAID.finditer(row.text):
            rest = row.text[match.end() :]
            amounts = moneys(rest[:_SAID_CHARACTERS], notation)
            if amounts and amounts[0].sign and _BETWEEN.fullmatch(rest[: amounts[0].start]):
                found[amounts[0].amount] = amounts[0]
    return next(iter(found.values())) if len(found) == 1 else None


def _agreed(best: dict[Decimal, Money], totals: Sequence[Told], targets: set[Decimal]) -> Money | None:
    if not best:
        return None
    if len(best) == 1:
        return next(iter(best.values()))
    # "Total 50.00, Shipping 5.00, Total 55.00": the last is what is paid, if it is the greatest too.
    last = totals[-1].money
    return last if last.amount == max(best) and targets else None


def _some(amounts: list[Decimal]) -> list[tuple[Decimal, ...]]:
    return [some for count in range(len(amounts) + 1) for some in combinations(amounts, count)]


def _aside(text: str) -> str:
    """The text without what it says in brackets of an amount: the tax in it, what it was before."""
    return _BRACKETS.sub(" ", text)


def _part(label: str) -> tuple[Part, int] | None:
    if not label or len(label) > _LABEL_CHARACTERS:
        return None
    if _OTHER.search(label):
        return "other", 0
    if _SUBTOTAL.search(label):
        return "subtotal", 0
    for rank, pattern in zip((2, 1), _TOTAL, strict=True):
        if pattern.search(label):
            return "total", rank
    if _DISCOUNT.search(label):
        return "discount", 0
    return ("extra", 0) if _EXTRA.search(label) else None
