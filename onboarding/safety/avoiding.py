"""Whether a sentence speaks of a food in order to avoid it: "without peanuts", "your nut allergy", "sin leche".

It must be clear, so only words that are known may stand between the food and what says that it is avoided. A
sentence that is avoiding in a way of its own is taken for an offer; what is said in its place is as true.
"""

from collections.abc import Sequence
from typing import Literal

from onboarding.safety.words import Token, phrase, phrase_list, word_set

LOOK_BACK = 40
"""How many words and marks before a food may belong to what says that it is avoided."""

LOOK_AHEAD = 8

_Found = Sequence[Token]
_Cue = Literal["not", "without", "avoid"]
_Phrase = tuple[str, ...]


def _phrases(text: str) -> tuple[_Phrase, ...]:
    return tuple(map(phrase, phrase_list(text)))


_NOT = word_set("no not never none nothing cannot dont doesnt wont ni nunca jamas tampoco nor neither nada")
_MODALS = word_set("""
    should shall must can could would will may might do does did ever to need needs have has want you we i
    they it debes debe deberias deberia puedes puede podemos quieres quiero vamos voy va a hay que he hemos
    has se te me hay necesitas need really be going go live vivas quedes
    """)
_NOT_REALLY = word_set("""
    like como problem problems worries worry doubt only just matter wonder better forget regret hesitate miss
    mention fail hesitation exception solo solamente problema problemas duda dudas olvides olvidar olvide dudes
    importa pasa preocupes mencionar falta miedo hesitar than so too
    """)
"""Behind a negation, what makes it none: no problem, not only, don't forget, sin duda."""

_SAYING = word_set("say saying says said digas decir di")

_WITHOUT = _phrases("""
    without, sin, minus, sans, except, except for, excepto, salvo, instead of, in place of, rather than,
    other than, apart from, en lugar de, en vez de, aparte de, free of, free from, libre de, libres de
    """)
_SINGLE = _phrases("instead of, in place of, rather than, en lugar de, en vez de")
"""These speak of one thing; what follows behind a comma takes its place."""

_AVOIDING = _phrases("""
    avoid, avoids, avoiding, avoided, exclude, excludes, excluding, excluded, omit, omits, omitting, omitted,
    skip, skips, skipping, skipped, remove, removes, removed, removing, allergy, allergies, allergic, allergen,
    allergens, intolerance, intolerances, intolerant, left out, leave out, leaves out, leaving out, keep out,
    kept out, watch out for, look out for, beware of, careful with, cuidado con, stay away from, keep away from,
    steer clear of, cut out, evita, evitar, evito, evitamos, evitando, evitad, evite, eviten, evitare, excluire,
    omitire, quitare, eliminare, quitamos, excluimos, excluye, excluir, excluyo, excluyendo, excluido, excluidos,
    excluida, excluidas, omite, omitir, omito, omitido, quita, quitar, quito, quitado, elimina, eliminar,
    elimino, eliminado, descarto, descartar, descartado, alergia, alergias, alergico, alergica, alergeno,
    alergenos, intolerancia, intolerancias, intolerante, intolerantes, dejado fuera, dejo fuera, dejar fuera,
    dejare fuera, dejamos fuera
    """)
_CUES: dict[_Phrase, _Cue] = {
    **dict.fromkeys(_WITHOUT, "without"),
    **dict.fromkeys(_AVOIDING, "avoid"),
}
_CUE_WORDS_AT_MOST = 3

_VERBS = word_set("""
    have having has eat eats eating ate use uses using used add adds adding added try trying enjoy choose
    pick take include includes including serve serving offer offering put get
    recommend recommending suggest suggesting propose proposing give giving giving plan planning buy come
    comas comer coma comiendo comes usa usar uses uso usando anadir anade anadas anadiendo prueba probar
    pruebes toma tomar tomes tomando incluye incluir incluyo incluyas incluyendo
    llevar recomiendo recomendar propongo proponer sugiero sugerir ofrezco ofrecer
    pongo poner pon pongas elige elegir consume consumir consumas disfruta mezcla mezclar mix mixing top
    topping snack
    """)
"""Behind a negation they are negated too; elsewhere they begin an offer."""

_BETWEEN = word_set("""
    or nor o u ni either any all the a an of to in on your my our this these those that which these following
    from el la los las de del al a un una unos unas tu tus su que estos estas ese esa como such as like both
    every each cualquier todo todos toda todas otro otros otra otras other raw roasted salted whole crunchy
    smooth ground chopped hidden more added traces trace amounts amount kind kinds type types single real
    pure fresh dried cooked grilled fried sliced crushed toasted sweet plain crudo crudos tostado tostados
    molido molidos entero enteros rastro rastros trazas tipo tipos fresco frescos anadido anadidos mas ningun
    ninguna ninguno nada clase food foods dish dishes product products snack snacks meal meals recipe recipes
    sauce sauces thing things anything everything something bars bar options option ingredient ingredients
    items item list sources source butter oil milk cream flour sauce powder protein derivatives derived based
    alimento alimentos plato platos producto productos receta recetas salsa salsas cosa cosas algo comida
    comidas barritas ingrediente ingredientes derivados derivado mantequilla aceite leche crema harina polvo
    proteina list lista there hay completely entirely always strictly also now por completo siempre tambien
    ahora week semana for para you ti
    """)
"""Words that may stand between what says so and the food."""

_THINGS = word_set("""
    food foods dish dishes product products snack snacks meal meals recipe recipes sauce sauces thing things
    anything everything something nothing nada none bars bar options option ingredients items alimentos platos
    plato producto productos recetas receta salsas salsa cosas algo comida comidas barritas todo cualquier
    """)
_AND = word_set(", and y e & plus")
_BRACKETS = word_set("( ) /")
_WITH = word_set("with con contain contains containing contiene contienen contenga contengan lleva lleven llevan")
_ARE = word_set("are is include includes son es incluyen incluye")
"""Behind what says so, they begin a list: your allergies are milk and eggs."""
_THAT = word_set("that which que")
_FINITE = word_set("""
    is are am was were will would can could may might make makes work works give gives taste tastes go goes
    fit fits do does help helps son es estan esta era eran sera seran seria serian puede pueden va van dan da
    instead then though but pero hace hacen queda encajan funcionan funciona ayudan ayuda aportan aporta
    """)

_LEFT_OUT = _phrases("""
    allergy, allergies, allergen, allergens, intolerance, intolerances, excluded, avoided, omitted, removed,
    forbidden, left out, off the menu, off the list, off the table, off the plan, off your, off limits, kept out,
    out of your, out of the plan, out of it, alergia, alergias, alergeno, alergenos, intolerancia, intolerancias,
    queda fuera, quedan fuera, estan fuera, excluido, excluidos, excluida, excluidas, prohibido, prohibidos,
    descartado, descartados, eliminado, eliminados
    """)
_UNTIL_LEFT_OUT = word_set("""
    is are was were be been being will have has as an a your the my and or both completely strictly all now
    on son es esta estan queda quedan han sido como una un tu tus y o e se me he butter milk products to
    allergic
    """)
_ENOUGH = word_set("enough bastante suficiente")
"""Behind a food: it cannot be praised enough."""
_NOT_AN_ALLERGY = word_set("free friendly safe proof aside sin aparte")


def avoided(found: _Found, start: int, end: int, foods: frozenset[int]) -> bool:
    """Whether the food from `start` to before `end` is spoken of in order to avoid it.

    Args:
        found: the sentence.
        start: where the food begins.
        end: where it is over.
        foods: the places of all foods in the sentence; in a list each stands for the others.
    """
    if _text(found, end) in _ENOUGH:
        return False
    return _free(found, end) or _left_out(found, end, foods) or _announced(found, start, end, foods)


def _free(found: _Found, end: int) -> bool:
    """`peanut-free`, but not `peanuts free of charge`."""
    return _text(found, end) == "free" and _text(found, end + 1) not in ("of", "from")


def _left_out(found: _Found, end: int, foods: frozenset[int]) -> bool:
    """`your peanut allergy`, `peanuts are left out`."""
    for at in range(end, min(end + LOOK_AHEAD, len(found))):
        for words in _LEFT_OUT:
            if _words(found, at, len(words)) == words:
                return _text(found, at + len(words)) not in _NOT_AN_ALLERGY
        if found[at].text not in _UNTIL_LEFT_OUT and found[at].text not in (",", ":") and at not in foods:
            return False
    return False


def _announced(found: _Found, start: int, end: int, foods: frozenset[int]) -> bool:
    """`without peanuts`, `I left out milk, peanuts and eggs`, `foods to avoid: peanuts`."""
    listed = colon = False
    strange = 0
    at = start - 1
    while at >= max(0, start - LOOK_BACK):
        if cue := _cue(found, at):
            words, kind = cue
            if (kind == "not" and colon) or (listed and _goes_on(found, end)):
                return False
            return _holds(found, at - len(words) + 1, words, kind, listed, strange)
        text = found[at].text
        if at in foods or text in _BETWEEN or text in _BRACKETS or (text in _ARE and _cue(found, at - 1)):
            pass
        elif text in _AND or text == ":":
            if strange:
                return False
            listed, colon = True, colon or text == ":"
        elif text in _WITH:
            if _negated(found, at):
                return True
            if _text(found, at - 2 if _text(found, at - 1) in _THAT else at - 1) not in _THINGS:
                return False
        elif text in _VERBS:
            return _negated(found, at) or (_cue_before(found, at) and not listed and not strange)
        elif found[at].kind != "word" or listed or strange:
            return False
        else:
            strange += 1
        at -= 1
    return False


def _holds(found: _Found, first: int, words: _Phrase, kind: _Cue, listed: bool, strange: int) -> bool:
    """Whether what was found says that the food is avoided, and not the contrary."""
    behind = _text(found, first + len(words))
    if behind == "," or behind in _NOT_REALLY:
        return False
    if kind == "not":
        return strange == 0 and not _is_asked(found, first) and _text(found, first - 1) not in _SAYING
    if kind == "without" and listed and (first == 0 or words in _SINGLE):
        return False
    return not _negated(found, first)


def _negated(found: _Found, at: int) -> bool:
    """Whether a negation reaches the word there: `don't eat`, `you should never have`."""
    before = at - 1
    while before >= 0 and found[before].text in _MODALS and found[before].text not in _NOT:
        before -= 1
    if before < 0 or not _is_not(found[before].text) or _is_asked(found, before):
        return False
    return _text(found, before + 1) not in _NOT_REALLY


def _is_asked(found: _Found, at: int) -> bool:
    """`why not`, `por qué no`: whoever asks so would like it."""
    return _text(found, at - 1) == "why" or (_text(found, at - 1) == "que" and _text(found, at - 2) == "por")


def _cue_before(found: _Found, at: int) -> bool:
    """`avoid eating`, `without adding`."""
    cue = _cue(found, at - 1)
    return cue is not None and cue[1] != "not" and _holds(found, at - len(cue[0]), *cue, False, 0)


def _goes_on(found: _Found, end: int) -> bool:
    """Whether the clause goes on with the food as its subject: `allergic to milk, peanuts are fine`."""
    for token in found[end:]:
        if token.text in (".", ";", "!", "?", ")"):
            return False
        if token.text in _FINITE:
            return True
    return False


def _cue(found: _Found, last: int) -> tuple[_Phrase, _Cue] | None:
    """What says that something is avoided and ends there."""
    if last < 0:
        return None
    if _is_not(found[last].text):
        return (found[last].text,), "not"
    for length in range(_CUE_WORDS_AT_MOST, 0, -1):
        words = _words(found, last - length + 1, length)
        if kind := _CUES.get(words):
            return words, kind
    return None


def _is_not(text: str) -> bool:
    return text in _NOT or text.endswith("n't")


def _words(found: _Found, at: int, length: int) -> _Phrase:
    return tuple(token.text for token in found[at : at + length]) if at >= 0 else ()


def _text(found: _Found, at: int) -> str:
    return found[at].text if 0 <= at < len(found) else ""
