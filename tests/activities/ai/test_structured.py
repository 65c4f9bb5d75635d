"""Answers as Structs: the schema, the one repair, and what is refused."""

import json
import time
from typing import Annotated, Any, Literal

import pytest
from msgspec import Meta, Struct

from activities.ai.protocol import Ask, Message, ModelsUnavailable, NotStructured
from activities.ai.structured import Unreadable, read, schema_of
from cli.stub_ai.reaction import Reaction
from tests.activities.ai.books import PAYER, Books
from tests.activities.ai.conftest import Opened
from tests.ai_server import AiServer


class Goal(Struct, frozen=True, kw_only=True):
    """What to reach."""

    title: Annotated[str, Meta(min_length=3, max_length=40)]
    weight: Annotated[float, Meta(ge=0, le=1)] = 0.5


class Plan(Struct, frozen=True, kw_only=True):
    """A plan."""

    kind: Literal["short", "long"]
    goals: Annotated[list[Goal], Meta(min_length=1, max_length=3)]
    weeks: Annotated[int, Meta(ge=1)] | None = None


class Tree(Struct):
    """Holds itself."""

    below: "list[Tree]"


GOOD = '{"kind":"short","goals":[{"title":"Run"}]}'
BAD = '{"kind":"short","goals":[]}'


def ask(**more: Any) -> Ask:
    fields = {
        "purpose": "suggestions",
        "messages": (Message(role="user", content="A plan, please."),),
        "timeout_seconds": 60.0,
    }
    return Ask(**{**fields, **more})


async def test_an_answer_of_the_struct(server: AiServer, opened: Opened) -> None:
    """The model is given the Struct's schema in one piece, and what it answers becomes the Struct."""
    plan = await opened("stub").structured(ask(), PAYER, Plan)
    assert plan == Plan(kind="long", goals=[Goal(title="A text.")])
    sent = server.requests[0].body["response_format"]
    assert sent["type"] == "json_schema"
    schema = sent["json_schema"]["schema"]
    assert schema == schema_of(Plan)
    assert "$" not in json.dumps(schema)
    goal = schema["properties"]["goals"]["items"]
    assert (goal["additionalProperties"], goal["properties"]["title"]["maxLength"]) == (False, 40)


def test_a_struct_that_holds_itself() -> None:
    """It has no schema in one piece, which is said and not tried for ever."""
    with pytest.raises(TypeError, match="Tree holds itself"):
        schema_of(Tree)


async def test_one_repair(server: AiServer, opened: Opened, books: Books) -> None:
    """A model is shown its answer and what is wrong with it, once; the same model, not the first of the list."""
    server.script = [Reaction(status=500, body=b"{}"), Reaction(text=BAD), Reaction(text=GOOD)]
    plan = await opened("away,here").structured(ask(), PAYER, Plan)
    assert plan.goals[0].title == "Run"
    assert [request.model for request in server.requests] == ["away", "here", "here"]
    *before, answer, wrong = server.requests[-1].messages
    assert [message.content for message in before] == ["A plan, please."]
    assert (answer.role, answer.content) == ("assistant", BAD)
    assert wrong.role == "user"
    assert "$.goals" in (wrong.content or "")
    assert len(books.entries) == 3


async def test_no_second_repair(server: AiServer, opened: Opened, books: Books) -> None:
    """Two answers of the wrong shape are NotStructured."""
    server.script = [Reaction(text=BAD), Reaction(text="{}"), Reaction(text=GOOD)]
    with pytest.raises(NotStructured):
        await opened("m").structured(ask(), PAYER, Plan)
    assert len(books.entries) == 2


@pytest.mark.parametrize("model", ["stub-garbage", "stub-html"])
async def test_bad_models(opened: Opened, model: str) -> None:
    """Broken JSON, and markup in a text, are no answers."""
    with pytest.raises(NotStructured):
        await opened(model).structured(ask(), PAYER, Plan)


async def test_the_repair_is_within_the_time(server: AiServer, opened: Opened) -> None:
    """Both attempts together take no longer than one may."""
    server.script = [Reaction(text=BAD, delay_seconds=3), Reaction(silent=True)]
    began = time.monotonic()
    with pytest.raises(ModelsUnavailable):
        await opened("m").structured(ask(timeout_seconds=6), PAYER, Plan)
    assert time.monotonic() - began < 3 + 6
    assert len(server.requests) == 2


async def test_a_long_answer(server: AiServer, opened: Opened) -> None:
    """JSON may be longer than a chat's text, and one without end is none."""
    long = json.dumps({"kind": "short", "goals": [{"title": "Run"}], "ignored": "x" * 20_000})
    server.script = [Reaction(text=long)]
    assert (await opened("m").structured(ask(), PAYER, Plan)).kind == "short"
    server.script = [Reaction(text="x" * 100_000), Reaction(text="[" * 60_000)]
    with pytest.raises(NotStructured):
        await opened("m").structured(ask(), PAYER, Plan)


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        f"```json\n{GOOD}\n```",
        f" ```\n{GOOD}\n```\n",
        '{"kind":"short","goals":[{"title":"Run","weight":"0.5"}],"weeks":null}',
        '{"kind":"short","goals":[{"title":"Run"}],"reasoning":"as asked"}',
    ],
)
def test_what_is_read(text: str) -> None:
    """Fences, numbers in quotes and fields that nobody asked for do no harm."""
    assert read(text, Plan) == Plan(kind="short", goals=[Goal(title="Run")])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Sure! Here is your plan.",
        "[]",
        "null",
        '{"kind":"endless","goals":[{"title":"Run"}]}',
        '{"kind":"short","goals":[{"title":"Run","weight":7}]}',
        '{"kind":"short","goals":[{"title":"Run <b>fast</b>"}]}',
        '{"kind":"short","goals":[{"title":"<img src=x "}]}',
        '{"kind":"short","goals":[{"title":"a\\u0000b"}]}',
        '{"kind":"short","goals":[{"title":"a\\ud800b"}]}',
        "[" * 200_000,
        '{"kind":"' + "x" * 100_000 + '"',
    ],
)
def test_what_is_refused(text: str) -> None:
    """Whatever is not of the Struct, or has tags or control characters, is refused in few words."""
    with pytest.raises(Unreadable) as raised:
        read(text, Plan)
    assert len(str(raised.value)) < 320
