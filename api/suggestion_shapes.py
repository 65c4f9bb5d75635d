"""The bodies and answers of suggestions, in the camelCase that the company wizard speaks."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType, field

from api.body import Body
from db.suggestions import Suggestion
from onboarding import industries
from onboarding.answers import Answer, rule
from onboarding.payloads import FieldError
from onboarding.suggesting.shapes import (
    Category,
    IndustryInsight,
    Item,
    Kind,
    NextStep,
    OkrSuggestion,
    Priority,
    Source,
    SuggestedIndustry,
    Suggestions,
    TeamStructureAdvice,
)

_TAG = re.compile(r"<[A-Za-z/!?]")


def _is_web_address(text: str) -> tuple[str, str] | None:
    wrong = "bad_format", "must be the address of a website, http or https"
    try:
        parts = urlsplit(text)
        # Looked at for its own sake: it is no number, or none that a port can have.
        _ = parts.port
    except ValueError:
        return wrong
    plain = parts.scheme in ("http", "https") and parts.hostname and "@" not in parts.netloc
    return None if plain and not any(c.isspace() for c in text) else wrong


def _is_plain(text: str) -> tuple[str, str] | None:
    """For a text of several lines, which the other rules for texts do not know."""
    if _TAG.search(text):
        return "markup", "must be plain text without tags"
    if any(unicodedata.category(c) in {"Cc", "Cs"} and c not in "\r\n\t" for c in text):
        return "control_character", "must not contain control characters"
    return None


def _is_known(key: str) -> tuple[str, str] | None:
    return None if industries.known(key) else ("not_allowed", "is not the key of a known industry")


class AiSuggestionsBody(Body, frozen=True, kw_only=True):
    """What is to be suggested, and what to go by beside the answers of the run."""

    kind: Literal["industry", "okrs", "team_structure", "next_steps", "insights", "all"]
    sessionId: Annotated[str, Meta(min_length=1, max_length=64)] | UnsetType | None = UNSET
    companyName: Annotated[str, Meta(min_length=2, max_length=100)] | UnsetType | None = UNSET
    description: (
        Annotated[str, Meta(max_length=500, extra={"verbatim": True, "check": _is_plain})] | UnsetType | None
    ) = UNSET
    website: (
        Annotated[str, Meta(min_length=1, max_length=2000, extra={"check": _is_web_address})] | UnsetType | None
    ) = UNSET


class FeedbackBody(Body, frozen=True, kw_only=True):
    """What somebody makes of an item; with `edited`, `value` holds the fields that they changed."""

    itemId: Annotated[str, Meta(min_length=1, max_length=64)]
    verdict: Literal["accepted", "edited", "rejected"]
    value: dict[str, Any] | UnsetType | None = UNSET

    @rule
    def _value_with_edited(self) -> Iterator[FieldError]:
        """Nothing else has one."""
        if self.verdict == "edited" and not self.value:
            yield FieldError(field="value", code="required", detail="is required where something is edited")
        if self.verdict != "edited" and self.value:
            yield FieldError(field="value", code="not_allowed", detail="is only for what is edited")


_Line = Annotated[str, Meta(min_length=1, max_length=200)]
_Lines = Annotated[str, Meta(min_length=1, max_length=500)]


class KeyResultEdit(Answer, frozen=True, kw_only=True):
    """A key result as somebody wants it."""

    text: _Line
    metric: _Line
    target: _Line


class OkrEdit(Answer, frozen=True, kw_only=True):
    """What can be changed of an objective."""

    objective: _Line | UnsetType | None = UNSET
    keyResults: Annotated[list[KeyResultEdit], Meta(min_length=1, max_length=5)] | UnsetType | None = UNSET
    category: Category | UnsetType | None = UNSET
    priority: Priority | UnsetType | None = UNSET
    rationale: _Lines | UnsetType | None = UNSET


class IndustryEdit(Answer, frozen=True, kw_only=True):
    """Another industry."""

    key: Annotated[str, Meta(min_length=1, max_length=64, extra={"check": _is_known})]


class AdviceEdit(Answer, frozen=True, kw_only=True):
    """What can be changed of advice."""

    title: _Line | UnsetType | None = UNSET
    description: _Lines | UnsetType | None = UNSET
    priority: Priority | UnsetType | None = UNSET


class StepEdit(Answer, frozen=True, kw_only=True):
    """What can be changed of a step."""

    title: _Line | UnsetType | None = UNSET
    description: _Lines | UnsetType | None = UNSET
    priority: Priority | UnsetType | None = UNSET
    estimatedMinutes: Annotated[int, Meta(ge=1, le=10_000)] | UnsetType | None = UNSET


class InsightEdit(Answer, frozen=True, kw_only=True):
    """What can be changed of an insight."""

    title: _Line | UnsetType | None = UNSET
    description: _Lines | UnsetType | None = UNSET
    metric: _Line | UnsetType | None = UNSET


EDITS: dict[type[Item], type[Answer]] = {
    OkrSuggestion: OkrEdit,
    SuggestedIndustry: IndustryEdit,
    TeamStructureAdvice: AdviceEdit,
    NextStep: StepEdit,
    IndustryInsight: InsightEdit,
}
"""How each kind of item is edited."""

_SNAKE = {"keyResults": "key_results", "estimatedMinutes": "estimated_minutes"}


def edited(item: Item, edit: Answer, locale: str) -> Item:
    """The whole item with what was changed in it."""
    changes = {_SNAKE.get(name, name): value for name, value in msgspec.to_builtins(edit).items()}
    if isinstance(item, SuggestedIndustry):
        changes["name"] = industries.INDUSTRIES[changes["key"]].name[locale]
    return msgspec.convert({**msgspec.to_builtins(item), **changes}, type(item))


class SuggestedIndustryOut(Struct, frozen=True, kw_only=True, rename="camel"):
    """An industry by its key; `confidence` from 0 to 1."""

    id: str
    key: str
    name: str
    confidence: float
    rationale: str


class KeyResultOut(Struct, frozen=True, kw_only=True, rename="camel"):
    """How one sees that an objective is reached."""

    text: str
    metric: str
    target: str


class OKRSuggestionOut(Struct, frozen=True, kw_only=True, rename="camel"):
    """An objective with its key results."""

    id: str
    objective: str
    key_results: list[KeyResultOut]
    category: Category
    priority: Priority
    rationale: str


class TeamStructureAdviceOut(Struct, frozen=True, kw_only=True, rename="camel"):
    """Something about how the team is cut."""

    id: str
    title: str
    description: str
    priority: Priority
    rationale: str


class NextStepOut(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Something to do next; `href` is a path of the app."""

    id: str
    title: str
    description: str
    priority: Priority
    estimated_minutes: int
    href: str | UnsetType = UNSET


class IndustryInsightOut(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Something about the industry; `metric` is what one would look at."""

    id: str
    title: str
    description: str
    metric: str | UnsetType = UNSET


class SuggestionsOut(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What is suggested. `source` is `rules` as soon as one part is by rules; `sources` says it by kind."""

    suggestion_id: str
    source: Source
    sources: dict[Kind, Source]
    budget_exhausted: bool = False
    suggested_industry: SuggestedIndustryOut | UnsetType = UNSET
    alternatives: list[SuggestedIndustryOut] | UnsetType = UNSET
    suggested_okrs: list[OKRSuggestionOut] | UnsetType = field(default=UNSET, name="suggestedOKRs")
    team_structure_advice: list[TeamStructureAdviceOut] | UnsetType = UNSET
    next_steps: list[NextStepOut] | UnsetType = UNSET
    industry_insights: list[IndustryInsightOut] | UnsetType = UNSET


class RecommendationsOut(Struct, frozen=True, kw_only=True, rename="camel"):
    """What a run recommends, the newest of each kind; `suggestionIds` say by kind where feedback goes."""

    industry_insights: list[IndustryInsightOut] = []
    suggested_okrs: list[OKRSuggestionOut] = field(default_factory=list, name="suggestedOKRs")
    team_structure_advice: list[TeamStructureAdviceOut] = []
    next_steps: list[NextStepOut] = []
    suggestion_ids: dict[Kind, str] = {}


class FeedbackOut(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What somebody made of an item; `value` is the whole item as they edited it."""

    suggestion_id: str
    item_id: str
    verdict: Literal["accepted", "edited", "rejected"]
    value: dict[str, Any] | UnsetType = UNSET


ItemOut = SuggestedIndustryOut | OKRSuggestionOut | TeamStructureAdviceOut | NextStepOut | IndustryInsightOut


def suggestions_out(suggestion: Suggestion) -> SuggestionsOut:
    """A settled suggestion as the API shows it."""
    assert suggestion.source is not None
    return SuggestionsOut(
        suggestion_id=suggestion.id,
        source=suggestion.source,
        sources=suggestion.sources,
        budget_exhausted=suggestion.budget_exhausted,
        **_fields(suggestion.items),
    )


def recommendations_out(stored: Mapping[str, Any] | None) -> RecommendationsOut | None:
    """What a run recommends, as it is kept with the run, in the names of the API."""
    if not stored:
        return None
    items = msgspec.convert(stored, Suggestions)
    return RecommendationsOut(**_fields(items), suggestion_ids=dict(stored.get("suggestion_ids", {})))


def item_out(item: Item) -> ItemOut:
    """An item as the API shows it."""
    return msgspec.convert(shown(item), _OUT[type(item)])


_OUT: dict[type[Item], type[ItemOut]] = {
    SuggestedIndustry: SuggestedIndustryOut,
    OkrSuggestion: OKRSuggestionOut,
    TeamStructureAdvice: TeamStructureAdviceOut,
    NextStep: NextStepOut,
    IndustryInsight: IndustryInsightOut,
}
_CAMEL = {snake: camel for camel, snake in _SNAKE.items()}


def shown(item: Item) -> dict[str, Any]:
    """The fields of an item under the names that they have outside, without those that say nothing."""
    fields: dict[str, Any] = msgspec.to_builtins(item)
    return {_CAMEL.get(name, name): value for name, value in fields.items() if value is not None}


def _fields(items: Suggestions) -> dict[str, Any]:
    given = {name: value for name, value in msgspec.structs.asdict(items).items() if value is not None}
    return {
        name: item_out(value) if isinstance(value, Item) else [item_out(each) for each in value]
        for name, value in given.items()
    }
