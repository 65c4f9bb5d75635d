"""The industries that a company may be in: `/industries` of the company wizard, in camelCase like all of it."""

import hashlib
from typing import Annotated, Any, cast

import msgspec
from litestar import Controller, MediaType, Response, get
from litestar.openapi import ResponseSpec
from litestar.params import FromQuery, HeaderParameter, QueryParameter
from msgspec import Struct

from api.deps import SignedIn, WithDeps
from api.problems import Code, ProblemError
from db import industries
from onboarding.industries import SECTIONS, Industry, Section, section_called
from onboarding.payloads import FieldError
from onboarding.people import Locale

CACHED_SECONDS = 3600

Words = Annotated[
    str | None,
    QueryParameter(
        max_length=100,
        pattern=r"^[^\x00]*$",
        description="Words in English or Spanish, a key or a code; accents and small mistakes do not matter.",
    ),
]
Category = Annotated[
    str | None, QueryParameter(max_length=64, description="A category's key, or its letter in ISIC Rev. 4.")
]
IfNoneMatch = Annotated[
    str | None,
    HeaderParameter(name="If-None-Match", max_length=400, description="The `ETag` of the answer that is kept."),
]


class CategoryOut(Struct, frozen=True, kw_only=True, rename="camel"):
    """A section of ISIC Rev. 4; `code` is its letter."""

    key: str
    code: str
    name: str


class AiContextOut(Struct, frozen=True, kw_only=True, rename="camel"):
    """Topics of the trade, and what it is measured by."""

    keywords: list[str]
    metrics: list[str]


class IndustryOut(Struct, frozen=True, kw_only=True, rename="camel"):
    """A division of ISIC Rev. 4; `key` is what an answer stores."""

    key: str
    code: str
    name: str
    category: CategoryOut
    synonyms: list[str]
    ai_context: AiContextOut


class IndustriesOut(Struct, frozen=True, kw_only=True, rename="camel"):
    """What was found, best first, and all the categories to choose from."""

    industries: list[IndustryOut]
    categories: list[CategoryOut]
    total: int


class IndustriesController(Controller):
    """The industries."""

    path = "/onboarding"
    tags = ("wizard",)

    @get(
        "/industries",
        responses={304: ResponseSpec(None, description="What `If-None-Match` names is still so.")},
    )
    async def search(
        self,
        deps: WithDeps,
        principal: SignedIn,
        q: Words = None,
        category: Category = None,
        locale: FromQuery[Locale | None] = None,
        if_none_match: IfNoneMatch = None,
    ) -> Response[IndustriesOut]:
        """The industries that are called so, best first; without `q` all of them, in the order of their codes.

        The names are in `locale`, by default in the person's own language; both languages are searched.
        """
        section, spoken = _section(category), locale or principal.locale
        async with deps.database.transaction(principal.caller) as connection:
            found = await industries.search(connection, q, section and section.code, spoken)
        body = msgspec.json.encode(
            IndustriesOut(
                industries=[_industry_out(industry, spoken) for industry in found],
                categories=[_category_out(each, spoken) for each in SECTIONS.values()],
                total=len(found),
            )
        )
        return _unless_kept(body, if_none_match)


def _section(category: str | None) -> Section | None:
    if not category:
        return None
    section = section_called(category)
    if section is None:
        error = FieldError(field="category", code="not_allowed", detail="is none of the known ones")
        raise ProblemError(400, Code.VALIDATION_ERROR, "The request is not valid.", errors=(error,))
    return section


def _unless_kept(body: bytes, if_none_match: str | None) -> Response[IndustriesOut]:
    """The body, or 304 for who has it already."""
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {
        "ETag": tag,
        "Cache-Control": f"private, max-age={CACHED_SECONDS}",
        # Without `locale` it is in the language of whoever asks.
        "Vary": "Authorization",
    }
    kept = {each.strip().removeprefix("W/") for each in (if_none_match or "").split(",")}
    if kept & {tag, "*"}:
        return Response(cast(Any, None), status_code=304, headers=headers)
    return Response(cast(Any, body), media_type=MediaType.JSON, headers=headers)


def _industry_out(industry: Industry, locale: str) -> IndustryOut:
    return IndustryOut(
        key=industry.key,
        code=industry.code,
        name=industry.name[locale],
        category=_category_out(SECTIONS[industry.section], locale),
        synonyms=list(industry.synonyms[locale]),
        ai_context=AiContextOut(
            keywords=list(industry.ai_context.keywords[locale]), metrics=list(industry.ai_context.metrics[locale])
        ),
    )


def _category_out(section: Section, locale: str) -> CategoryOut:
    return CategoryOut(key=section.key, code=section.code, name=section.name[locale])
