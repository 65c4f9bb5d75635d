"""Words as they are compared: without accents, case and endings."""

import re
import unicodedata
from functools import cache

_WORD = re.compile("[a-z0-9]+")
_IT = re.compile(r"\bI\.?T\b")

_STOP_WORDS = """
a an and are as at by for from in is of on or other our the to we with i im my us you your
company companies business businesses firm startup start up enterprise organisation organization team
activity activities except related make makes making build builds do does offer offers
provide provides run runs work works working want like small big new local best near all that which who it
e y o u a al con de del el en es la las los lo para por que se su sus un una yo mi nos nosotros somos soy
empresa empresas negocio negocios compania emprendimiento actividad actividades excepto otra otras otro otros
conexas hacemos hago fabricamos creamos damos ofrecemos tenemos tengo trabajamos pequena nueva mejor como
"""
STOP_WORDS = frozenset(_STOP_WORDS.split())
"""Words that tell nothing about a trade."""


def fold(text: str) -> str:
    """Letters and digits in lower case, without accents; anything else becomes one blank.

    >>> fold("  Peluquería & Spa! ")
    'peluqueria spa'
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return " ".join(_WORD.findall(plain))


@cache
def stem(word: str) -> str:
    """A folded word without the endings of number and gender, which English and Spanish have in common.

    >>> [stem(word) for word in ("bakeries", "bakery", "dentistas", "dentists", "hoteles", "hotel")]
    ['bakeri', 'bakeri', 'dentist', 'dentist', 'hotel', 'hotel']
    """
    if len(word) > 3 and word.endswith("s") and not word.endswith("ss"):
        word = word[:-1]
    if len(word) > 3 and word.endswith("e"):
        word = word[:-1]
    if len(word) > 4 and word[-1] in "ao":
        word = word[:-1]
    if len(word) > 3 and word.endswith("y"):
        word = word[:-1] + "i"
    return word


def telling_words(text: str) -> tuple[str, ...]:
    """The words of a text that tell something, folded, in order."""
    return tuple(word for word in folded_words(text) if word not in STOP_WORDS)


def folded_words(text: str) -> list[str]:
    """The words of a text, folded; `IT` in capitals is the trade and no pronoun."""
    return fold(_IT.sub("informatica", text)).split()
