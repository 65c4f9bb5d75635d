"""Nobody is offered figures that a professional should set, by rules or beside a model's words."""

import re

import httpx
import pytest

from tests.api.talk import CHAT, say, say_all
from tests.api.test_onboarding_chat import NINE
from tests.stack import Json, Person, ok, sign_up

REFERRED = "I can only give general information here."
OWN = re.compile(r"\d{2,}")


def _offers_figures(answer: Json) -> bool:
    return any(OWN.search(reply["value"]) for reply in answer["quick_replies"])


@pytest.mark.parametrize("disclosed", ["I'm recovering from anorexia", "I'm pregnant", "I take antidepressants"])
async def test_after_a_disclosure_no_figure_is_suggested(person: Person, disclosed: str) -> None:
    """The questions about figures that follow refer to a professional and suggest none; their own are saved."""
    await say_all(person, *NINE[:3], disclosed)
    for asked in (await say(person, NINE[3]), ok(await person.get(f"{CHAT}/")), await say(person, "hm")):
        assert asked["response"].count(REFERRED) == 1
        assert not _offers_figures(asked)
        assert not re.search(r"1000|5000", asked["response"])
    shares = await say(person, "2100 kcal")
    assert REFERRED in shares["response"]
    assert "30/40" not in shares["response"]
    assert not _offers_figures(shares)
    saved = await say(person, "25/50/25")
    assert saved["saved"][0]["answer"]["daily_calorie_target"] == 2100


async def test_a_disclosure_at_the_question_refers_once(person: Person) -> None:
    """Who discloses it where figures are asked for is referred in one sentence, not in two."""
    await say_all(person, *NINE[:4])
    answer = await say(person, "I'm pregnant")
    assert answer["response"].count(REFERRED) == 1
    assert not _offers_figures(answer)


async def test_a_minor_is_offered_no_figure(api: httpx.AsyncClient) -> None:
    """The account says 15: no calories are suggested, however many, nor shares; what they say is saved."""
    person = await sign_up(api, age=15)
    await say_all(person, *NINE[:3])
    for asked in (await say(person, NINE[3]), ok(await person.get(f"{CHAT}/"))):
        assert REFERRED in asked["response"]
        assert not _offers_figures(asked)
    assert (await say(person, NINE[4]))["saved"][0]["answer"]["daily_calorie_target"] == 2400


async def test_others_are_offered_what_is_usual(person: Person) -> None:
    """Without any of that, the question has its examples."""
    asked = await say_all(person, *NINE[:4])
    assert _offers_figures(asked)
    assert REFERRED not in asked["response"]
