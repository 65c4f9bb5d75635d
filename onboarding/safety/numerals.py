"""Numbers in words, without accents. `a`, `un` and `una` are not among them: more often they are articles."""

_UNITS = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
_TEENS = "seventeen eighteen nineteen"
_UNIDADES = "cero uno dos tres cuatro cinco seis siete ocho nueve diez _ doce trece catorce quince dieciseis"
_DIECI = (
    "diecisiete dieciocho diecinueve veinte veintiuno veintidos veintitres veinticuatro veinticinco veintiseis"
)
_VEINTI = "veintisiete veintiocho veintinueve"
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_DECENAS = "veinte treinta cuarenta cincuenta sesenta setenta ochenta noventa"
_CIENTOS = "cien doscient trescient cuatrocient quinient seiscient setecient ochocient novecient"

NUMERALS: dict[str, float] = {
    **{word: value for value, word in enumerate(f"{_UNITS} {_TEENS}".split())},
    **{word: value for value, word in enumerate(f"{_UNIDADES} {_DIECI} {_VEINTI}".split()) if word != "_"},
    **{word: value * 10 for value, word in enumerate(_TENS.split(), 2)},
    **{word: value * 10 for value, word in enumerate(_DECENAS.split(), 2)},
    **{word + end: value * 100 for value, word in enumerate(_CIENTOS.split(), 1) for end in ("os", "as", "")},
    "ciento": 100,
    "half": 0.5,
    "medio": 0.5,
    "media": 0.5,
}

HUNDRED = "hundred"
THOUSAND = ("thousand", "mil")

ONCE_COUNTS = frozenset({"anos", "kilos", "horas", "gramos", "mil", "por"})
"""What comes after `once` where it is eleven, and not the English word."""
