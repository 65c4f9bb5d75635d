"""Chat with a model: what it does well, how it fails, and what happens meanwhile."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import httpx
import pytest
from msgspec.structs import replace
from temporalio.client import Client

from activities.ai.ledger import Books
from activities.ai.models import Models
from activities.turns import CALLS_AT_MOST, MODEL_ATTEMPTS
from cli.embedded import EmbeddedStack
from cli.stub_ai.reaction import Call, Reaction, Request, problem
from db.pool import Database
from runtime.encryption import Keys
from runtime.settings import Settings
from tests.api.company import Company, found
from tests.api.models import Talking, talking
from tests.api.talk import CHAT, GENERAL, Heard, heard, listening, say, text_of
from tests.stack import RUNS, Json, Person, ok, served, sign_up, until
from tests.stack import problem as problem_of
from worker.app import build_worker

MODEL_SECONDS = 60.0
"""For models that answer: none of them must be given up because the machine is slow."""

QUESTION = Reaction(text="Which level are you?")
BUSY = problem(429, "Rate limit reached.", retry_after="1")
BROKEN = problem(500, "The server had an error.")
REFUSED = problem(401, "Incorrect API key provided.", "invalid_api_key")


def calls(*named: tuple[str, Json], text: str = "", **more: Any) -> Reaction:
    """A model that calls tools."""
    return Reaction(text=text, calls=tuple(Call(name=n, arguments=json.dumps(a)) for n, a in named), **more)


BEGINNER = ("save_fitness_level", {"fitness_level": "beginner"})
CONSTRAINTS = ("save_workout_constraints", {"equipment": ["rope"], "injuries": [], "limitations": []})


@pytest.fixture(scope="module")
async def talk(settings: Settings, temporal: Client, keys: Keys) -> AsyncIterator[Talking]:
    """One worker and one application with a model."""
    async with talking(settings, temporal, keys, [], ai_timeout_seconds=MODEL_SECONDS) as talk:
        yield talk


@pytest.fixture
async def admin(stack: EmbeddedStack) -> AsyncIterator[asyncpg.Connection]:
    """A superuser's connection, to look into the books."""
    connection = await asyncpg.connect(stack.postgres.url("gangway_admin"))
    yield connection
    await connection.close()


@pytest.fixture
async def person(talk: Talking) -> Person:
    """Somebody whose run has begun, and a server that has not been asked."""
    person = await sign_up(talk.client)
    await person.start()
    talk.models.requests.clear()
    return person


@pytest.fixture
async def firm(talk: Talking, app_database: Database, settings: Settings) -> Company:
    """A tenant of its own."""
    return await found(talk.client, app_database, settings)


async def _history(person: Person, path: str = CHAT) -> Json:
    return ok(await person.get(f"{path}/history", params={"limit": 100}))["items"]


async def _run_id(person: Person) -> str:
    return ok(await person.get(f"{RUNS}/state"))["id"]


def _kinds(stream: list[Heard]) -> list[str]:
    return [each.event for each in stream]


async def test_a_model_talks(talk: Talking, person: Person) -> None:
    """What a model says is the answer, with the state's quick replies; the call is in the person's books."""
    talk.models.script = [QUESTION]
    answer = await say(person, "hello there")
    assert (answer["response"], answer["source"]) == ("Which level are you?", "model")
    assert (answer["saved"], answer["state_updated"], answer["new_state"]) == ([], False, 1)
    assert {reply["value"] for reply in answer["quick_replies"]} >= {"beginner", "advanced"}
    usage = ok(await person.get("/api/v1/ai/usage"))
    assert usage["calls"] == 1
    assert usage["cost_usd"] == usage["budgets"]["run"]["spent"] > 0
    roles = [message.role for message in talk.models.requests[0].messages]
    assert roles == ["system", "assistant", "tool", "user"]


async def test_it_remembers(talk: Talking, person: Person) -> None:
    """The last fifteen messages are told again, in order, and no more."""
    talk.models.script = lambda request: Reaction(text=f"Heard: {request.last.content}")
    for number in range(9):
        await say(person, f"message {number}")
    texts = [message.content for message in talk.models.requests[-1].messages[3:]]
    assert texts[-3:] == ["message 7", "Heard: message 7", "message 8"]
    assert len(texts) == 16
    assert texts[0] == "Heard: message 0"


async def test_a_refused_call_is_repaired(talk: Talking, person: Person) -> None:
    """A refusal names field and code to the model, which calls again; what it said before does not count."""
    wrong = calls(("save_fitness_level", {"fitness_level": "expert"}), text="Saved, you are an expert.")
    talk.models.script = [wrong, calls(BEGINNER), Reaction(text="Noted. What is your goal?")]
    stream = await heard(talk.client, person, "I only just began")
    answer = stream[-1].data
    assert answer["saved"] == [{"state": 1, "key": "fitness_level", "answer": {"fitness_level": "beginner"}}]
    assert (answer["new_state"], answer["response"]) == (2, "Noted. What is your goal?")
    told = json.loads(talk.models.requests[1].last.content or "")
    assert (told["success"], told["field"], told["error_code"]) == (False, "fitness_level", "not_allowed")
    assert "beginner" in told["error"]
    assert text_of(stream) == answer["response"]
    assert _kinds(stream).count("TEXT_MESSAGE_RESET") == 1
    assert _kinds(stream).count("STATE_DELTA") == 1
    uses = (await _history(person))[0]["tool_calls"]
    assert [use.get("error") for use in uses] == ["validation_error", None]


async def test_what_is_said_around_tools(talk: Talking, person: Person) -> None:
    """What is said before a tool and after it are sentences of one answer, in the stream as in the answer."""
    talk.models.script = [calls(BEGINNER, text="A beginner, then."), Reaction(text="And your goals?")]
    stream = await heard(talk.client, person, "beginner")
    assert stream[-1].data["response"] == text_of(stream) == "A beginner, then. And your goals?"


async def test_the_next_agent_speaks_in_the_same_turn(talk: Talking, person: Person) -> None:
    """A save that leads to another agent's state ends with its hand-over and question, without another call."""
    await person.saved(1, 2)
    talk.models.script = [calls(CONSTRAINTS, text="Thank you.")]
    stream = await heard(talk.client, person, "a rope, nothing hurts, no limits")
    answer = stream[-1].data
    assert (answer["agent_type"], answer["new_state"]) == ("diet_planning", 4)
    assert answer["response"].startswith("Thank you. ")
    assert "allergies" in answer["response"]
    assert text_of(stream) == answer["response"]
    assert {reply["value"] for reply in answer["quick_replies"]} >= {"vegan"}
    assert len(talk.models.requests) == 1


async def test_going_back(talk: Talking, person: Person) -> None:
    """Once gone back, only that state's tool is on offer, also in the next turn, until it is saved again."""
    await person.saved(1, 3)
    talk.models.script = [
        calls(("go_back_to", {"state": "fitness_level"})),
        calls(("save_fitness_level", {"fitness_level": "advanced"})),
    ]
    back = await say(person, "my level has changed")
    assert (back["agent_type"], back["new_state"], back["saved"]) == ("workout_planning", 4, [])
    changed = await say(person, "advanced")
    assert changed["saved"][0]["answer"] == {"fitness_level": "advanced"}
    assert (changed["agent_type"], changed["new_state"]) == ("diet_planning", 4)
    saves = [{t.function.name for t in r.tools if t.function.name[:5] == "save_"} for r in talk.models.requests]
    assert saves == [{"save_dietary_preferences"}, {"save_fitness_level"}]


async def test_a_skip_is_not_understood_twice(talk: Talking, person: Person) -> None:
    """When a model skips and then fails, the message is answered by what was done, not tried once more."""
    await person.saved(1, 8)
    talk.models.script = [calls(("skip_state", {})), BROKEN]
    answer = await say(person, "skip it")
    assert answer["progress"]["skipped_states"] == [9]
    assert (answer["new_state"], answer["state_updated"]) == (None, True)
    assert answer["response"]


async def test_retry_after_is_kept(talk: Talking, person: Person) -> None:
    """A model that is busy is asked again when it said, and then answers."""
    talk.models.script = [BUSY, QUESTION]
    began = time.monotonic()
    answer = await say(person, "hello")
    assert time.monotonic() - began > 1
    assert (answer["source"], len(talk.models.requests)) == ("model", 2)


async def test_what_a_cut_stream_said_is_taken_back(talk: Talking, person: Person) -> None:
    """The first attempt's words are retracted, and the second's are the answer."""
    cut = Reaction(text="Wonderful, so let us", stop_after=3, then="cut")
    talk.models.script = [cut, QUESTION]
    stream = await heard(talk.client, person, "hello", message_id="m1")
    assert "TEXT_MESSAGE_RESET" in _kinds(stream)
    assert text_of(stream) == stream[-1].data["response"] == "Which level are you?"
    assert await say(person, "hello", message_id="m1") == stream[-1].data


async def test_the_next_model_answers(settings: Settings, temporal: Client, keys: Keys) -> None:
    """When the first model breaks off, the second answers in the same attempt; nothing of the first is left."""

    def script(request: Request) -> Reaction:
        first = Reaction(text="Well then, you are", stop_after=3, then="cut")
        return first if request.model == "first" else QUESTION

    prices = '{"*": {"input": 1, "output": 2}}'
    async with talking(settings, temporal, keys, script, ai_models="first,second", ai_prices=prices) as two:
        person = await sign_up(two.client)
        stream = await heard(two.client, person, "hello")
        assert _kinds(stream).count("TEXT_MESSAGE_RESET") == 1
        assert text_of(stream) == stream[-1].data["response"] == "Which level are you?"
        assert [request.model for request in two.models.requests] == ["first", "second"]
        assert ok(await person.get("/api/v1/ai/usage"))["calls"] == 2


async def test_when_every_model_fails(talk: Talking, person: Person) -> None:
    """Temporal tries a bounded number of times; then rules understand the message, marked as such."""
    talk.models.script = lambda _: BROKEN
    answer = await say(person, "I am a beginner")
    assert (answer["source"], answer["new_state"], answer["budget_exhausted"]) == ("rules", 2, False)
    assert len(talk.models.requests) == MODEL_ATTEMPTS


async def test_what_would_fail_again_is_not_tried_again(talk: Talking, person: Person) -> None:
    """A wrong key is answered by rules at once."""
    talk.models.script = lambda _: REFUSED
    answer = await say(person, "I am a beginner")
    assert (answer["source"], answer["new_state"], len(talk.models.requests)) == ("rules", 2, 1)


async def test_calls_are_counted_over_all_attempts(talk: Talking, person: Person) -> None:
    """A model that asks for tools seven times and then fails is not given seven calls more."""
    asked: list[Request] = []

    def script(request: Request) -> Reaction:
        asked.append(request)
        return calls(("get_progress", {})) if len(asked) % 4 else BROKEN

    talk.models.script = script
    answer = await say(person, "I am a beginner")
    assert (answer["source"], answer["new_state"]) == ("rules", 2)
    assert len(asked) == CALLS_AT_MOST


async def test_a_save_before_a_failure_counts(talk: Talking, person: Person) -> None:
    """What a model saved before it failed is told by rules, and understood once."""
    talk.models.script = [calls(BEGINNER, text="One moment."), BROKEN]
    stream = await heard(talk.client, person, "I am a beginner")
    answer = stream[-1].data
    assert [each["key"] for each in answer["saved"]] == ["fitness_level"]
    assert (answer["source"], answer["new_state"], len(talk.models.requests)) == ("rules", 2, 2)
    assert text_of(stream) == answer["response"]
    assert "One moment" not in answer["response"]


async def test_a_model_that_hangs(settings: Settings, temporal: Client, keys: Keys) -> None:
    """Rules answer within the models' time and a little."""
    async with talking(
        settings, temporal, keys, lambda _: Reaction(silent=True), ai_timeout_seconds=1.5
    ) as hanging:
        person = await sign_up(hanging.client)
        await person.start()
        began = time.monotonic()
        answer = await say(person, "I am a beginner")
        assert time.monotonic() - began < 15
        assert (answer["source"], answer["new_state"]) == ("rules", 2)


async def test_a_budget_that_is_spent(talk: Talking, firm: Company, admin: asyncpg.Connection) -> None:
    """At 80 % and at 100 % of a budget there is an event; then rules answer and say why, and nobody is asked."""
    ok(await firm.admin.patch("/api/v1/tenant", {"ai_budget_day": 0.006}))
    person = await firm.hire("user")
    talk.models.requests.clear()
    talk.models.script = lambda _: QUESTION
    for _ in range(12):
        answer = await say(person, "hello")
        if answer["budget_exhausted"]:
            break
    asked = len(talk.models.requests)
    assert asked > 1
    answer = await say(person, "I am a beginner")
    assert (answer["source"], answer["budget_exhausted"], answer["new_state"]) == ("rules", True, 2)
    assert len(talk.models.requests) == asked
    rows = await admin.fetch(
        "SELECT severity FROM events WHERE tenant_id = $1::text::uuid AND source = 'gangway.ai'", person.tenant_id
    )
    assert {row["severity"] for row in rows} >= {"medium", "high"}
    assert ok(await person.get("/api/v1/ai/usage"))["budgets"]["day"]["spent"] <= 0.006


async def test_plain_and_stream_agree(talk: Talking, person: Person) -> None:
    """A turn is the same, whichever way it is asked for, and whichever way it is found again."""
    talk.models.script = lambda _: calls(BEGINNER) if len(talk.models.requests) in (1,) else QUESTION
    plain = await say(person, "beginner", message_id="m1")
    again = await heard(talk.client, person, "beginner", message_id="m1")
    assert again[-1].data == plain
    assert text_of(again) == plain["response"]
    stream = await heard(talk.client, person, "well", message_id="m2")
    assert await say(person, "well", message_id="m2") == stream[-1].data
    assert len(talk.models.requests) == 3


async def test_a_client_that_leaves(talk: Talking, person: Person) -> None:
    """Whoever leaves in the midst of an answer finds it finished: in the history, and by the message's id."""
    go = asyncio.Event()
    talk.models.script = [Reaction(text="Which level are you?", until=go)]
    async with listening(talk.client, person, "hello", message_id="m1") as stream:
        assert (await anext(stream)).event == "RUN_STARTED"
    go.set()
    history = await until(lambda: _when_answered(person))
    assert [item["text"] for item in history] == ["Which level are you?", "hello"]
    answer = await say(person, "hello", message_id="m1")
    assert (answer["source"], len(talk.models.requests)) == ("model", 1)


async def _when_answered(person: Person) -> Json:
    history = await _history(person)
    return history if history and history[0]["role"] == "agent" else None


async def test_one_turn_at_a_time(talk: Talking, person: Person) -> None:
    """While a message is answered another one is refused, by either way in; nothing of it is stored."""
    go = asyncio.Event()
    talk.models.script = [Reaction(text="Which level are you?", until=go)]
    first = asyncio.create_task(say(person, "one"))
    await until(lambda: talk.models.requests)
    for path in (f"{CHAT}/", f"{CHAT}/stream"):
        body = problem_of(await person.post(path, {"message": "two"}), 409, "turn_in_progress")
        assert body["retryable"]
    go.set()
    assert (await first)["source"] == "model"
    assert [item["text"] for item in await _history(person)] == ["Which level are you?", "one"]


async def test_one_id_through_two_processes(talk: Talking, person: Person) -> None:
    """The same message sent to two processes at once, several times, is one turn: asked once, told to all."""
    talk.models.script = lambda _: Reaction(text="Which level are you?", delay_seconds=0.3)
    async with served(talk.settings) as elsewhere, httpx.AsyncClient(base_url=elsewhere) as other:
        there = Person(**{name: getattr(person, name) for name in person.__struct_fields__} | {"client": other})
        answers = await asyncio.gather(*(say(p, "hello", message_id="m1") for p in (person, there) * 4))
    assert all(answer == answers[0] for answer in answers)
    assert len(talk.models.requests) == 1
    assert len(await _history(person)) == 2


async def test_how_often(settings: Settings, temporal: Client, keys: Keys) -> None:
    """More than the burst is 429 with Retry-After; what could not be asked does not count."""
    go = asyncio.Event()
    slow = Reaction(text="Which level are you?", until=go)
    async with talking(
        settings, temporal, keys, lambda _: slow, chat_limit_per_minute=1, chat_limit_burst=3
    ) as strict:
        person = await sign_up(strict.client)
        await person.start()
        first = asyncio.create_task(say(person, "one"))
        await until(lambda: strict.models.requests)
        for _ in range(5):
            problem_of(await person.post(f"{CHAT}/", {"message": "two"}), 409, "turn_in_progress")
        go.set()
        await first
        await say(person, "two", message_id="m2")
        await say(person, "three", message_id="m3")
        refused = await person.post(f"{CHAT}/", {"message": "four"})
        assert problem_of(refused, 429, "rate_limited")["retryable"]
        assert 0 < int(refused.headers["Retry-After"]) <= 60
        # What was answered once costs nothing again, also when nothing is left.
        assert (await say(person, "two", message_id="m2"))["response"] == "Which level are you?"
        assert text_of(await heard(strict.client, person, "three", message_id="m3")) == "Which level are you?"
        assert len(strict.models.requests) == 3


async def test_no_worker(settings: Settings, temporal: Client, keys: Keys) -> None:
    """Without a worker a message is kept, and 503 says when to come back; the same id finds its answer later."""
    async with talking(
        settings, temporal, keys, lambda _: QUESTION, chat_limit_per_minute=1, chat_limit_burst=2
    ) as talk:
        person = await sign_up(talk.client)
        await person.start()
    own = talk.settings
    async with served(_impatient(own)) as address, httpx.AsyncClient(base_url=address, timeout=60) as client:
        person = Person(**{name: getattr(person, name) for name in person.__struct_fields__} | {"client": client})
        for _ in range(3):
            refused = await person.post(f"{CHAT}/", {"message": "I am a beginner", "message_id": "m1"})
            assert problem_of(refused, 503, "workflow_unavailable")["retryable"]
            assert int(refused.headers["Retry-After"]) > 0
        assert [item["text"] for item in await _history(person)] == ["I am a beginner"]
        assert own.database_url
        database = await Database.open(own.database_url, min_size=1, max_size=4)
        books = Books(database, own)
        async with (
            Models(own, books) as models,
            build_worker(temporal, database, keys, books, models, own),
            served(own) as patient,
            httpx.AsyncClient(base_url=patient) as client,
        ):
            answer = await say(replace(person, client=client), "I am a beginner", message_id="m1")
        await database.close()
        # The model's server is away with its test: rules answer.
        assert (answer["source"], answer["new_state"]) == ("rules", 2)
        assert len(await _history(person)) == 2


def _impatient(settings: Settings) -> Settings:
    return replace(settings, update_timeout_seconds=1.0)


async def test_staff_take_over_while_it_thinks(talk: Talking, firm: Company) -> None:
    """From the take-over on the agent is silent: what it was about to say is taken back, and staff answer."""
    person = await firm.hire("user")
    await person.start()
    talk.models.requests.clear()
    go = asyncio.Event()
    talk.models.script = [Reaction(text="Which level are you?", until=go)]
    turn = asyncio.create_task(heard(talk.client, person, "hello", message_id="m1"))
    await until(lambda: talk.models.requests)
    ok(await firm.admin.post(f"/api/v1/admin/runs/{await _run_id(person)}/take-over"))
    go.set()
    stream = await turn
    assert (stream[-1].data["source"], stream[-1].data["response"]) == ("staff", None)
    assert text_of(stream) == ""
    assert [item["role"] for item in await _history(person)] == ["person"]
    assert await say(person, "hello", message_id="m1") == stream[-1].data


async def test_a_restart_while_it_thinks(talk: Talking, person: Person) -> None:
    """A turn whose run was restarted writes nothing into the new one; the same message is answered there."""
    ok(await person.save(1))
    go = asyncio.Event()
    talk.models.script = [
        calls(("save_fitness_goals", {"goals": [{"goal_type": "fat_loss"}]}), until=go),
        QUESTION,
    ]
    turn = asyncio.create_task(person.post(f"{CHAT}/", {"message": "fat loss", "message_id": "m1"}))
    await until(lambda: talk.models.requests)
    old = await _run_id(person)
    new = (await person.start(restart=True))["id"]
    assert new != old
    go.set()
    assert problem_of(await turn, 503, "workflow_unavailable")["retryable"]
    state = ok(await person.get(f"{RUNS}/state"))
    assert (state["id"], state["step_data"]) == (new, {})
    answer = await say(person, "fat loss", message_id="m1")
    assert (answer["source"], answer["new_state"]) == ("model", 1)
    assert [item["text"] for item in await _history(person)] == ["Which level are you?", "fat loss"]


async def test_abandoned_while_it_thinks(talk: Talking, person: Person) -> None:
    """A run that is ended meanwhile takes nothing more; the message fails, and begins anew when it comes again."""
    go = asyncio.Event()
    talk.models.script = [calls(BEGINNER, until=go)]
    turn = asyncio.create_task(person.post(f"{CHAT}/", {"message": "advanced", "message_id": "m1"}))
    await until(lambda: talk.models.requests)
    assert (await person.send("DELETE", f"{RUNS}/")).status_code == 204
    go.set()
    problem_of(await turn, 503, "workflow_unavailable")
    assert (await _history(person))[0]["text"] == "advanced"
    talk.models.script = [QUESTION]
    assert (await say(person, "advanced", message_id="m1"))["response"] == "Which level are you?"


async def test_an_account_erased_while_it_thinks(talk: Talking, person: Person, admin: asyncpg.Connection) -> None:
    """Nothing of a turn outlives its person, and the worker goes on."""
    go = asyncio.Event()
    talk.models.script = lambda _: Reaction(text="Which level are you?", until=go)
    turn = asyncio.create_task(person.post(f"{CHAT}/", {"message": "hello"}))
    await until(lambda: talk.models.requests)
    erased = await person.post(f"/api/v1/users/{person.id}/erase")
    assert erased.status_code == 202, erased.text
    go.set()
    answer = await turn
    # The erasure has begun; whether the answer or the end of its person comes first is nobody's promise.
    assert answer.status_code in (200, 401, 404, 503), answer.text
    for table in ("users", "chat_turns", "chat_messages", "chat_stream", "ai_usage"):
        column = "id" if table == "users" else "user_id"
        query = f"SELECT count(*) FROM {table} WHERE {column} = $1::text::uuid"
        await until(lambda query=query: _none(admin, query, person.id))
    other = await sign_up(talk.client)
    assert (await say(other, "hello"))["source"] == "model"


async def _none(admin: asyncpg.Connection, query: str, *given: object) -> bool:
    return await admin.fetchval(query, *given) == 0


class TestGeneral:
    """The agent that speaks after the onboarding."""

    @pytest.fixture
    async def done(self, talk: Talking) -> Person:
        """Somebody who has completed."""
        person = await sign_up(talk.client)
        await person.completed()
        talk.models.requests.clear()
        return person

    @staticmethod
    async def ask(person: Person, message: str, **fields: object) -> Json:
        """Say something, which must be answered."""
        return ok(await person.post(f"{GENERAL}/", {"message": message, **fields}, timeout=60))

    async def test_it_reads(self, talk: Talking, done: Person) -> None:
        """It is told the person's own profile and the next seven days, as results of tools."""
        talk.models.script = [
            calls(("read_profile", {}), ("read_schedule", {})),
            Reaction(text="You train on Mondays at 18:00."),
        ]
        answer = await self.ask(done, "when do I train?")
        assert (answer["response"], answer["source"]) == ("You train on Mondays at 18:00.", "model")
        profile, schedule = (json.loads(m.content or "") for m in talk.models.requests[1].messages[-2:])
        assert profile["profile"] == ok(await done.get("/api/v1/profile"))["answers"]
        assert schedule["workouts"]
        assert schedule["meals"]

    async def test_it_proposes(self, talk: Talking, done: Person) -> None:
        """A valid proposal waits for the person; an invalid one is refused to the model by field, and is none."""
        water = {"reminder_frequency_minutes": 60}
        talk.models.script = [
            calls(
                (
                    "propose_profile_change",
                    {"state": "hydration_schedule", "answer": {**water, "daily_water_target_ml": 50_000}},
                )
            ),
            calls(
                (
                    "propose_profile_change",
                    {"state": "hydration_schedule", "answer": {**water, "daily_water_target_ml": 3000}},
                )
            ),
            Reaction(text="Please confirm."),
        ]
        answer = await self.ask(done, "3 litres")
        told = json.loads(talk.models.requests[1].last.content or "")
        assert told["field"].endswith("daily_water_target_ml")
        assert answer["proposal"]["answers"]["hydration_schedule"]["daily_water_target_ml"] == 3000
        assert ok(await done.get("/api/v1/profile"))["version"] == 1
        confirmed = await done.post(f"{GENERAL}/proposals/{answer['proposal']['id']}/confirm")
        assert ok(confirmed)["version"] == 2

    async def test_what_it_may_not(self, talk: Talking, done: Person, person: Person) -> None:
        """It has no tool to save with, reads nobody else, and proposes no part that there is not."""
        talk.models.script = [
            calls(
                ("save_fitness_level", {"fitness_level": "advanced"}),
                ("read_profile", {"user_id": person.id, "tenant_id": person.tenant_id}),
                ("propose_profile_change", {"state": "admin", "answer": {"role": "admin"}}),
                ("propose_profile_change", {"state": "fitness_level", "answer": [[["x"]]]}),
            ),
            Reaction(text="I cannot do that."),
        ]
        answer = await self.ask(done, "make me an admin")
        assert answer["proposal"] is None
        told = [json.loads(message.content or "") for message in talk.models.requests[1].messages[-4:]]
        assert [each.get("success") for each in told] == [False, True, False, False]
        assert told[1]["profile"] == ok(await done.get("/api/v1/profile"))["answers"]
        uses = (await _history(done, GENERAL))[0]["tool_calls"]
        assert [use.get("error") for use in uses] == [
            "tool_not_allowed",
            None,
            "validation_error",
            "validation_error",
        ]

    async def test_rules_when_it_fails(self, talk: Talking, done: Person) -> None:
        """Without an answer of a model, rules tell the profile, marked as such."""
        talk.models.script = lambda _: BROKEN
        stream = await heard(talk.client, done, "show me my profile", f"{GENERAL}/stream")
        assert (stream[-1].data["source"], len(talk.models.requests)) == ("rules", MODEL_ATTEMPTS)
        assert text_of(stream) == stream[-1].data["response"]

    async def test_deleted_while_it_thinks(self, talk: Talking, done: Person, admin: asyncpg.Connection) -> None:
        """A conversation that is deleted in the midst of a turn leaves nothing, and the next message works."""
        go = asyncio.Event()
        talk.models.script = [
            calls(
                ("propose_profile_change", {"state": "fitness_level", "answer": {"fitness_level": "advanced"}}),
                until=go,
            ),
            QUESTION,
            QUESTION,
        ]
        turn = asyncio.create_task(done.post(f"{GENERAL}/", {"message": "advanced"}, timeout=60))
        await until(lambda: talk.models.requests)
        assert (await done.send("DELETE", f"{GENERAL}/history")).status_code == 204
        go.set()
        problem_of(await turn, 404, "not_found")
        await until(lambda: len(talk.models.requests) == 2)
        assert (await self.ask(done, "hello"))["source"] == "model"
        assert [item["text"] for item in await _history(done, GENERAL)] == ["Which level are you?", "hello"]
        for table in ("profile_proposals", "chat_stream"):
            query = f"SELECT count(*) FROM {table} WHERE user_id = $1::text::uuid"
            assert await admin.fetchval(query, done.id) == 0
