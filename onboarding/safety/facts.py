"""What is known of a person that binds what agents say to them, and which numbers a model may save."""

from collections.abc import Iterable, Mapping
from typing import TypeGuard, cast

from msgspec import Struct

from onboarding.payloads import FieldError
from onboarding.safety.figures import Figure
from onboarding.safety.topics import ADULT_FROM, Topic
from onboarding.safety.words import spelled

LEAST_KCAL_OF_A_MINOR = 1800
"""Kilocalories a day; below, no target is proposed to somebody under 18."""

MOST_SAID = 1_000_000
"""No answer has a larger number."""

_NUMBERS = ("daily_calorie_target", "target_weight_kg", "target_body_fat_percentage")


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
        for name in _NUMBERS
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
