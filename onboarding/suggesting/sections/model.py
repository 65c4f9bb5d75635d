"""What the rules know of a section of industry."""

from typing import Literal, NamedTuple

from msgspec import Struct

from onboarding.suggesting.facts import Facts, Size, Words
from onboarding.suggesting.shapes import Category, KeyResult

How = Literal["up", "down", "reach", "count"]

_AMBITION: dict[Size, float] = {"startup": 1.5, "small": 1.25, "medium": 1, "large": 0.75, "enterprise": 0.5}
"""Small ones move further in the same time; what is large already moves by less."""

_ROUTINE: dict[Size, float] = {"startup": 0.85, "small": 0.92, "medium": 1, "large": 1.03, "enterprise": 1.05}
"""A share that a small one is still building, a large one has the routine to hold."""

_BREADTH: dict[Size, float] = {"startup": 0.5, "small": 0.75, "medium": 1, "large": 2, "enterprise": 4}
"""Large ones do a thing in more places."""

_TEXT: dict[How, Words] = {
    "up": ("Raise {metric} by {target}", "Aumentar {metric} un {target}"),
    "down": ("Bring {metric} down by {target}", "Reducir {metric} un {target}"),
    "reach": ("Bring {metric} to {target}", "Llevar {metric} al {target}"),
    "count": ("Get to {target}", "Llegar a {target}"),
}


class Kpi(NamedTuple):
    """A figure, and how far a company of medium size would move it: in percent, or with `count` by number."""

    how: How
    amount: int
    words: Words

    def aimed(self, size: Size) -> int:
        """How far a company of this size would."""
        match self.how:
            case "count":
                return max(round(self.amount * _BREADTH[size]), 2)
            case "reach":
                return min(round(self.amount * _ROUTINE[size]), 99)
            case _:
                return max(round(self.amount * _AMBITION[size]), 2)

    def key_result(self, facts: Facts) -> KeyResult:
        """As a key result."""
        amount, metric = self.aimed(facts.size or "medium"), facts.say(self.words)
        target = f"{amount} {metric}" if self.how == "count" else f"{amount} %"
        text = facts.say(_TEXT[self.how]).format(metric=metric, target=target)
        sign = {"up": "+", "down": "-"}.get(self.how, "")
        return KeyResult(text=text, metric=metric, target=str(amount) if self.how == "count" else sign + target)


class Lever(NamedTuple):
    """Something that moves such a company, as the end of a sentence with a verb in the infinitive."""

    aim: Words
    kpis: tuple[Kpi, Kpi]


class Section(Struct, frozen=True, kw_only=True):
    """A section of ISIC Rev. 4, or the section of those that nothing is known of.

    `field` completes "in ...", `core` are two departments that such a company lives by, `watch` is what goes wrong
    there, `rhythm` what its year or its rules are like.
    """

    field: Words
    growth: Lever
    efficiency: Lever
    innovation: Lever
    customer: Lever
    core: tuple[Words, Words]
    watch: Words
    rhythm: Words

    def lever(self, category: Category) -> Lever:
        """The lever of a kind of goals."""
        return {
            "growth": self.growth,
            "efficiency": self.efficiency,
            "innovation": self.innovation,
            "customer": self.customer,
        }[category]


def lever(english: str, spanish: str, first: Kpi, second: Kpi) -> Lever:
    """A lever with its two figures."""
    return Lever((english, spanish), (first, second))


def up(amount: int, english: str, spanish: str) -> Kpi:
    """A figure to raise by some percent."""
    return Kpi("up", amount, (english, spanish))


def down(amount: int, english: str, spanish: str) -> Kpi:
    """A figure to bring down by some percent."""
    return Kpi("down", amount, (english, spanish))


def reach(amount: int, english: str, spanish: str) -> Kpi:
    """A share to bring to some percent."""
    return Kpi("reach", amount, (english, spanish))


def count(amount: int, english: str, spanish: str) -> Kpi:
    """Some number of things to have."""
    return Kpi("count", amount, (english, spanish))
