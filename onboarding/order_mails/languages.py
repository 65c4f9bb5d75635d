"""The language of a mail by its commonest words."""

import re
from collections import Counter

_WORDS = {
    "en": "the and your you for of with have this order thank from is are to shipping will",
    "de": "und der die das ihre ihr sie für mit vielen dank bestellung wir ist zu auf den versand menge",
    "fr": "le la les et votre vous pour merci commande nous de des livraison avec une dans est sur",
    "es": "el la los y tu su para gracias pedido por de del envío con una hemos en cantidad",
    "it": "il la di e per grazie ordine tuo suo del della con una spedizione abbiamo sono quantità che",
    "nl": "de het een en je uw voor bedankt bestelling wij van met zijn verzending aantal bezorging op",
    "pt": "o a os e seu sua para obrigado pedido encomenda por do da com uma envio frete em quantidade",
    "pl": "i w na do za dziękujemy zamówienie zamówienia twoje państwa z jest się dostawa razem ilość",
    "sv": "och din du för tack beställning order vi med är på av frakt antal till",
    "da": "og din du for tak ordre vi med er på af fragt antal til den",
}
_OF = {language: frozenset(words.split()) for language, words in _WORDS.items()}
_LEAST = 3
_CHARACTERS = 8000
_WORD = re.compile(r"[^\W\d_]+")


def language_of(text: str) -> str:
    """The language that a text is in; empty where that cannot be told.

    >>> language_of("Vielen Dank für Ihre Bestellung"), language_of("42")
    ('de', '')
    """
    counted = Counter(word.lower() for word in _WORD.findall(text[:_CHARACTERS]))
    scores = {language: sum(counted[word] for word in words) for language, words in _OF.items()}
    best = max(scores, key=lambda language: scores[language])
    return best if scores[best] >= _LEAST else ""
