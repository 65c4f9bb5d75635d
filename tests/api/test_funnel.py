"""How far runs come, to staff."""

from typing import Any

import asyncpg
import pytest

from cli.embedded import EmbeddedStack
from onboarding.payloads import Channel
from tests.api.company import Company
from tests.api.talk import say
from tests.db.recount import recounted
from tests.stack import EXAMPLES, Json, Person, ok, problem, wrong

FUNNEL = "/api/v1/admin/funnel"
FIGURES = ("entered", "completed", "skipped", "edited", "abandoned")


async def funnel(person: Person, **params: Any) -> list[Json]:
    """The flows."""
    return ok(await person.get(FUNNEL, params=params))["items"]


async def lived(company: Company) -> None:
    """Four people of whom one completes, one is in the middle, one gives up, and one only talks."""
    done, middle, gone, talks = [await company.hire("user") for _ in range(4)]
    await done.saved_until(8)
    ok(await done.post("/api/v1/onboarding/skip", {"step": 9}))
    ok(await done.post("/api/v1/onboarding/complete"))
    await middle.saved_until(3)
    ok(await middle.save(1, {**EXAMPLES[1], "fitness_level": "advanced"}))
    await gone.saved_until(1)
    assert (await gone.send("DELETE", "/api/v1/onboarding")).status_code == 204
    await say(talks, "hello")
    await say(talks, "beginner")


async def test_what_people_did(company: Company) -> None:
    """Who entered, answered, skipped, changed and gave up where, by all channels and by each."""
    await lived(company)
    (fitness,) = await funnel(company.admin)
    assert (fitness["flow"], fitness["flow_version"], fitness["started"]) == ("fitness", 1, 4)
    assert (fitness["completed"], fitness["abandoned"], fitness["completion_rate"]) == (1, 1, 0.25)
    assert fitness["median_seconds"] > 0
    states = {state["state"]: state for state in fitness["states"]}
    assert [states[n]["entered"] for n in range(1, 10)] == [4, 4, 2, 2, 1, 1, 1, 1, 1]
    assert [states[n]["completed"] for n in range(1, 10)] == [4, 2, 2, 1, 1, 1, 1, 1, 0]
    assert [states[n]["abandoned"] for n in range(1, 10)] == [0, 1, 0, 0, 0, 0, 0, 0, 0]
    assert (states[9]["skipped"], states[1]["edited"]) == (1, 1)
    assert (states[1]["key"], states[1]["channels"].keys()) == ("fitness_level", set(Channel))
    assert states[1]["channels"]["chat"]["completed"] == 1
    assert states[1]["channels"]["form"]["completed"] == 3
    assert states[1]["channels"]["capture"] == {**dict.fromkeys(FIGURES, 0), "median_seconds": None}


async def test_it_is_a_recount(company: Company, stack: EmbeddedStack) -> None:
    """What comes over HTTP is what a plain reading of the events gives, figure by figure."""
    await lived(company)
    admin = await asyncpg.connect(stack.postgres.url("gangway_admin"))
    recount = await recounted(admin, company.admin.tenant_id)
    await admin.close()
    (fitness,) = await funnel(company.admin)
    for state in [{**fitness, "state": 0}, *fitness["states"]]:
        for channel, shown in [(None, state), *state["channels"].items()]:
            place = ("fitness", 1, state["state"], channel)
            for figure in FIGURES:
                named = "started" if shown is state and figure == "entered" and not state["state"] else figure
                assert shown.get(named, 0) == recount.figures[place, figure], (place, figure)
            assert shown["median_seconds"] == pytest.approx(recount.medians.get(place))


async def test_filters(company: Company) -> None:
    """By flow, version, channel and time; what there is nothing of is an empty list."""
    await lived(company)
    everything = await funnel(company.admin)
    assert await funnel(company.admin, flow="fitness", flow_version=1, time_period="last_24h") == everything
    for nothing in ({"flow": "company"}, {"flow_version": 2}, {"end_date": "2026-01-01"}, {"channel": "capture"}):
        assert await funnel(company.admin, **nothing) == []
    (chat,) = await funnel(company.admin, channel="chat")
    first = chat["states"][0]
    assert (first["completed"], first["channels"].keys()) == (1, {"chat"})
    assert first["channels"]["chat"]["completed"] == 1


async def test_who_may(company: Company, rival: Company) -> None:
    """Staff of the tenant, and nobody else; nothing of another tenant's runs is in it."""
    user = await company.hire("user")
    await user.completed()
    problem(await user.get(FUNNEL), 403, "forbidden")
    problem(await company.client.get(FUNNEL), 401, "auth_missing_token")
    assert len(await funnel(await company.hire("manager"))) == 1
    assert await funnel(rival.admin) == []
    assert ok(await company.admin.get("/api/admin/funnel"))["items"] == await funnel(company.admin)


@pytest.mark.parametrize(
    ("params", "errors"),
    [
        ({"flow": "Fitness!"}, {"flow": "bad_format"}),
        ({"flow": ""}, {"flow": "bad_format"}),
        ({"flow_version": 0}, {"flow_version": "too_small"}),
        ({"flow_version": 2**31}, {"flow_version": "too_large"}),
        ({"flow_version": "one"}, {"flow_version": "wrong_type"}),
        ({"channel": "fax"}, {"channel": "not_allowed"}),
    ],
)
async def test_what_cannot_be_asked(company: Company, params: dict[str, Any], errors: dict[str, str]) -> None:
    """Filters that are none are refused by name."""
    assert wrong(await company.admin.get(FUNNEL, params=params)) == errors
