"""What is known of a company and of who asks: all that a suggestion is made from."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeVar, cast, get_args
from urllib.parse import urlsplit

from msgspec import Struct

from onboarding import industries
from onboarding.suggesting.shapes import OTHER, Category

Role = Literal["ceo", "manager", "team_lead", "individual", "custom"]
Size = Literal["startup", "small", "medium", "large", "enterprise"]
Experience = Literal["beginner", "intermediate", "advanced"]
Methodology = Literal["okrs", "kpis", "custom"]
Structure = Literal["hierarchical", "flat", "matrix"]
Collaboration = Literal["centralized", "distributed", "hybrid"]
Locale = Literal["en", "es"]
Words = tuple[str, str]
"""A text in English and in Spanish."""

SURE_ENOUGH = 0.4
"""From this confidence on, a matched industry is suggested; below, it is an alternative to `other`."""

LEAD = 0.1
"""By so much the best match goes before the next one, or nobody knows which it is."""

LONGEST = 500
ChoiceT = TypeVar("ChoiceT", bound=str)

_GOALS: dict[Category, str] = {
    "growth": r"\b(grow\w*|scal\w+|expan\w+|revenue|sales|crec\w+|escalar|ingresos|ventas|facturaci\w+)\b",
    "efficiency": r"\b(cost\w*|efficien\w+|automat\w+|waste|faster|eficien\w+|ahorr\w+|desperdici\w+|gasto\w*)\b",
    "innovation": r"\b(innova\w+|launch\w*|research|prototyp\w+|lanz\w+|investig\w+|prototip\w+)\b",
    "customer": r"\b(customer\w*|client\w*|service quality|satisf\w+|retention|churn|fideli\w+|retenci\w+)\b",
}


class Facts(Struct, frozen=True, kw_only=True):
    """A company, and who asks for it. Everything may be unknown; texts are the person's own words."""

    locale: Locale = "en"
    company_name: str | None = None
    description: str | None = None
    host: str | None = None
    role: Role | None = None
    custom_role: str | None = None
    experience: Experience | None = None
    industry: str | None = None
    size: Size | None = None
    team_size: int | None = None
    structure: Structure | None = None
    methodology: Methodology | None = None
    collaboration: Collaboration | None = None
    integrations: tuple[str, ...] = ()
    departments: tuple[str, ...] = ()
    answered: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """What the company says it does, as one text. Of a website only the words of its address are known."""
        return " ".join(part for part in (self.company_name, self.description, _words(self.host)) if part)

    @property
    def known_industry(self) -> industries.Industry | None:
        """The industry that was answered; without one, what the words match well enough."""
        if self.industry is not None and self.industry != OTHER:
            return industries.INDUSTRIES.get(self.industry)
        return surely(industries.match(self.text, self.locale, 2))

    @property
    def goals(self) -> tuple[Category, ...]:
        """The kinds of goals that the description speaks of, those it mentions first in front."""
        text = (self.description or "").casefold()
        places: dict[Category, int] = {}
        for category, pattern in _GOALS.items():
            if found := re.search(pattern, text):
                places[category] = found.start()
        return tuple(sorted(places, key=lambda category: places[category]))

    def say(self, words: Words) -> str:
        """A text in the language of who asks."""
        return words[1] if self.locale == "es" else words[0]


class Inputs(Struct, frozen=True, kw_only=True):
    """What a request itself says; it goes before what the run holds."""

    company_name: str | None = None
    description: str | None = None
    website: str | None = None


def facts_of(answers: Mapping[str, Mapping[str, Any]], inputs: Inputs, locale: str) -> Facts:
    """The facts in the answers of a run of `company`, as far as there are any, and in a request."""
    welcome, company, organization = (answers.get(key, {}) for key in ("welcome", "company", "organization"))
    departments, team_size = _list(organization.get("departments")), organization.get("team_size")
    return Facts(
        locale="es" if locale == "es" else "en",
        company_name=inputs.company_name or _text(company.get("name")),
        description=inputs.description or _text(company.get("description")),
        host=host_of(inputs.website or _text(company.get("website"))),
        role=_choice(welcome.get("role"), get_args(Role)),
        custom_role=_text(welcome.get("custom_role")),
        experience=_choice(welcome.get("experience_level"), get_args(Experience)),
        industry=_text(company.get("industry")),
        size=_choice(company.get("size"), get_args(Size)),
        team_size=team_size if isinstance(team_size, int) and team_size > 0 else None,
        structure=_choice(organization.get("structure"), get_args(Structure)),
        methodology=_choice(organization.get("methodology"), get_args(Methodology)),
        collaboration=_choice(organization.get("collaboration_style"), get_args(Collaboration)),
        integrations=tuple(map(str, _list(organization.get("integrations")))),
        departments=tuple(str(each.get("name", "")) for each in departments if isinstance(each, Mapping)),
        answered=tuple(answers),
    )


def surely(matched: Sequence[tuple[industries.Industry, float]]) -> industries.Industry | None:
    """The best match, when it is good enough and well before the next one."""
    if not matched or matched[0][1] < SURE_ENOUGH:
        return None
    (best, confidence), *rest = matched
    return best if not rest or confidence - rest[0][1] >= LEAD else None


def host_of(website: str | None) -> str | None:
    """The host of an address, without `www`; None for what is no address."""
    try:
        host = urlsplit(website or "").hostname
    except ValueError:
        return None
    return host.removeprefix("www.")[:255] if host else None


def _words(host: str | None) -> str:
    """What the name of a host says: its parts, without the last, which is where it is registered.

    >>> _words("nice-bakery.example.co")
    'nice bakery example'
    """
    return " ".join(re.split(r"[.\-_]", host)[:-1]) if host else ""


def _text(value: object) -> str | None:
    return value[:LONGEST] if isinstance(value, str) and value else None


def _list(value: object) -> list[Any]:
    return cast(list[Any], value) if isinstance(value, list) else []


def _choice(value: object, choices: tuple[ChoiceT, ...]) -> ChoiceT | None:
    return next((each for each in choices if each == value), None)
