"""Whatever people say and models do: the run's own rules decide, nobody else's words get out, and it ends."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest
from msgspec import Struct
from msgspec.structs import replace
from temporalio.client import Client

from activities.turns import CALLS_AT_MOST
from cli.embedded import EmbeddedStack
from cli.stub_ai.reaction import Request
from db.pool import Database
from onboarding.advance import new_run
from onboarding.chat import REPLY_AT_MOST
from onboarding.flows.fitness import FITNESS
from onboarding.prompting import system_prompt
from runtime.encryption import Keys
from runtime.settings import Settings
from tests.api.attack_cases import REFUSED, Misdeed, cases
from tests.api.company import found
from tests.api.models import Talking, talking
from tests.api.talk import CHAT, Heard, heard, say, text_of
from tests.stack import EXAMPLES, RUNS, Json, Person, ok, sign_up, wrong

PATIENT_SECONDS, HASTY_SECONDS = 60.0, 5.0
"""For models that answer, however slow the machine is; and for those whose time has to run out."""

CANARY = "zanzibar-kestrel"
"""Somewhere in what somebody of another tenant stored and said."""

CASES = dict(cases())
MARKUP = re.compile(
    r"[<>\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\U000e0000-\U000e007f]|\w+://|www\.|javascript:|\]\("
)
"""What no answer has: tags, links, and what is not there to be seen."""


def _prompts() -> set[str]:
    """Every system prompt that there is: of each state, come to or gone back to."""
    prompts = set[str]()
    for answered in range(len(FITNESS.states) + 1):
        done = FITNESS.states[:answered]
        run = replace(
            new_run(id="", tenant_id="", user_id="", flow=FITNESS, now=datetime.now(UTC)),
            answers={state.key: dict(state.example) for state in done},
        )
        prompts |= {system_prompt(run, FITNESS, focus) for focus in (None, *(state.key for state in done))}
    return prompts


PROMPTS = _prompts()


class Scene(Struct, frozen=True, kw_only=True):
    """A model's server, the application, somebody of another tenant with all that is theirs, and the books.

    `hasty` is another application, which waits for models no longer than has to be.
    """

    talking: Talking
    hasty: Talking
    victim: Person
    all_of_victim: Json
    twin: Person
    admin: asyncpg.Connection


class Turn(Struct, frozen=True, kw_only=True):
    """A message, and what came of it."""

    person: Person
    before: Json
    after: Json
    stream: list[Heard]
    requests: list[Request]
    history: list[Json]

    @property
    def answer(self) -> Json:
        """The whole answer."""
        return self.stream[-1].data


@pytest.fixture(scope="module")
async def scene(
    stack: EmbeddedStack, settings: Settings, temporal: Client, keys: Keys, app_database: Database
) -> AsyncIterator[Scene]:
    """A worker and an application for all attacks but those that hang; somebody with secrets in another tenant."""
    admin = await asyncpg.connect(stack.postgres.url("gangway_admin"))
    rich = replace(settings, ai_budget_tenant_day=1000)
    async with (
        talking(rich, temporal, keys, [], ai_timeout_seconds=PATIENT_SECONDS) as scene,
        talking(rich, temporal, keys, [], ai_timeout_seconds=HASTY_SECONDS) as hasty,
    ):
        elsewhere = await found(scene.client, app_database, settings)
        scene.models.script = CASES["rules: sql"].model
        victim, twin = await elsewhere.hire("user"), await elsewhere.hire("user")
        for person in (victim, twin):
            await person.saved_until(2)
            ok(await person.save(3, {"equipment": [CANARY], "injuries": [CANARY], "limitations": []}))
            await say(person, f"omnivore, allergic to {CANARY}")
        whole = await _all_of(victim)
        yield Scene(talking=scene, hasty=hasty, victim=victim, all_of_victim=whole, twin=twin, admin=admin)
    await admin.close()


async def _all_of(person: Person) -> Json:
    """What they stored, and what they said."""
    return ok(await person.get(f"{RUNS}/state")), ok(await person.get(f"{CHAT}/history"))


@pytest.mark.parametrize("name", CASES)
async def test_attack(scene: Scene, name: str) -> None:
    """The run moves as its rules allow and no other way, nobody else's words get out, and an answer comes."""
    case = CASES[name]
    turn = await _turn(scene, case)
    _answered(turn, case)
    _moved_legally(turn, case)
    _asked_properly(turn)
    _tools_as_expected(turn, case)
    await _books_are_closed(scene, turn)
    whole = "".join(map(repr, (turn.stream, turn.after, turn.history, [r.body for r in turn.requests])))
    assert CANARY not in whole
    assert await _all_of(scene.victim) == scene.all_of_victim


@pytest.mark.parametrize("name", REFUSED)
async def test_refused_at_the_door(scene: Scene, name: str) -> None:
    """What holds control characters or nothing is refused; it is not stored, and no model hears it."""
    message, code = REFUSED[name]
    person = await sign_up(scene.talking.client)
    scene.talking.models.requests.clear()
    for path in (f"{CHAT}/", f"{CHAT}/stream"):
        assert wrong(await person.post(path, {"message": message})) == {"message": code}
    assert ok(await person.get(f"{CHAT}/history"))["items"] == []
    assert (await person.get(f"{RUNS}/state")).status_code == 404
    assert scene.talking.models.requests == []


async def _turn(scene: Scene, case: Misdeed) -> Turn:
    talking = scene.hasty if case.hangs else scene.talking
    person = await sign_up(talking.client)
    if case.age is not None:
        ok(await person.patch("/api/v1/users/me", {"age": case.age}))
    await person.start()
    if case.at:
        steps = [{"step": n, "data": _example(n, case)} for n in range(1, case.at + 1)]
        ok(await person.post(f"{RUNS}/steps", {"steps": steps}))
    before = ok(await person.get(f"{RUNS}/state"))
    models = talking.models
    models.requests.clear()
    models.script = case.model
    message = case.message.replace("VICTIM", scene.victim.id)
    stream = await heard(talking.client, person, message)
    return Turn(
        person=person,
        before=before,
        after=ok(await person.get(f"{RUNS}/state")),
        stream=stream,
        requests=list(models.requests),
        history=ok(await person.get(f"{CHAT}/history"))["items"],
    )


def _example(number: int, case: Misdeed) -> Json:
    example = EXAMPLES[number]
    return {**example, "allergies": list(case.allergies)} if number == 4 else example


def _answered(turn: Turn, case: Misdeed) -> None:
    """There is an answer, it is what was said, it is plain, and it is in the history, once."""
    answer = turn.answer
    assert turn.stream[-1].event == "RUN_FINISHED", turn.stream
    assert [each.event for each in turn.stream].count("RUN_FINISHED") == 1
    assert answer["response"].strip()
    assert len(answer["response"]) <= REPLY_AT_MOST
    assert text_of(turn.stream) == answer["response"]
    assert not MARKUP.search(answer["response"]), answer["response"]
    assert all(word not in answer["response"] for word in case.without), answer["response"]
    assert case.source in (answer["source"], None)
    assert [(item["role"], item["status"]) for item in turn.history] == [
        ("agent", "complete"),
        ("person", "complete"),
    ]
    assert turn.history[0]["text"] == answer["response"]


def _moved_legally(turn: Turn, case: Misdeed) -> None:
    """Only the states that the case allows are saved, one after the other, with answers that the flow takes."""
    before, after, answer = turn.before, turn.after, turn.answer
    saved = [each["key"] for each in answer["saved"]]
    assert saved == list(case.saves)
    following = [state.key for state in FITNESS.states[case.at :]]
    assert saved == following[: len(saved)]
    assert {key: after["step_data"][key] for key in before["step_data"]} == before["step_data"]
    assert set(after["step_data"]) == {*before["step_data"], *saved}
    for each in answer["saved"]:
        assert after["step_data"][each["key"]] == each["answer"]
    assert after["current_step"] == case.at + len(saved) + 1 == answer["new_state"]
    same = ("id", "user_id", "status", "skipped_steps", "completed_at", "flow", "locale")
    assert {name: after[name] for name in same} == {name: before[name] for name in same}


def _asked_properly(turn: Turn) -> None:
    """A model is asked eight times at most, told our own words and no others, and offered one state's tools."""
    assert 1 <= len(turn.requests) <= CALLS_AT_MOST
    for request in turn.requests:
        system, *others = request.messages
        assert system.role == "system"
        assert system.content in PROMPTS
        assert "system" not in [message.role for message in others]
        saves = [t.function.name for t in request.tools if t.function.name.startswith(("save_", "skip_"))]
        assert len(saves) == 1


def _tools_as_expected(turn: Turn, case: Misdeed) -> None:
    """What was called is told by name and by what became of it, and in the stream as in the history."""
    told = [each.data for each in turn.stream if each.event == "TOOL_CALL_END"]
    assert told == turn.history[0]["tool_calls"]
    if case.tools is not None:
        assert [use.get("error") for use in told] == list(case.tools)


async def _books_are_closed(scene: Scene, turn: Turn) -> None:
    """Each call is in the books, none is open, and they cost what eight calls can cost at most."""
    row: Any = await scene.admin.fetchrow(
        "SELECT count(*) AS calls, count(*) FILTER (WHERE outcome IN ('reserved', 'lost')) AS open,"
        " sum(cost_micros) AS cost FROM ai_usage WHERE user_id = $1::text::uuid",
        turn.person.id,
    )
    assert (row["calls"], row["open"]) == (len(turn.requests), 0)
    usage = ok(await turn.person.get("/api/v1/ai/usage"))
    assert usage["cost_usd"] == usage["budgets"]["run"]["spent"] == float(row["cost"]) / 1_000_000
    assert usage["cost_usd"] < 0.1


async def test_the_canary_would_be_seen(scene: Scene) -> None:
    """What the attacks must not find is there to be found: its owner reads it, and their own agent is told it."""
    models = scene.talking.models
    models.requests.clear()
    models.script = CASES["model: markup"].model
    answer = await say(scene.twin, "what do you know about me?")
    assert answer["source"] == "model"
    assert CANARY in repr(models.requests[0].body)
    assert CANARY not in (models.requests[0].messages[0].content or "")
    assert CANARY in repr(scene.all_of_victim)
