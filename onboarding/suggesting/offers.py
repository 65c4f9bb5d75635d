"""What a model may offer, and what of it is taken. A model's answer is as untrusted as a form."""

import re
import unicodedata
from collections.abc import Sequence
from typing import Annotated, cast

import msgspec
from msgspec import Meta, Struct

from onboarding import industries
from onboarding.suggesting.facts import SURE_ENOUGH, Facts
from onboarding.suggesting.industry import ALTERNATIVES_AT_MOST, named, unsure
from onboarding.suggesting.shapes import (
    OTHER,
    Category,
    IndustryInsight,
    ItemT,
    Kind,
    NextStep,
    OkrSuggestion,
    Priority,
    SuggestedIndustry,
    Suggestions,
    TeamStructureAdvice,
)

_Line = Annotated[str, Meta(min_length=1, max_length=160)]
_Lines = Annotated[str, Meta(min_length=1, max_length=400)]
_Figure = Annotated[str, Meta(min_length=1, max_length=60)]
_Confidence = Annotated[float, Meta(description="From 0 to 1.")]
_Key = Annotated[str, Meta(min_length=1, max_length=64, examples=[OTHER])]

_ACTIVE = re.compile(r"<[A-Za-z/!?]|\]\(|://|\bjavascript:", re.IGNORECASE)
"""What a viewer could take for a tag or a link: a suggestion has neither."""


class Unusable(Exception):
    """What a model offers cannot be shown; the message says why, without quoting it."""


class OfferedIndustry(Struct, frozen=True, kw_only=True):
    """An industry by its key."""

    key: _Key
    confidence: _Confidence
    rationale: _Lines


class IndustryOffer(Struct, frozen=True, kw_only=True):
    """The best one, and others that it may be."""

    best: OfferedIndustry
    alternatives: Annotated[list[OfferedIndustry], Meta(max_length=10)] = []


class OfferedKeyResult(Struct, frozen=True, kw_only=True):
    """A key result."""

    text: _Line
    metric: _Line
    target: _Figure


class OfferedOkr(Struct, frozen=True, kw_only=True):
    """An objective."""

    objective: _Line
    key_results: Annotated[list[OfferedKeyResult], Meta(min_length=1, max_length=5)]
    category: Category
    priority: Priority
    rationale: _Lines


class OkrOffer(Struct, frozen=True, kw_only=True):
    """Objectives."""

    okrs: Annotated[list[OfferedOkr], Meta(min_length=3, max_length=5)]


class OfferedAdvice(Struct, frozen=True, kw_only=True):
    """Advice."""

    title: _Line
    description: _Lines
    priority: Priority
    rationale: _Lines


class AdviceOffer(Struct, frozen=True, kw_only=True):
    """Advice about the team."""

    advice: Annotated[list[OfferedAdvice], Meta(min_length=1, max_length=5)]


class OfferedStep(Struct, frozen=True, kw_only=True):
    """A step. Where it leads in the app is not the model's to say."""

    title: _Line
    description: _Lines
    priority: Priority
    estimated_minutes: Annotated[int, Meta(ge=1, le=480)]


class StepsOffer(Struct, frozen=True, kw_only=True):
    """Steps."""

    steps: Annotated[list[OfferedStep], Meta(min_length=3, max_length=7)]


class OfferedInsight(Struct, frozen=True, kw_only=True):
    """An insight."""

    title: _Line
    description: _Lines
    metric: _Line | None = None


class InsightsOffer(Struct, frozen=True, kw_only=True):
    """Insights."""

    insights: Annotated[list[OfferedInsight], Meta(min_length=1, max_length=6)]


Offer = IndustryOffer | OkrOffer | AdviceOffer | StepsOffer | InsightsOffer

OFFERS: dict[Kind, type[Offer]] = {
    "industry": IndustryOffer,
    "okrs": OkrOffer,
    "team_structure": AdviceOffer,
    "next_steps": StepsOffer,
    "insights": InsightsOffer,
}
"""What a model is asked to answer with, by kind."""


def taken(offer: Offer, facts: Facts) -> Suggestions:
    """The suggestions in an offer.

    Raises:
        Unusable: a text is not plain, or the industry is none of those known.
    """
    offer = msgspec.convert(_plain(msgspec.to_builtins(offer)), type(offer))
    match offer:
        case IndustryOffer():
            suggested, alternatives = _industry(offer, facts)
            return Suggestions(suggested_industry=suggested, alternatives=alternatives)
        case OkrOffer():
            return Suggestions(suggested_okrs=_items(offer.okrs, OkrSuggestion))
        case AdviceOffer():
            return Suggestions(team_structure_advice=_items(offer.advice, TeamStructureAdvice))
        case StepsOffer():
            return Suggestions(next_steps=_items(offer.steps, NextStep))
        case InsightsOffer():
            return Suggestions(industry_insights=_items(offer.insights, IndustryInsight))


def _industry(offer: IndustryOffer, facts: Facts) -> tuple[SuggestedIndustry, tuple[SuggestedIndustry, ...]]:
    best = offer.best
    if best.key != OTHER and not industries.known(best.key):
        raise Unusable("an unknown industry")
    # An alternative that is not known is no harm to the others.
    keyed = {each.key: each for each in [best, *offer.alternatives] if industries.known(each.key)}
    offered = [_offered(facts, each) for each in keyed.values()]
    if best.key == OTHER or best.confidence < SURE_ENOUGH:
        guess = 0.0 if best.key == OTHER else max(best.confidence, 0.0)
        return unsure(facts, guess, best.rationale), tuple(offered[:ALTERNATIVES_AT_MOST])
    first, *rest = offered
    return first, tuple(rest[:ALTERNATIVES_AT_MOST])


def _offered(facts: Facts, offered: OfferedIndustry) -> SuggestedIndustry:
    return named(facts, industries.INDUSTRIES[offered.key], offered.confidence, offered.rationale)


def _items(offered: Sequence[Struct], kind: type[ItemT]) -> tuple[ItemT, ...]:
    return tuple(msgspec.convert(msgspec.to_builtins(each), kind) for each in offered)


def _plain(data: object) -> object:
    """The same with every text on one line, if all of them are plain."""
    match data:
        case str():
            text = " ".join(data.split())
            if not text:
                raise Unusable("an empty text")
            if _ACTIVE.search(text):
                raise Unusable("a text with markup or a link")
            if any(unicodedata.category(character) in {"Cc", "Cs"} for character in text):
                raise Unusable("a text with control characters")
            return text
        case dict():
            return {name: _plain(value) for name, value in cast(dict[str, object], data).items()}
        case list():
            return [_plain(value) for value in cast(list[object], data)]
        case _:
            return data
