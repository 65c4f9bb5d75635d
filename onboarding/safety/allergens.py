"""Which foods a sentence offers to somebody who does not bear them.

>>> allergens = Allergens(("Peanuts", "lactosa", "kiwi"), "en")
>>> allergens.offered(tokens("Try peanut butter with oat milk and a kiwi."))
('peanuts', 'kiwi')
>>> allergens.offered(tokens("A snack without peanuts, and no kiwi either."))
()
"""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import NamedTuple

from onboarding.safety.avoiding import avoided
from onboarding.safety.foods import FOODS, Food, Language
from onboarding.safety.words import Token, forms, phrase, stands, tokens, word_set

NAME_AT_MOST = 60
"""Characters of a name that the person gave."""

_Index = dict[str, list[tuple[tuple[str, ...], Food]]]

_ENGLISH = word_set("the of and with your you to for is are this that it from i my we in on")
_SPANISH = word_set("el la los las de del que con y un una para por tu tus es en al lo se su estoy")
_PARTS = word_set("and or nor y o e u ni plus also tambien")
_NOISE = word_set("""
    i am i'm im a an the to my me of all any very severe severely mild bad allergy allergies allergic
    allergen intolerance intolerances intolerant have has with soy tengo alergia alergias alergico alergica
    al la las el los de del mi muy grave leve intolerancia intolerante no none nothing nil nope na n ninguna
    ninguno nada not yet known que se un una food foods comida alimentos
    """)
_NAME_WORDS_AT_MOST = 4
_KEYS = frozenset(food.key for food in FOODS)


class Mention(NamedTuple):
    """A food in a sentence, from one token to before another."""

    start: int
    end: int
    food: Food


class Allergens:
    """What a person does not bear, as they wrote it down, and where a sentence offers it."""

    def __init__(self, allergens: Iterable[str], locale: Language) -> None:
        self._locale: Language = locale
        self._foods: dict[str, Food] = {}
        for allergen in allergens:
            for food in _meant(allergen, locale):
                self._foods.setdefault(food.key, food)
        self._own = _index((food, food.words) for food in self._foods.values() if food.key not in _KEYS)

    def __bool__(self) -> bool:
        return bool(self._foods)

    @property
    def names(self) -> tuple[str, ...]:
        """What they are called."""
        return tuple(dict.fromkeys(food.names[self._locale] for food in self._foods.values()))

    def offered(self, sentence: Sequence[Token], lead: Sequence[Token] = ()) -> tuple[str, ...]:
        """The names of those that the sentence offers; `lead` is the line that announced it, `Foods to avoid:`."""
        found = [*lead, *sentence]
        language = _language(found, self._locale)
        mentions = [*_mentions(found, _known(language)), *_mentions(found, self._own)]
        foods = frozenset(at for mention in mentions for at in range(mention.start, mention.end))
        names = {
            mention.food.names[self._locale]: None
            for mention in sorted(mentions, key=lambda mention: mention.start)
            if mention.food.key in self._foods
            and mention.start >= len(lead)
            and not avoided(found, mention.start, mention.end, foods)
        }
        return tuple(names)


def _meant(allergen: str, locale: Language) -> Iterable[Food]:
    """The foods that an entry in somebody's list means; what is not known stands for itself."""
    found = tokens(allergen)
    language = _language(found, locale)
    parts = list(_parts(found))
    for part in parts:
        # One word alone is what it is in any language: `soy` is no verb here.
        languages: tuple[Language, ...] = ("en", "es") if len(part) == 1 else (language,)
        known = [mention.food for each in languages for mention in _mentions(part, _known(each, meant=True))]
        words = tuple(token.text for token in part if token.text not in _NOISE)[:_NAME_WORDS_AT_MOST]
        if known:
            yield from known
        elif words:
            said = " ".join(words)
            name = said if len(parts) > 1 else " ".join(allergen.split())
            name = name[:NAME_AT_MOST]
            yield Food(key=said, names={"en": name, "es": name}, words=(said,))


def _parts(found: Sequence[Token]) -> Iterable[list[Token]]:
    part: list[Token] = []
    for token in found:
        if token.text in _PARTS or (token.kind == "mark" and len(token.text.encode()) < 4):
            yield part
            part = []
        else:
            part.append(token)
    yield part


def _language(found: Sequence[Token], locale: Language) -> Language:
    """The language that a sentence is in, by its little words."""
    words = [token.text for token in found]
    english, spanish = sum(w in _ENGLISH for w in words), sum(w in _SPANISH for w in words)
    return locale if english == spanish else "en" if english > spanish else "es"


@cache
def _known(language: Language, *, meant: bool = False) -> _Index:
    """The foods that are known; `meant` by what people say that they do not bear."""
    return _index(
        (food, (*((meant and food.means) or food.words), *food.only.get(language, ()))) for food in FOODS
    )


def _index(foods: Iterable[tuple[Food, Iterable[str]]]) -> _Index:
    """Each way to say one of the foods, by every form of its first word."""
    index: _Index = {}
    for food, texts in foods:
        for text in texts:
            words = phrase(text)
            for form in forms(words[0]):
                index.setdefault(form, []).append((words, food))
    return index


def _mentions(found: Sequence[Token], index: _Index) -> Iterable[Mention]:
    for at, token in enumerate(found):
        said = {(words, food.key): food for form in forms(token.text) for words, food in index.get(form, ())}
        for (words, _), food in said.items():
            if stands(words[1:], found, at + 1) and not _another(food, found, at, at + len(words)):
                yield Mention(at, at + len(words), food)


def _another(food: Food, found: Sequence[Token], start: int, end: int) -> bool:
    """Whether the words around make it another food."""
    return any(stands(words, found, start - len(words)) for words in map(phrase, food.not_after)) or any(
        stands(words, found, end) for words in map(phrase, food.not_before)
    )
