"""The figures in a sentence that a professional should set: energy, weight, doses, shares, hours of fasting.

A figure is known by its unit, or by what the sentence is about when the number has none. What counts something
else (3 sets, 20 minutes, 2 litres of water) is no figure.

>>> from onboarding.safety.words import tokens
>>> [(f.kind, f.text) for f in figures(tokens("Aim for 1,400 to 1500 kcal and 8 glasses of water."))]
[('energy', '1400'), ('energy', '1500')]
>>> figures(tokens("Do 3 sets of 10, then rest 90 seconds."))
()
"""

from collections.abc import Sequence, Set
from typing import Literal, NamedTuple

from onboarding.safety.words import Token, word_set

Kind = Literal["energy", "weight", "body mass index", "dose", "share", "fasting"]

KILOJOULES_IN_A_KILOCALORIE = 4.184


def _all(kind: Kind, text: str) -> dict[str, Kind]:
    return dict.fromkeys(word_set(text), kind)


_UNITS: dict[str, Kind] = {
    **_all(
        "energy",
        """
        kcal kcals cal cals calorie calories caloria calorias kilocalorie kilocalories kilocaloria kilocalorias
        kj kilojoule kilojoules kilojulio kilojulios
        """,
    ),
    **_all(
        "weight",
        """
        kg kgs kilo kilos kilogram kilograms kilogramo kilogramos kilogramme kilogrammes lb lbs pound pounds
        libra libras stone stones
        """,
    ),
    **_all(
        "dose",
        """
        mg mcg ug μg g gr gram grams gramme grammes gramo gramos milligram milligrams miligramo miligramos
        microgram micrograms microgramo microgramos iu ui unit units unidad unidades pill pills tablet tablets
        capsule capsules pastilla pastillas comprimido comprimidos capsula capsulas drop drops gota gotas scoop
        scoops dose doses dosis
        """,
    ),
    **_all("share", "% percent percentage pct porciento"),
}
_KILOJOULES = word_set("kj kilojoule kilojoules kilojulio kilojulios")
_HOURS = word_set("h hr hrs hour hours hora horas hourly")
_KILOS = word_set("kg kilo pound libra stone gram gramo")
_ARTICLES = word_set("a one un una medio")
_VOLUMES = word_set("ml millilitre millilitres milliliter milliliters mililitro mililitros cc")
_DOSE_ML_AT_MOST = 60
"""Of a medicine nobody takes more at once; of water nobody counts so little."""

_SUBJECTS: dict[str, Kind] = {
    **{word: kind for word, kind in _UNITS.items() if len(word) > 3 and kind == "energy"},
    **_all("energy", "energy energia intake ingesta deficit surplus superavit tdee bmr"),
    **_all("weight", "weight weigh weighing peso pesar pese pesas pesaras"),
    **_all("body mass index", "bmi imc"),
    **_all("dose", "dosage dose doses dosis"),
    **_all(
        "share",
        """
        protein proteins carb carbs carbohydrate carbohydrates fat fats macro macros proteina proteinas
        carbohidrato carbohidratos hidratos grasa grasas percentage percentages share shares porcentaje
        porcentajes
        """,
    ),
    **_all("fasting", "fast fasts fasting fasted window ayuno ayunos ayunar ayuna ayunas ayunando ventana"),
}
_SIZES: dict[Kind, tuple[float, float]] = {
    "energy": (100, 20_000),
    "weight": (25, 700),
    "body mass index": (10, 60),
    "dose": (0, 100_000),
    "share": (0.1, 100),
    "fasting": (5, 200),
}
"""What a number without a unit must be between to be what its sentence is about: the first kind that fits."""

_WHOLES: tuple[tuple[Kind, int, float], ...] = (("share", 3, 100), ("fasting", 2, 24))

_GOALS = word_set("""
    target goal aim objetivo meta apunta eat eating consume come comer comas consumir tomar
    """)
_GOAL_SIZES = (800, 5000)
"""A bare number of this size where something is aimed at is energy, unless it is about water or steps."""
_DRINKS = word_set("""
    water agua drink drinks drinking beber bebe hydration hidratacion litre litres liter liters litro litros
    glass glasses vaso vasos fluid fluids steps pasos step paso
    """)

_JOINS = word_set("- – — / , to a o or and y e u hasta ~ : x")
_BESIDE = word_set("""
    a ( ~ ≈ daily total extra net more fewer less additional of de active body approximately
    """)
_GLUE = word_set("""
    a an per al por each every daily cada diaria diarias diario diarios and or to y o u e is are for as in at
    on with would should could can will this that so which by until if but max maximum minimum less more
    total altogether of de del en es como para seria serian hasta si pero menos mas maximo minimo dia today
    hoy tops net then when it you we i sounds works seems depending around from since because que se te tu lo
    la el
    """)
"""Words that may follow a number that counts nothing."""


class Figure(NamedTuple):
    """A number and what it measures; of energy the value is in kilocalories."""

    kind: Kind
    text: str
    value: float


def figures(sentence: Sequence[Token], lead: Sequence[Token] = ()) -> tuple[Figure, ...]:
    """The figures of a sentence. `lead` is the line that announced it, such as `Your calories:`."""
    words = {token.text for token in (*lead, *sentence)}
    subjects: set[Kind] = {_SUBJECTS[word] for word in words if word in _SUBJECTS}
    drinks = not words.isdisjoint(_DRINKS)
    found: list[Figure] = []
    following: Figure | None = None
    """The figure behind the one looked at, whose unit this one may share: `60 to 65 kg`."""
    for at in reversed(range(len(sentence))):
        token = sentence[at]
        if token.kind == "time" and "fasting" in subjects:
            found.append(Figure("fasting", token.text, 0))
        elif token.text in _KILOS and at and sentence[at - 1].text in _ARTICLES:
            found.append(Figure(_UNITS[token.text], "1", 1))
        if token.kind != "number":
            if token.text not in _JOINS:
                following = None
            continue
        following = (
            _measured(sentence, at, subjects) or _shared(token, following) or _part_of_a_whole(sentence, at)
        )
        following = following or _bare(sentence, at, subjects, words, drinks) or _headed(sentence, at, subjects)
        if following:
            found.append(following)
    return tuple(reversed(found))


def _measured(sentence: Sequence[Token], at: int, subjects: Set[Kind]) -> Figure | None:
    """By the unit behind the number."""
    after = at + 1
    while after < min(len(sentence), at + 3) and sentence[after].text in _BESIDE:
        after += 1
    unit = sentence[after].text if after < len(sentence) else ""
    if unit in ("por", "per") and after + 1 < len(sentence) and sentence[after + 1].text in ("ciento", "cent"):
        unit = "%"
    return _in(unit, sentence[at], subjects)


def _headed(sentence: Sequence[Token], at: int, subjects: Set[Kind]) -> Figure | None:
    """By the unit in front of the number: `kcal: 1900`."""
    before = at - 2 if at > 1 and sentence[at - 1].text in (":", "=", "~", "≈", "of", "de") else at - 1
    if before < 0 or not _counts_nothing(sentence, at):
        return None
    return _in(sentence[before].text, sentence[at], subjects)


def _in(unit: str, token: Token, subjects: Set[Kind]) -> Figure | None:
    """The number with this unit."""
    value = token.value / KILOJOULES_IN_A_KILOCALORIE if unit in _KILOJOULES else token.value
    if unit in _HOURS and "fasting" in subjects:
        return Figure("fasting", token.text, value)
    if unit in _VOLUMES and value <= _DOSE_ML_AT_MOST:
        return Figure("dose", token.text, value)
    return Figure(_UNITS[unit], token.text, value) if unit in _UNITS else None


def _shared(token: Token, following: Figure | None) -> Figure | None:
    """By the unit of the number behind it, when both may well measure the same: not in `at 16, 2200 kcal`."""
    if following is None or not following.value / 10 <= token.value <= following.value * 10:
        return None
    return Figure(following.kind, token.text, token.value)


def _part_of_a_whole(sentence: Sequence[Token], at: int) -> Figure | None:
    """The shares of a diet, such as `30/40/30`, the hours of a day, such as `16:8`: one is known by the others."""
    for kind, count, whole in _WHOLES:
        for first in range(at, at - 2 * count, -2):
            parts = sentence[first : first + 2 * count - 1] if first >= 0 else ()
            if (
                len(parts) == 2 * count - 1
                and {token.kind for token in parts[::2]} == {"number"}
                and {token.text for token in parts[1::2]} <= {"/", ":"}
                and abs(sum(token.value for token in parts[::2]) - whole) <= 1
            ):
                return Figure(kind, sentence[at].text, sentence[at].value)
    return None


def _bare(sentence: Sequence[Token], at: int, subjects: Set[Kind], words: Set[str], drinks: bool) -> Figure | None:
    """By what the sentence is about."""
    token = sentence[at]
    if not _counts_nothing(sentence, at):
        return None
    for kind, (least, most) in _SIZES.items():
        if kind in subjects and least <= token.value <= most:
            return Figure(kind, token.text, token.value)
    least, most = _GOAL_SIZES
    if least <= token.value <= most and not drinks and not words.isdisjoint(_GOALS):
        return Figure("energy", token.text, token.value)
    return None


def _counts_nothing(sentence: Sequence[Token], at: int) -> bool:
    """Whether no word behind the number says what it counts: in `2 goals`, one does."""
    behind = sentence[at + 1] if at + 1 < len(sentence) else None
    return behind is None or behind.kind != "word" or behind.text in _GLUE
