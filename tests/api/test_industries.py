"""`GET /api/onboarding/industries`: what the company wizard shows to choose from."""

import re
from typing import Any

import httpx
import pytest

from onboarding.industries import INDUSTRIES, SECTIONS
from tests.stack import Person, ok, problem, sign_up, wrong

PATH = "/api/onboarding/industries"


async def found(person: Person, **params: Any) -> Any:
    """What a search answers."""
    return ok(await person.get(PATH, params=params))


async def test_all_of_them(person: Person) -> None:
    """Without a query it is all 88 in the order of their codes, and the 21 categories."""
    body = await found(person)
    assert body.keys() == {"industries", "categories", "total"}
    assert [each["key"] for each in body["industries"]] == list(INDUSTRIES)
    assert [each["code"] for each in body["categories"]] == list(SECTIONS)
    assert body["total"] == 88
    assert await found(person, q=" ") == body


async def test_one(person: Person) -> None:
    """An industry comes with its category, synonyms and what a model should know, in camelCase."""
    body = await found(person, q="software", locale="en")
    first = body["industries"][0]
    assert first.keys() == {"key", "code", "name", "category", "synonyms", "aiContext"}
    assert (first["key"], first["code"]) == ("computer_programming", "62")
    assert first["name"] == "Computer programming, consultancy and related activities"
    assert first["category"] == {
        "key": "information_and_communication",
        "code": "J",
        "name": "Information and communication",
    }
    assert first["category"] in body["categories"]
    assert "SaaS" in first["synonyms"]
    assert "agile" in first["aiContext"]["keywords"]
    assert "Monthly recurring revenue" in first["aiContext"]["metrics"]
    assert body["total"] == len(body["industries"])


async def test_the_language(api: httpx.AsyncClient) -> None:
    """Names are in the language asked for, else in the person's own; both languages are searched in either."""
    person = await sign_up(api, locale="es")
    for params in ({"q": "bakery"}, {"q": "panaderia", "locale": "es"}):
        first = (await found(person, **params))["industries"][0]
        assert first["name"] == "Elaboración de productos alimenticios"
        assert first["category"]["name"] == "Industrias manufactureras"
    assert (await found(person, q="panadería", locale="en"))["industries"][0][
        "name"
    ] == "Manufacture of food products"


@pytest.mark.parametrize("q", ["sofware", "PROGRAMACIÓN", "programacion", "62", "computer_programming"])
async def test_slips(person: Person, q: str) -> None:
    """Accents, case and a wrong letter do not matter."""
    assert (await found(person, q=q))["industries"][0]["code"] == "62"


async def test_nothing(person: Person) -> None:
    """What nothing is called is an empty list, not an error."""
    body = await found(person, q="asdfghjk")
    assert (body["industries"], body["total"], len(body["categories"])) == ([], 0, 21)


@pytest.mark.parametrize("category", ["J", "j", "information_and_communication"])
async def test_a_category(person: Person, category: str) -> None:
    """A category by letter or key narrows both the list and a search; the other categories stay to choose from."""
    body = await found(person, category=category)
    assert [each["code"] for each in body["industries"]] == ["58", "59", "60", "61", "62", "63"]
    assert (body["total"], len(body["categories"])) == (6, 21)
    assert (await found(person, category=category, q="bakery"))["industries"] == []


@pytest.mark.parametrize(
    ("params", "field", "code"),
    [
        ({"category": "Z"}, "category", "not_allowed"),
        ({"category": "computer_programming"}, "category", "not_allowed"),
        ({"category": "x" * 65}, "category", "too_long"),
        ({"locale": "fr"}, "locale", "not_allowed"),
        ({"q": "x" * 101}, "q", "too_long"),
        ({"q": "soft\x00ware"}, "q", "bad_format"),
    ],
)
async def test_refusals(person: Person, params: dict[str, str], field: str, code: str) -> None:
    """What is too long or unknown is 400, and names the field."""
    assert wrong(await person.get(PATH, params=params)) == {field: code}


async def test_who_may_ask(api: httpx.AsyncClient, person: Person) -> None:
    """Whoever is signed in, before any onboarding; nobody else."""
    problem(await api.get(PATH), 401, "auth_missing_token")
    ok(await person.get(PATH))
    problem(await person.post(PATH, {}), 405, "method_not_allowed")


async def test_only_without_a_version(person: Person) -> None:
    """Runs live under the version; the wizard does not."""
    problem(await person.get("/api/v1/onboarding/industries"), 404, "not_found")


async def test_it_may_be_kept(person: Person) -> None:
    """An answer may be kept for an hour by whom it was for, and is not sent again to who has it."""
    first = await person.get(PATH, params={"q": "hotel"})
    assert first.headers["cache-control"] == "private, max-age=3600"
    assert "authorization" in first.headers["vary"].lower()
    tag = first.headers["etag"]
    assert re.fullmatch('"[0-9a-f]{32}"', tag)
    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = await person.get(PATH, params={"q": "hotel"}, headers={"If-None-Match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
        assert again.headers["cache-control"] == first.headers["cache-control"]
        assert "x-request-id" in again.headers
        assert "ratelimit" in again.headers


async def test_another_answer_has_another_tag(person: Person) -> None:
    """Another query, category or language is another answer; the same one has the same tag again."""
    asked = [{}, {"q": "hotel"}, {"category": "J"}, {"q": "hotel", "locale": "es"}]
    tags = [(await person.get(PATH, params=params)).headers["etag"] for params in asked]
    assert len(set(tags)) == len(asked)
    assert [(await person.get(PATH, params=params)).headers["etag"] for params in asked] == tags
    stale = await person.get(PATH, params={"q": "hotel"}, headers={"If-None-Match": tags[0]})
    assert ok(stale)["total"] > 0


async def test_the_tag_follows_the_language(person: Person) -> None:
    """Who changes their language gets the other names, whatever they kept."""
    tag = (await person.get(PATH)).headers["etag"]
    ok(await person.patch("/api/v1/users/me", {"locale": "es"}))
    body = ok(await person.get(PATH, headers={"If-None-Match": tag}))
    assert body["categories"][5]["name"] == "Construcción"


async def test_over_a_socket(person: Person, server: str) -> None:
    """Over a real connection a 304 has no body, and the next request on it works."""
    async with httpx.AsyncClient(base_url=server, timeout=60, headers=person.headers({})) as client:
        first = await client.get(PATH)
        kept = await client.get(PATH, headers={"If-None-Match": first.headers["etag"]})
        assert (kept.status_code, kept.content) == (304, b"")
        assert (await client.get(PATH, params={"q": "hotel"})).json()["industries"][0]["key"] == "accommodation"
