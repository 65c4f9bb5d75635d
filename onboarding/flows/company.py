"""The company wizard: who sets it up, what the company is, how it works together."""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from msgspec import UNSET, Meta, Struct, UnsetType, field

from onboarding.answers import Answer, NotThere, Said, Text, repeats, rule
from onboarding.flow import Flow, State
from onboarding.flows import company_words as words
from onboarding.industries import OTHER, guess_industry, hear_industry, known
from onboarding.payloads import FieldError

LONGEST_URL = 2000
DEPARTMENTS_AT_MOST = 100

_LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL}){{0,126}}\.?")
_ADDRESS = re.compile(r"[0-9a-fA-F:.]{2,45}")
_ID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_OBJECT_KEY = f"^tenants/{_ID}(/[A-Za-z0-9_-]{{1,64}}){{1,6}}\\.[a-z0-9]{{1,8}}$"


def _no_industry(key: object) -> tuple[str, str] | None:
    if isinstance(key, str) and (key == OTHER or known(key)):
        return None
    return "unknown_industry", f"must be the key of an industry, or {OTHER}"


def _no_url(text: object) -> tuple[str, str] | None:
    return None if isinstance(text, str) and is_web_url(text) else ("bad_url", "must be an http or https URL")


def is_web_url(text: str) -> bool:
    """Whether a text is an absolute http(s) URL with a host, and without a user or a password.

    Whether anybody should go there is asked by whoever does.
    """
    if "\\" in text or any(c.isspace() or not c.isprintable() for c in text):
        return False
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    if parts.scheme not in ("http", "https") or "@" in parts.netloc or port == 0:
        return False
    of_v6 = parts.netloc.startswith("[")
    return bool(len(host) <= 253 and (_ADDRESS if of_v6 else _HOST).fullmatch(host))


Industry = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=64,
        extra={"check": _no_industry, "hear": hear_industry, "guess": guess_industry, "said": words.INDUSTRY},
    ),
]
ObjectKey = Annotated[str, Meta(max_length=300, pattern=_OBJECT_KEY, extra={"said": words.LOGO})]
WebUrl = Annotated[
    str, Meta(min_length=1, max_length=LONGEST_URL, extra={"check": _no_url, "said": words.WEBSITE})
]
Size = Literal["startup", "small", "medium", "large", "enterprise"]
"""People: 1 to 10, to 50, to 200, to 1000, and more."""
Integration = Literal["slack", "teams", "email", "jira", "asana", "trello", "notion", "github"]
INTEGRATIONS = 8


def _paragraphs(said: Said) -> Meta:
    return Meta(min_length=0, max_length=500, extra={"lines": True, "said": said})


class Welcome(Answer, frozen=True, kw_only=True):
    """Who sets the company up; `custom_role` names a role that the others do not."""

    role: Annotated[
        Literal["ceo", "manager", "team_lead", "individual", "custom"], Meta(extra={"said": words.ROLE})
    ]
    custom_role: (
        Annotated[str, Meta(min_length=1, max_length=200, extra={"said": words.CUSTOM_ROLE})] | UnsetType | None
    ) = UNSET
    experience_level: Annotated[
        Literal["beginner", "intermediate", "advanced"], Meta(extra={"said": words.EXPERIENCE_LEVEL})
    ]

    @rule
    def a_custom_role_has_a_name(self) -> Iterator[FieldError]:
        """Another role than those that are listed must be named."""
        if self.role == "custom" and not self.custom_role:
            yield FieldError(field="custom_role", code="required", detail="is required where the role is custom")


class Company(Answer, frozen=True, kw_only=True):
    """What the company is. `logo` is the key of a picture that the person has uploaded."""

    name: Annotated[str, Meta(min_length=2, max_length=100, extra={"said": words.NAME})]
    industry: Industry
    size: Annotated[Size, Meta(extra={"said": words.SIZE})]
    description: Annotated[str, _paragraphs(words.DESCRIPTION)] | UnsetType | None = UNSET
    logo: ObjectKey | UnsetType | None = UNSET
    website: WebUrl | UnsetType | None = UNSET


class Department(Struct, frozen=True, kw_only=True):
    """A part of the company; `parent` is the name of the department that it belongs to."""

    name: Text
    description: Annotated[str, _paragraphs(words.DEPARTMENT)] | UnsetType | None = UNSET
    parent: Annotated[Text, Meta(extra={"said": words.PARENT})] | UnsetType | None = UNSET


class Organization(Answer, frozen=True, kw_only=True):
    """How the company works together."""

    team_size: Annotated[int, Meta(ge=1, le=10_000, extra={"said": words.TEAM_SIZE})]
    structure: Annotated[Literal["hierarchical", "flat", "matrix"], Meta(extra={"said": words.STRUCTURE})]
    methodology: Annotated[Literal["okrs", "kpis", "custom"], Meta(extra={"said": words.METHODOLOGY})]
    collaboration_style: Annotated[
        Literal["centralized", "distributed", "hybrid"], Meta(extra={"said": words.COLLABORATION_STYLE})
    ]
    integrations: Annotated[
        list[Integration],
        Meta(
            max_length=INTEGRATIONS,
            extra={"unique": True, "said": words.INTEGRATIONS},
            extra_json_schema={"uniqueItems": True},
        ),
    ] = field(default_factory=list)
    departments: Annotated[
        list[Department], Meta(max_length=DEPARTMENTS_AT_MOST, extra={"said": words.DEPARTMENTS})
    ] = field(default_factory=list)

    @rule
    def no_department_twice(self) -> Iterator[FieldError]:
        """However its name is written."""
        return repeats("departments[{}].name", self.departments, lambda each: each.name.casefold())

    @rule
    def parents_are_departments(self) -> Iterator[FieldError]:
        """A parent is another department of the list. With a name that failed, nobody knows which it was to be."""
        names = {each.name.casefold() for each in self.departments}
        for index, parent in _parents(self.departments).items():
            if parent not in names:
                detail = "must be the name of another department"
                yield FieldError(field=f"departments[{index}].parent", code="unknown_department", detail=detail)

    @rule
    def no_department_above_itself(self) -> Iterator[FieldError]:
        """Whoever goes up from a department comes to an end."""
        for index in _in_circles(self.departments):
            detail = "must not be below the department itself"
            yield FieldError(field=f"departments[{index}].parent", code="cycle", detail=detail)


def _parents(departments: list[Department]) -> dict[int, str]:
    """By index, the folded name of the parent of each department that has one."""
    found: dict[int, str] = {}
    for index, each in enumerate(departments):
        with suppress(NotThere):
            if each.parent:
                found[index] = each.parent.casefold()
    return found


def _in_circles(departments: list[Department]) -> list[int]:
    """The departments that are above themselves, by index."""
    by_name: dict[str, int] = {}
    for index, each in enumerate(departments):
        with suppress(NotThere):
            by_name.setdefault(each.name.casefold(), index)
    above = {index: by_name[name] for index, name in _parents(departments).items() if name in by_name}
    return [index for index in above if index in _way_up(above, index)]


def _way_up(above: Mapping[int, int], index: int) -> set[int]:
    """All that is above, as far as it is new."""
    met: set[int] = set()
    while index in above and above[index] not in met:
        index = above[index]
        met.add(index)
    return met


def own_logo(company: Company, tenant_id: str, user_id: str) -> Iterator[FieldError]:
    """A logo lies among the tenant's files, and not among those of another person."""
    if not company.logo:
        return
    tenant, *below = company.logo.split("/")[1:]
    if tenant != tenant_id or (below[0] == "users" and below[1:2] != [user_id]):
        yield FieldError(field="logo", code="not_yours", detail="must be the key of a picture that you uploaded")


def _state(number: int, key: str, answer: type[Answer], example: Mapping[str, Any], **more: Any) -> State:
    english, spanish = words.WORDINGS[key]
    return State(
        number=number,
        key=key,
        agent=words.SPEAKERS[key],
        title=english.title,
        description=english.description,
        opener=english.opener,
        why_we_ask=english.why_we_ask,
        wordings={"es": spanish},
        answer=answer,
        example=example,
        **more,
    )


COMPANY = Flow(
    key="company",
    version=1,
    title="Company onboarding",
    agents=words.AGENTS,
    states=(
        _state(1, "welcome", Welcome, {"role": "ceo", "experience_level": "intermediate"}),
        _state(
            2,
            "company",
            Company,
            {"name": "Ñandú & O'Neill", "industry": OTHER, "size": "small", "website": "https://example.org"},
            owned=(own_logo,),
        ),
        _state(
            3,
            "organization",
            Organization,
            {
                "team_size": 12,
                "structure": "flat",
                "methodology": "okrs",
                "collaboration_style": "hybrid",
                "integrations": ["slack", "github"],
                "departments": [{"name": "Engineering"}, {"name": "Platform", "parent": "Engineering"}],
            },
        ),
    ),
)
