"""What a person's message touches that is for a professional, and whom to refer them to.

Whoever it is about: advice for somebody's pregnant sister is advice for a pregnancy.

>>> sorted(topics("Tengo 15 años y tomo antidepresivos"))
[<Topic.MEDICATION: 'medication'>, <Topic.MINOR: 'minor'>]
>>> topics("I'm not pregnant, and I take no medication")
frozenset()
"""

import re
from collections.abc import Collection, Sequence
from enum import StrEnum
from functools import cache

from onboarding.safety.foods import Language
from onboarding.safety.words import Token, forms, phrase, phrase_list, stands, tokens, word_set

ADULT_FROM = 18
"""Years."""

YOUNGEST = 4
"""Years. Who is written about is older; a smaller number is no age."""

YOUNGEST_WRITER = 11
"""Years. `I'm 7` is a mark out of ten."""

NEGATION_REACHES = 12
"""How many words before a topic may belong to its negation."""


class Topic(StrEnum):
    """What general information is no answer to."""

    EATING_DISORDER = "eating_disorder"
    PREGNANCY = "pregnancy"
    MEDICATION = "medication"
    MINOR = "minor"


_WORDS: dict[Topic, str] = {
    Topic.EATING_DISORDER: (
        """
        anorexia, anorexic, anorectic, bulimia, bulimic, orthorexia, orthorexic, eating disorder, disordered
        eating, binge eating, binge eat, binge eater, bingeing, binging, purge, purging, binge and purge,
        starve myself, starving myself, make myself sick, making myself sick, make myself throw up, making
        myself throw up, make myself vomit, making myself vomit, throw up after eating, throw up after i
        eat, throw up after meal, vomit after eating, vomit after meal, stopped eating, stop eating for,
        scared of eating, afraid of eating, afraid of food, laxative to lose, take laxative, taking
        laxative, use laxative, pro ana, thinspo, arfid, trastorno alimenticio, trastorno alimentario,
        trastorno de alimentacion, trastorno de la alimentacion, trastorno de la conducta alimentaria,
        trastorno de conducta alimentaria, desorden alimenticio, tca, anorexico, anorexica, bulimico,
        bulimica, ortorexia, atracon, me provoco el vomito, provocarme el vomito, me provoco vomito, vomito
        despues de comer, vomitar despues de comer, vomito lo que como, me purgo, purgarme, purga, dejado de
        comer, deje de comer, me mato de hambre, matarme de hambre, miedo a comer, miedo a la comida, tomo
        laxante, laxante para adelgazar
        """
    ),
    Topic.PREGNANCY: (
        """
        pregnant, pregnancy, expecting a baby, expecting a child, expecting twin, trimester, breastfeeding,
        breast feeding, breastfeed, nursing my baby, nursing my son, nursing my daughter, nursing mother, nursing
        a baby, lactating, postpartum, post partum, gestation, having a baby, trying to conceive, embarazada,
        embarazo, encinta, gestante, gestacion, trimestre de embarazo, lactancia, amamanto, amamantar,
        amamantando, doy el pecho, dando el pecho, dar el pecho, doy pecho, posparto, postparto, espero un bebe,
        esperando un bebe, esperamos un bebe
        """
    ),
    Topic.MEDICATION: (
        """
        medication, medicament, medicine, med, prescription, prescribed, insulin, metformin, antidepressant,
        ssri, sertraline, fluoxetine, prozac, escitalopram, citalopram, venlafaxine, lithium, warfarin,
        blood thinner, anticoagulant, statin, atorvastatin, levothyroxine, thyroxine, ozempic, wegovy,
        semaglutide, mounjaro, tirzepatide, liraglutide, saxenda, orlistat, ritalin, adderall,
        methylphenidate, beta blocker, betablocker, blood pressure pill, diet pill, sleeping pill, birth
        control pill, contraceptive, antibiotic, corticosteroid, steroid, prednisone, prednisolone,
        ibuprofen, paracetamol, aspirin, omeprazole, chemotherapy, chemo, antipsychotic, antihistamine,
        diuretic, i take pill, taking pill, medicacion, medicamento, medicina, insulina, metformina,
        antidepresivo, sertralina, fluoxetina, litio, warfarina, sintrom, anticoagulante, estatina,
        levotiroxina, eutirox, tiroxina, semaglutida, betabloqueante, receta medica, con receta, recetado,
        recetaron, receto, me ha recetado, pastilla, anticonceptivo, antibiotico, corticoide, esteroide,
        cortisona, ibuprofeno, aspirina, omeprazol, quimioterapia, quimio, antipsicotico, ansiolitico,
        antihistaminico, diuretico, tratamiento medico, tratamiento farmacologico
        """
    ),
    Topic.MINOR: (
        """
        underage, under age, under 18, under eighteen, i'm a minor, i am a minor, im a minor, not yet 18, not 18
        yet, not an adult yet, middle school, middle schooler, 7th grade, 8th grade, 9th grade, 10th grade,
        seventh grade, eighth grade, ninth grade, tenth grade, i'm a teenager, i am a teenager, i'm a teen,
        almost 18, nearly 18, turning 18, turn 18 in, turn 18 next, turn 18 soon, casi 18, cumplo 18, cumplire
        18, menor de edad, menor de 18, menor de dieciocho, soy menor, soy adolescente, somos menores, voy a la
        eso, estoy en la eso
        """
    ),
}
_OTHERS = """
        medicine ball, med ball, study medicine, studying medicine, studied medicine, student of
        medicine, medicine student, school of medicine, sports medicine, estudio medicina, estudiar
        medicina, estudiante de medicina, facultad de medicina, carrera de medicina, pastilla de jabon,
        pastilla de freno, pastilla de caldo, expecting a package
        """
"""What holds such a word and means another thing."""

_NOT = word_set("""
    not no never none without neither nor cannot dont isnt aint arent havent nunca ni sin tampoco jamas nadie
    nope ninguna ninguno ningun nada
    """)
_BETWEEN = word_set("""
    a an any am are is be being been had have has having do does take takes taking taken on using use in with
    history of currently yet ever under or and that i i'm any kind other the de estoy esta estas soy es tengo
    tenga tiene tomo toma tome he ha tenido estado un una unos hay tomando uso sufro padezco sufrido padecido
    historial alguna algun alguno actualmente todavia aun bajo o u ni ningun ninguna ningunos ningunas
    ninguno tipo tampoco prescribed recetado y e la el con
    """)
"""Words that may stand between a negation and what it negates; `my` may not: not taking my insulin is a matter."""

_AGO = word_set("was were since when hace llevo durante desde ultimos era tenia ago for last past")
_AGE_AFTER = word_set("""
    year years yo y/o yr yrs old male female m f now today tomorrow soon and but so if who who's anos ano y
    pero e ahora hoy recien chico chica que quiero i i'm
    """)
_YEARS = word_set("year years yr yrs yo anos ano")
_SPENT = word_set("""
    experience training trained lifting ago later experiencia entrenando haciendo entrenamiento en sin atras
    despues de levantando practicando corriendo trabajando siendo of in as into
    """)
_AGE_IS = word_set("i'm im am turn turned turning age aged tengo cumpli cumplo cumplire edad tiene")
_ENDS = word_set(", . ! ? ; ) ( … - – —")
_NEARLY = word_set("only just almost nearly about still a an is es : = solo casi de los now already ya apenas")


def topics(text: str) -> frozenset[Topic]:
    """The topics that a message touches, in English or Spanish."""
    found = tokens(text)
    others = {at + i for at, words, _ in _hits(found, _index(others=True)) for i in range(len(words))}
    hits = [hit for hit in _hits(found, _index(others=False)) if hit[0] not in others]
    inside = {at + i for at, words, _ in hits for i in range(len(words))}
    touched = {topic for at, words, topic in hits if not _negated(found, at, at + len(words), inside)}
    if any(_is_young(found, at) for at, token in enumerate(found) if token.kind == "number"):
        touched.add(Topic.MINOR)
    return frozenset(touched)


@cache
def _index(*, others: bool) -> dict[str, list[tuple[tuple[str, ...], Topic]]]:
    index: dict[str, list[tuple[tuple[str, ...], Topic]]] = {}
    for topic, texts in {Topic.MEDICATION: _OTHERS}.items() if others else _WORDS.items():
        for words in map(phrase, phrase_list(texts)):
            for form in forms(words[0]):
                index.setdefault(form, []).append((words, topic))
    return index


def _hits(
    found: Sequence[Token], index: dict[str, list[tuple[tuple[str, ...], Topic]]]
) -> list[tuple[int, tuple[str, ...], Topic]]:
    return [
        (at, words, topic)
        for at, token in enumerate(found)
        for form in forms(token.text)
        for words, topic in index.get(form, ())
        if stands(words[1:], found, at + 1)
    ]


def _negated(found: Sequence[Token], start: int, end: int, inside: set[int]) -> bool:
    """Whether it is said not to be so: `not pregnant`, `no tomo medicación`, `Medication: none`."""
    after = end
    while after < len(found) and found[after].text in (":", "?", "-", "=", "¿"):
        after += 1
    if end < after < len(found) and (_is_not(found[after].text)):
        return True
    for at in range(start - 1, max(-1, start - NEGATION_REACHES), -1):
        if _is_not(found[at].text):
            return _text(found, at + 1) not in ("only", "just", "solo", "solamente")
        if found[at].text not in _BETWEEN and at not in inside:
            return False
    return False


def _is_not(text: str) -> bool:
    return text in _NOT or text.endswith("n't")


def _is_young(found: Sequence[Token], at: int) -> bool:
    """Whether the number there is the age of a minor."""
    if not (YOUNGEST <= found[at].value < ADULT_FROM and found[at].value.is_integer()):
        return False
    before = at - 1
    while before >= 0 and found[before].text in _NEARLY:
        before -= 1
    first = _text(found, before)
    behind, next_one = _text(found, at + 1), _text(found, at + 2)
    if first in _AGO or first in _NOT or first.endswith("n't"):
        return False
    if behind in _YEARS:
        told = next_one == "old" or behind == "yo" or first in _AGE_IS or _text(found, at - 1) in ("de", "con")
        spent = next_one in _SPENT or first in ("experiencia", "plan", "entrenamiento", "carrera", "lleva")
        return told and not spent and not _was(found, before)
    grade = found[at].value < YOUNGEST_WRITER or _text(found, at - 1) in ("a", "an")
    if grade or first not in _AGE_IS or _was(found, before - 1):
        return False
    ends = at + 1 >= len(found) or behind in _ENDS
    counted = first == "tengo" and behind == "y" and at + 2 < len(found) and found[at + 2].kind == "number"
    return (ends or behind in _AGE_AFTER) and not counted


def _was(found: Sequence[Token], at: int) -> bool:
    """Whether a few words before speak of the past: `when I was 15`, `since I turned 16`."""
    return any(_text(found, i) in _AGO for i in range(max(0, at - 2), at + 1))


def _text(found: Sequence[Token], at: int) -> str:
    return found[at].text if 0 <= at < len(found) else ""


_WHO: dict[Language, dict[Topic, tuple[str, ...]]] = {
    "en": {
        Topic.EATING_DISORDER: ("a doctor", "a therapist", "a dietitian"),
        Topic.PREGNANCY: ("a doctor", "a midwife"),
        Topic.MEDICATION: ("a doctor", "a pharmacist"),
        Topic.MINOR: ("a doctor", "a dietitian", "a parent or guardian"),
    },
    "es": {
        Topic.EATING_DISORDER: ("un médico", "un psicólogo", "un dietista"),
        Topic.PREGNANCY: ("un médico", "una matrona"),
        Topic.MEDICATION: ("un médico", "un farmacéutico"),
        Topic.MINOR: ("un médico", "un dietista", "tus padres o tutores"),
    },
}


def referral(touched: Collection[Topic], locale: str) -> str | None:
    """Whom to ask instead, in two plain sentences; None when nothing was touched.

    >>> referral({Topic.PREGNANCY}, "en")
    'I can only give general information here. For figures that fit you, please talk to a doctor or a midwife.'
    >>> referral({Topic.MEDICATION}, "es")
    'Aquí solo doy información general. Para cifras adecuadas para ti, habla con un médico o un farmacéutico.'
    """
    language = language_of(locale)
    who = list(dict.fromkeys(name for topic in Topic if topic in touched for name in _WHO[language][topic]))
    if not who:
        return None
    if language == "es":
        return f"Aquí solo doy información general. Para cifras adecuadas para ti, habla con {any_of(who, 'o')}."
    return (
        f"I can only give general information here. For figures that fit you, please talk to {any_of(who, 'or')}."
    )


def language_of(locale: str) -> Language:
    """The language of a locale that there are texts for, else English."""
    return "es" if re.split("[-_]", locale.lower())[0] == "es" else "en"


def any_of(items: Sequence[str], last: str) -> str:
    """The items as a list in a sentence.

    >>> any_of(["a", "b", "c"], "or")
    'a, b or c'
    """
    return f" {last} ".join([", ".join(items[:-1]), items[-1]] if len(items) > 1 else items)
