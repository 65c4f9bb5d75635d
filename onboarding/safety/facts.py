"""What is known of a person that binds what agents say to them, and which numbers a model may save."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeGuard, cast

from msgspec import Struct

from onboarding.payloads import FieldError
from onboarding.safety.figures import Figure, figures
from onboarding.safety.sentences import Sentences
from onboarding.safety.topics import ADULT_FROM, Topic, topics
from onboarding.safety.words import said_numbers, spelled, tokens

LEAST_KCAL_OF_A_MINOR = 1800
"""Kilocalories a day; below, no target is proposed to somebody under 18."""

MOST_SAID = 1_000_000
"""No answer has a larger number."""

FIGURES = ("daily_calorie_target", "target_weight_kg", "target_body_fat_percentage")
"""Fields of answers that hold what a professional should set."""


class Facts(Struct, frozen=True, kw_only=True):
    """What is known of the person. `topics` are those that they touched, `said` the numbers that they said
    themselves (`said_numbers`) or have on record (`numbers_on_record`): to say those back is no proposal.
    """

    age: int | None = None
    allergens: tuple[str, ...] = ()
    topics: frozenset[Topic] = frozenset()
    said: frozenset[str] = frozenset()

    @property
    def touched(self) -> frozenset[Topic]:
        """The topics, and that they are a minor if their age says so."""
        young = self.age is not None and self.age < ADULT_FROM
        return self.topics | {Topic.MINOR} if young else self.topics

    def proposed(self, found: Iterable[Figure]) -> bool:
        """Whether some of these figures are for a professional to propose, and not the person's own.

        Of a minor's energy no part is below the least either: three meals of 400 are a day of 1200.
        """
        theirs = [figure for figure in found if figure.text not in self.said]
        if self.touched - {Topic.MINOR}:
            return bool(theirs)
        return bool(self.touched) and any(
            figure.kind == "energy" and figure.value < LEAST_KCAL_OF_A_MINOR for figure in theirs
        )

    def without_suggestions(self, text: str) -> str:
        """Words of our own for this person: the sentences with figures that they did not say are left out.

        Stricter than what a model may say: nobody under 18 is offered any figure, large as it may be, and a range
        is as good as an example.

        >>> minor = Facts(age=16)
        >>> minor.without_suggestions("How many calories a day? From 1000 to 5000. Or skip this.")
        'How many calories a day? Or skip this.'
        """
        if not self.touched:
            return text
        sentences = Sentences()
        shown, before = list[str](), ""
        for sentence in [*sentences.feed(text), sentences.end()]:
            found = figures(tokens(sentence), tokens(before))
            if all(figure.text in self.said for figure in found):
                shown.append(sentence)
            before = sentence
        return "".join(shown).strip()


def facts_of(age: int | None, said: Iterable[str], answers: Mapping[str, Mapping[str, Any]]) -> Facts:
    """What binds agents: the age on the account, what was said lately, and the answers that are stored."""
    texts = list(said)
    diet = answers.get("dietary_preferences", {})
    return Facts(
        age=age,
        allergens=(*diet.get("allergies", ()), *diet.get("intolerances", ())),
        topics=frozenset(topic for text in texts for topic in topics(text)),
        said=frozenset(number for text in texts for number in said_numbers(text)) | numbers_on_record(answers),
    )


def numbers_on_record(data: object) -> frozenset[str]:
    """The numbers in what the person saved before, such as answers and body data, for `Facts.said`.

    >>> sorted(numbers_on_record({"goals": [{"goal_type": "fat_loss"}], "target_weight_kg": 62.0, "sure": True}))
    ['62']
    """
    if isinstance(data, Mapping):
        data = list(cast(Mapping[object, object], data).values())
    if isinstance(data, list | tuple):
        return frozenset[str]().union(*map(numbers_on_record, cast(Iterable[object], data)))
    return frozenset({_plainly(data)} - {""}) if _is_number(data) else frozenset()


def numbers_allowed(facts: Facts, answer: Mapping[str, object]) -> tuple[FieldError, ...]:
    """The numbers in an answer that a model saves which only a professional, or the person, should set.

    >>> answer = {"daily_calorie_target": 1500, "protein_percentage": 30}
    >>> [error.field for error in numbers_allowed(Facts(age=16), answer)]
    ['daily_calorie_target']
    >>> numbers_allowed(Facts(age=16, said=frozenset({"1500"})), answer)
    ()
    """
    return tuple(
        FieldError(field=name, code="needs_professional", detail="is for the person or a professional to say")
        for name in FIGURES
        if _is_a_proposal(facts, name, answer.get(name))
    )


def _is_a_proposal(facts: Facts, name: str, value: object) -> bool:
    if not _is_number(value) or _plainly(value) in facts.said:
        return False
    if facts.touched - {Topic.MINOR}:
        return True
    # Not "below": a number that is none is below nothing.
    enough = value >= LEAST_KCAL_OF_A_MINOR
    return bool(facts.touched) and name == "daily_calorie_target" and not enough


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _plainly(value: float) -> str:
    # An int of a thousand digits fits no float, and nobody says it.
    return spelled(value) if -MOST_SAID < value < MOST_SAID else ""
