"""What can be suggested, item by item."""

import uuid
from typing import Literal, TypeVar, cast, get_args

import msgspec
from msgspec import Struct
from msgspec.structs import replace

Kind = Literal["industry", "okrs", "team_structure", "next_steps", "insights"]
AskedKind = Kind | Literal["all"]
Source = Literal["model", "rules", "cache"]
Category = Literal["growth", "efficiency", "innovation", "customer"]
Priority = Literal["high", "medium", "low"]
Verdict = Literal["accepted", "edited", "rejected"]

KINDS: tuple[Kind, ...] = get_args(Kind)
OTHER = "other"
"""The key of an industry that is none of those known."""

ItemT = TypeVar("ItemT", bound="Item")


class Item(Struct, frozen=True, kw_only=True):
    """The base of what a person can accept, edit or reject. It gets its `id` with the suggestion's."""

    id: str = ""


class SuggestedIndustry(Item, frozen=True, kw_only=True):
    """An industry by its key, with how sure that is, 0 to 1."""

    key: str
    name: str
    confidence: float
    rationale: str


class KeyResult(Struct, frozen=True, kw_only=True):
    """How one sees that an objective is reached."""

    text: str
    metric: str
    target: str


class OkrSuggestion(Item, frozen=True, kw_only=True):
    """An objective with its key results."""

    objective: str
    key_results: tuple[KeyResult, ...]
    category: Category
    priority: Priority
    rationale: str


class TeamStructureAdvice(Item, frozen=True, kw_only=True):
    """Something about how the team is cut."""

    title: str
    description: str
    priority: Priority
    rationale: str


class NextStep(Item, frozen=True, kw_only=True):
    """Something to do next; `href` is a path of the app."""

    title: str
    description: str
    priority: Priority
    estimated_minutes: int
    href: str | None = None


class IndustryInsight(Item, frozen=True, kw_only=True):
    """Something about the industry; `metric` is what one would look at."""

    title: str
    description: str
    metric: str | None = None


class Suggestions(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was suggested. None is what was not asked for."""

    suggested_industry: SuggestedIndustry | None = None
    alternatives: tuple[SuggestedIndustry, ...] | None = None
    suggested_okrs: tuple[OkrSuggestion, ...] | None = None
    team_structure_advice: tuple[TeamStructureAdvice, ...] | None = None
    next_steps: tuple[NextStep, ...] | None = None
    industry_insights: tuple[IndustryInsight, ...] | None = None


FIELD_OF: dict[Kind, str] = {
    "industry": "suggested_industry",
    "okrs": "suggested_okrs",
    "team_structure": "team_structure_advice",
    "next_steps": "next_steps",
    "insights": "industry_insights",
}
"""The field of `Suggestions` that a kind fills; `alternatives` go with the industry."""


def kinds_of(asked: AskedKind) -> tuple[Kind, ...]:
    """The kinds that are asked for."""
    return KINDS if asked == "all" else (asked,)


def joined(first: Suggestions, second: Suggestions) -> Suggestions:
    """Both; of what both have, the second."""
    given = {name: value for name, value in msgspec.structs.asdict(second).items() if value is not None}
    return replace(first, **given)


def items_of(suggestions: Suggestions) -> dict[str, Item]:
    """Every item by its id."""
    found: dict[str, Item] = {}
    for value in msgspec.structs.asdict(suggestions).values():
        items: tuple[Item, ...] = value if isinstance(value, tuple) else (value,) if value is not None else ()
        found |= {item.id: item for item in items}
    return found


def numbered(suggestion_id: str, suggestions: Suggestions) -> Suggestions:
    """The same with an id for each item, which follows from the suggestion's and the item's place.

    So whoever makes the same items of the same suggestion, the API or a worker, gives them the same ids.
    """
    space = uuid.UUID(suggestion_id)

    def one(item: ItemT, place: str) -> ItemT:
        return replace(item, id=str(uuid.uuid5(space, place)))

    changed: dict[str, object] = {}
    for name, value in msgspec.structs.asdict(suggestions).items():
        if isinstance(value, Item):
            changed[name] = one(value, name)
        elif value is not None:
            items = cast(tuple[Item, ...], value)
            changed[name] = tuple(one(item, f"{name}/{index}") for index, item in enumerate(items))
    return replace(suggestions, **changed)


def source_of(sources: dict[Kind, Source]) -> Source:
    """Where an answer as a whole comes from: one part by rules makes it one by rules."""
    found = set(sources.values())
    return "rules" if "rules" in found or not found else "cache" if found == {"cache"} else "model"
