"""A flow of a company, with the ways to speak that fitness has no use for."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

from onboarding.answers import Answer, Said, Text
from onboarding.flow import Flow, State


def sector(text: str, locale: str) -> str | None:
    """A reader of its own: it knows two sectors."""
    words = text.casefold()
    return next(
        (key for word, key in (("bread", "bakery"), ("pan", "bakery"), ("car", "cars")) if word in words), None
    )


SIZE = Said(
    ranges={"small": (1, 10), "medium": (11, 50), "large": (51, 10_000)},
    cues=("people", "employees", "staff", "we are", "personas", "empleados", "somos"),
)


class Shop(Answer, frozen=True, kw_only=True):
    """What it is."""

    name: Annotated[
        str,
        Meta(
            min_length=2,
            max_length=100,
            extra={"said": Said(cues=("called", "named", "name is", "se llama", "llamamos"))},
        ),
    ]
    sector: Annotated[str, Meta(max_length=50, extra={"hear": sector, "said": Said(cues=("we make", "hacemos"))})]
    size: Annotated[Literal["small", "medium", "large"], Meta(extra={"said": SIZE})]
    website: Annotated[str, Meta(max_length=2000)] | UnsetType | None = UNSET


class Part(Struct, frozen=True, kw_only=True):
    """A part of it."""

    name: Text
    parent: Annotated[
        Text | UnsetType | None,
        Meta(extra={"said": Said(cues=("under", "part of", "belongs to", "dentro de", "bajo"))}),
    ] = UNSET


class Place(Struct, frozen=True, kw_only=True):
    """Where it is."""

    city: Text
    floor: Annotated[int, Meta(ge=0, le=99)]


class Team(Answer, frozen=True, kw_only=True):
    """How it works."""

    team_size: Annotated[int, Meta(ge=1, le=10_000, extra={"said": Said(cues=("people", "of us", "personas"))})]
    tools: list[Literal["slack", "email", "github"]]
    parts: Annotated[
        list[Part], Meta(max_length=20, extra={"said": Said(cues=("departments", "departamentos"))})
    ] = field(default_factory=list)


class Where(Answer, frozen=True, kw_only=True):
    """A group that is not in a list."""

    place: Place


def _state(number: int, key: str, answer: type[Answer], example: dict[str, object]) -> State:
    return State(
        number=number,
        key=key,
        title=key,
        agent="guide",
        description=key,
        opener=f"{key}?",
        why_we_ask="To see that any flow works.",
        answer=answer,
        example=example,
    )


SHOP = Flow(
    key="shop",
    version=1,
    title="A shop",
    states=(
        _state(1, "shop", Shop, {"name": "Ñandú", "sector": "bakery", "size": "small"}),
        _state(2, "team", Team, {"team_size": 3, "tools": []}),
        _state(3, "where", Where, {"place": {"city": "Lugo", "floor": 2}}),
    ),
)
