"""The scripted model: speaks the protocol, fills tools and schemas, and is bad by name."""

import json
from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

import httpx
import msgspec
import pytest
from msgspec import Meta, Struct
from openai import APIStatusError, AsyncOpenAI

from activities.ai.structured import schema_of
from cli.stub_ai.brain import answer, arguments_for
from cli.stub_ai.instances import NoInstance, instance
from cli.stub_ai.models import MODELS
from cli.stub_ai.process import with_stub
from cli.stub_ai.reaction import Function, Offered, Request, Said
from onboarding.ai_money import read_prices
from onboarding.flows import FLOWS
from onboarding.flows.fitness import FITNESS
from onboarding.forms import json_schema
from onboarding.reading import read
from onboarding.suggesting.facts import Facts
from onboarding.suggesting.offers import OFFERS, taken
from onboarding.suggesting.shapes import KINDS, Kind, Suggestions
from runtime.settings import Settings
from tests.ai_server import AiServer, ai_server
from tests.flows.ten import TEN


@pytest.fixture(scope="module")
async def server() -> AsyncIterator[AiServer]:
    """The stub as it is served."""
    async with ai_server() as server:
        yield server


@pytest.fixture(scope="module")
async def client(server: AiServer) -> AsyncIterator[AsyncOpenAI]:
    """The client library that everybody uses, with nothing changed."""
    async with AsyncOpenAI(api_key="any", base_url=server.url, max_retries=0) as client:
        yield client


def tool_of(number: int) -> Offered:
    state = FITNESS.states[number - 1]
    return Offered(function=Function(name=f"save_{state.key}", parameters=json_schema(state)))


def request_of(text: str, *tools: Offered, role: str = "user", **more: Any) -> Request:
    return Request(model="stub", messages=[Said(role=role, content=text)], tools=list(tools), **more)


async def test_whole_and_streamed(client: AsyncOpenAI) -> None:
    """The usual client understands a whole answer and a streamed one, which say the same; tokens are counted."""
    messages: Any = [{"role": "user", "content": "Good morning"}]
    whole = await client.chat.completions.create(model="stub", messages=messages)
    assert whole.choices[0].message.content == "You said: Good morning"
    assert whole.usage
    streamed, tokens = "", 0
    options: Any = {"include_usage": True}
    async for chunk in await client.chat.completions.create(
        model="stub", messages=messages, stream=True, stream_options=options
    ):
        streamed += "".join(choice.delta.content or "" for choice in chunk.choices)
        tokens = chunk.usage.total_tokens if chunk.usage else tokens
    assert streamed.strip() == whole.choices[0].message.content
    assert tokens == whole.usage.total_tokens


async def test_a_tool_is_called_and_answered(client: AsyncOpenAI) -> None:
    """A conversation with a tool: it is called with what was said, and after its answer comes a sentence."""
    function = tool_of(1).function
    tools: Any = [
        {
            "type": "function",
            "function": {"name": function.name, "description": "", "parameters": function.parameters},
        }
    ]
    messages: Any = [{"role": "user", "content": "I am an intermediate runner"}]
    first = (await client.chat.completions.create(model="stub", messages=messages, tools=tools)).choices[0]
    assert first.finish_reason == "tool_calls"
    (call,) = first.message.tool_calls or []
    assert json.loads(call.function.arguments) == {"fitness_level": "intermediate"}  # type: ignore[union-attr]
    result = {"role": "tool", "tool_call_id": call.id, "content": '{"success": true, "message": "Saved."}'}
    messages += [first.message.model_dump(exclude_none=True), result]
    second = await client.chat.completions.create(model="stub", messages=messages, tools=tools)
    assert second.choices[0].message.content == "Saved."


async def test_the_list_of_models(client: AsyncOpenAI) -> None:
    """/v1/models names each way to be bad."""
    assert [model.id async for model in client.models.list()] == list(MODELS)


@pytest.mark.parametrize(
    ("model", "status"), [("stub-429", 429), ("stub-500", 500), ("stub-401", 401), ("no", 404)]
)
async def test_errors(client: AsyncOpenAI, model: str, status: int) -> None:
    """Errors are such as the usual client tells apart."""
    with pytest.raises(APIStatusError) as raised:
        await client.chat.completions.create(model=model, messages=[{"role": "user", "content": "Hi"}])
    assert raised.value.status_code == status
    assert raised.value.message


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"model": 5}', b"[" * 100_000, b"\xff"])
async def test_malformed_requests(server: AiServer, body: bytes) -> None:
    """A request that is none is answered with 400, and the stub goes on."""
    async with httpx.AsyncClient(trust_env=False) as client:
        assert (await client.post(f"{server.url}/chat/completions", content=body)).status_code == 400
        assert (await client.post(f"{server.url}/chat/completions", content=b"x" * 4_000_001)).status_code == 413
        assert (await client.get(f"{server.url}/nothing")).status_code == 404
        assert (await client.get(server.url.replace("/v1", "/readyz"))).status_code == 200


@pytest.mark.parametrize("model", sorted(set(MODELS) - {"stub-hang", "stub-stall", "stub-flood", "stub-slow"}))
@pytest.mark.parametrize("stream", [True, False])
async def test_every_model_ends(server: AiServer, model: str, stream: bool) -> None:
    """Each model that is not endless by its name comes to an end, with a tool on offer and JSON wanted."""
    function = msgspec.to_builtins(tool_of(4))["function"]
    wanted = {"type": "json_schema", "json_schema": {"name": "answer", "schema": json_schema(FITNESS.states[3])}}
    for more in ({"tools": [{"type": "function", "function": function}]}, {"response_format": wanted}):
        body = {"model": model, "messages": [{"role": "user", "content": "vegan"}], "stream": stream, **more}
        async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
            try:
                got = await client.post(f"{server.url}/chat/completions", json=body)
            except httpx.RemoteProtocolError:
                assert model == "stub-cut"
            else:
                assert got.content
                assert stream is False or model != "stub-cut"


async def test_called_out_of_turn(client: AsyncOpenAI) -> None:
    """The models that overstep do: what was not offered, the last state's tool, the same again, five at once."""
    offered: Any = {"type": "function", "function": {"name": "get_progress", "parameters": {"type": "object"}}}

    async def names(model: str) -> list[str]:
        said = await client.chat.completions.create(
            model=model, messages=[{"role": "user", "content": "Hi"}], tools=[offered]
        )
        return [call.function.name for call in said.choices[0].message.tool_calls or []]  # type: ignore[union-attr]

    assert await names("stub-forbidden") == ["grant_admin", "complete_onboarding"]
    assert await names("stub-skip-ahead") == ["save_supplement_preferences"]
    assert await names("stub-loop") == ["get_progress"]
    assert await names("stub-five") == ["get_progress"] * 5


@pytest.mark.parametrize(
    ("state", "text", "arguments"),
    [
        (1, "Advanced, I think", {"fitness_level": "advanced"}),
        (
            2,
            "muscle gain, then fat loss",
            {"goals": [{"goal_type": "muscle_gain"}, {"goal_type": "fat_loss"}]},
        ),
        (
            5,
            "2100 kcal, 30 protein, 40 carbs, 30 fat",
            {
                "daily_calorie_target": 2100,
                "protein_percentage": 30,
                "carbs_percentage": 40,
                "fats_percentage": 30,
            },
        ),
        (
            4,
            "vegetarian, allergic to peanuts, no intolerances, nothing I dislike",
            {"diet_type": "vegetarian", "allergies": ["peanuts"], "intolerances": [], "dislikes": []},
        ),
        (4, "vegan", None),
        (7, "mondays at half past six pm", {"workouts": [{"day_of_week": 0, "scheduled_time": "18:30"}]}),
        (8, "2500 ml every 60 minutes", {"daily_water_target_ml": 2500, "reminder_frequency_minutes": 60}),
        (9, "no", {"interested_in_supplements": False}),
        (1, '{"fitness_level": "beginner"}', {"fitness_level": "beginner"}),
        (1, "hm", None),
        (5, "2100 kcal", None),
    ],
)
def test_what_is_understood(state: int, text: str, arguments: dict[str, Any] | None) -> None:
    """What people write is understood by the flow's own rules; JSON as it stands; and nothing is made up."""
    assert arguments_for(tool_of(state), text) == arguments


def test_times_and_lists() -> None:
    """A time for each object of a list, and texts by comma; "none" is an empty list."""
    meals = arguments_for(tool_of(6), "Breakfast at 7:30, dinner at 19:00")
    assert meals is not None
    assert [meal["scheduled_time"] for meal in meals["meals"]] == ["07:30", "19:00"]
    unknown = Offered(function=Function(name="save_diet", parameters=json_schema(FITNESS.states[3])))
    listed = arguments_for(unknown, "vegan, nuts")
    assert listed == {
        "diet_type": "vegan",
        **{key: ["vegan", "nuts"] for key in ("allergies", "intolerances", "dislikes")},
    }


@pytest.mark.parametrize(
    ("text", "target"), [("go back to my goals", "fitness_goals"), ("volver a mis objetivos", "fitness_goals")]
)
def test_going_back_in_words(text: str, target: str) -> None:
    """An earlier state is gone back to by its name, where the tool for it offers that state and no other."""
    fields = {"state": {"type": "string", "enum": ["fitness_level", "fitness_goals"]}}
    offered = Offered(function=Function(name="go_back_to", parameters={"type": "object", "properties": fields}))
    (call,) = answer(request_of(text, tool_of(3), offered)).calls
    assert (call.name, json.loads(call.arguments)) == ("go_back_to", {"state": target})
    assert answer(request_of("go back to my meal plan", tool_of(3), offered)).calls == ()


@pytest.mark.parametrize("name", ["skip_state", "explain_why_we_ask", "get_progress"])
def test_asked_in_words(name: str) -> None:
    """The tools that are not answers are called for their words."""
    words = {"skip_state": "skip this", "explain_why_we_ask": "why?", "get_progress": "how far am I?"}
    offered = Offered(function=Function(name=name, parameters={"type": "object"}))
    (call,) = answer(request_of(words[name], tool_of(1), offered)).calls
    assert (call.name, call.arguments) == (name, "{}")


def test_after_a_refused_call() -> None:
    """What a tool refused is asked again, with the reason."""
    said = answer(request_of('{"success": false, "error": "too small"}', tool_of(1), role="tool"))
    assert "too small" in said.text
    assert answer(request_of("[" * 100_000, role="tool")).text


ANSWERS = [state for flow in (*FLOWS.newest(), TEN) for state in flow.states]


@pytest.mark.parametrize("state", ANSWERS, ids=lambda state: state.key)
def test_an_instance_of_each_answer(state: Any) -> None:
    """The schema of each state of each flow has an instance, and it breaks no rule of the answer."""
    read(state.answer, instance(json_schema(state)))


@pytest.mark.parametrize("state", FITNESS.states, ids=lambda state: state.key)
def test_an_instance_without_an_example(state: Any) -> None:
    """Without an example one is made, and its Struct takes it."""
    schema = {key: value for key, value in json_schema(state).items() if key != "examples"}
    msgspec.convert(instance(schema), state.answer)


@pytest.mark.parametrize("kind", KINDS)
def test_a_suggestion_of_each_kind(kind: Kind) -> None:
    """What the stub suggests is taken, so that a stack with it shows suggestions by a model."""
    offer = msgspec.convert(instance(schema_of(OFFERS[kind])), OFFERS[kind])
    assert taken(offer, Facts()) != Suggestions()


class Odd(Struct):
    """Bounds of every kind."""

    more_than: Annotated[int, Meta(gt=4)]
    less_than: Annotated[int, Meta(lt=-4)]
    steps: Annotated[int, Meta(ge=5, multiple_of=4)]
    share: Annotated[float, Meta(gt=0, lt=1)]
    long: Annotated[str, Meta(min_length=30, max_length=31)]
    short: Annotated[str, Meta(max_length=2)]
    time: Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
    key: Annotated[str, Meta(pattern=r"^[a-z]+_[a-z]+$")]
    several: Annotated[list[Literal["a", "b", "c"]], Meta(min_length=2)]
    maybe: str | None
    pair: tuple[int, str]
    free: dict[str, int]


def test_an_instance_of_odd_bounds() -> None:
    """Every kind of bound that msgspec writes is kept."""
    value = instance(msgspec.json.schema(Odd))
    msgspec.convert(value, Odd)
    assert value["several"] == ["a", "b"]


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"const": 7}, 7),
        ({"type": ["null", "integer"], "minimum": 3}, 3),
        ({"allOf": [{"type": "string"}, {"minLength": 9}]}, "A text.A "),
        ({"oneOf": [{"type": "null"}, {"type": "boolean"}]}, False),
        ({"type": "string", "format": "date-time"}, "2026-01-01T12:00:00Z"),
        ({"properties": {"a": {"type": "integer"}}, "required": ["a"]}, {"a": 0}),
    ],
)
def test_other_schemas(schema: dict[str, Any], value: object) -> None:
    """So are the words of JSON schema that others write."""
    assert instance(schema) == value


def test_schemas_without_an_instance() -> None:
    """What it cannot make it says, as an error of the request."""
    with pytest.raises(NoInstance):
        instance({"type": "string", "pattern": "^[0-9]{40}x$"})
    with pytest.raises(NoInstance):
        instance({"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/a"}}})
    schema = {"type": "json_schema", "json_schema": {"schema": {"type": "string", "pattern": "^q{9}$"}}}
    assert answer(request_of("x", response_format=schema)).status == 400


def test_who_gets_the_stub() -> None:
    """The stub takes the place of no server that is set, keeps the choice of models, and gets nobody's key.

    It costs nothing where nobody has set a price.
    """
    chosen = with_stub(Settings(ai_models="stub-429", ai_api_key="k", gemini_api_key="g", ai_stub_port=9))
    assert (chosen.ai_base_url, chosen.ai_models) == ("http://127.0.0.1:9/v1", "stub-429")
    assert (chosen.ai_api_key, chosen.gemini_api_key) == (None, None)
    assert with_stub(Settings()).ai_models == "stub"
    assert read_prices(chosen.ai_prices).cost("stub-429", input_tokens=10**6, output_tokens=10**6) == 0
    priced = '{"stub": {"input": 1, "output": 2}}'
    assert with_stub(Settings(ai_prices=priced)).ai_prices == priced
    other = Settings(ai_base_url="http://localhost:11434/v1", ai_models="llama")
    assert with_stub(other) == other
