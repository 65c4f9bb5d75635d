"""The client of models over real HTTP: what it makes of good answers and bad ones, and what it pays for."""

import asyncio
import doctest
import gzip
import json
import logging
import time
from contextlib import aclosing, suppress
from typing import Any

import pytest
from structlog.testing import capture_logs

from activities.ai import failures
from activities.ai import models as module
from activities.ai.models import Models
from activities.ai.protocol import (
    Ask,
    BudgetExhausted,
    Message,
    ModelsRefused,
    ModelsUnavailable,
    Piece,
    Reply,
    Said,
    TakenBack,
    Tool,
    ToolCall,
)
from cli.stub_ai.reaction import Call, Reaction, problem
from runtime.settings import Settings
from tests.activities.ai.books import PAYER, Books
from tests.activities.ai.conftest import Opened
from tests.ai_server import AiServer, ai_server
from tests.stack import until

SAVE = Tool(
    name="save_fitness_level",
    description="Saves it.",
    parameters={
        "type": "object",
        "properties": {"fitness_level": {"enum": ["beginner", "intermediate", "advanced"]}},
        "required": ["fitness_level"],
    },
)
SECRET = "my knee has hurt since 2019"


def ask(text: str = "Hello there", **more: Any) -> Ask:
    fields = {"purpose": "chat", "messages": (Message(role="user", content=text),), "timeout_seconds": 60.0}
    return Ask(**{**fields, **more})


def event(delta: dict[str, Any] | None = None, finish: str | None = None, **more: Any) -> bytes:
    choice = {"index": 0, "delta": delta or {}, "finish_reason": finish}
    return json.dumps({"choices": [choice], **more}).encode()


def stream_of(*events: bytes) -> Reaction:
    return Reaction(events=(*events, b"[DONE]"))


def called(
    index: int | None, own: str | None, name: str | None, arguments: str | None, **more: Any
) -> dict[str, Any]:
    part: dict[str, Any] = {"function": {"name": name, "arguments": arguments}, **more}
    part |= {} if index is None else {"index": index}
    return {"tool_calls": [part | ({} if own is None else {"id": own})]}


async def heard(models: Models, question: Ask) -> list[Piece]:
    return [piece async for piece in models.stream(question, PAYER)]


async def test_it_passes_on_what_is_said(opened: Opened, books: Books) -> None:
    """Deltas come as they are said, then the whole answer, and the call is paid for by the server's count."""
    pieces = await heard(opened("stub"), ask("Good morning"))
    *said, reply = pieces
    assert isinstance(reply, Reply)
    assert len(said) == 4
    assert "".join(piece.delta for piece in said if isinstance(piece, Said)).strip() == reply.text
    assert reply.text == "You said: Good morning"
    assert reply.model == "stub"
    (entry,) = books.entries
    assert (entry.outcome, entry.estimated, entry.payer) == ("ok", False, PAYER)
    assert (entry.input_tokens, entry.output_tokens) == (reply.input_tokens, reply.output_tokens) == (4, 6)
    assert entry.reserved_input > 20
    assert entry.latency_ms >= 0


async def test_the_first_word_waits_for_nothing(server: AiServer, opened: Opened) -> None:
    """A word is passed on while the rest of the answer has yet to come."""
    server.script = [Reaction(text="One two three", stop_after=2, then="hang")]
    async with aclosing(opened("any").stream(ask(timeout_seconds=30), PAYER)) as pieces:
        began = time.monotonic()
        assert await anext(pieces) == Said(delta="One ")
        assert time.monotonic() - began < 5


async def test_what_is_sent(server: AiServer, opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    """The request has what was asked, in the protocol's words, and no header that tells of this machine."""
    monkeypatch.setenv("OPENAI_ORG_ID", "org-of-somebody")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "a-project")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Mine: 1\nAuthorization: Bearer other")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-environment")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/nowhere")
    server.script = [Reaction(text="Fine.")]
    before = (
        Message(role="system", content="Be kind."),
        Message(role="user", content="I begin"),
        Message(
            role="assistant",
            content="",
            tool_calls=(
                ToolCall(id="a", name="save_fitness_level", arguments='{"x": 1}', extra='{"google":{"s":"t"}}'),
                ToolCall(id="b", name="save_fitness_level", arguments='{"x": '),
            ),
        ),
        Message(role="tool", content="saved", tool_call_id="a"),
    )
    await opened("m").ask(ask(messages=before, tools=(SAVE,), max_output_tokens=77), PAYER)
    (request,) = server.requests
    body = request.body
    assert (body["model"], body["stream"], body["max_tokens"]) == ("m", True, 77)
    assert body["stream_options"] == {"include_usage": True}
    assert body["tools"][0]["function"]["parameters"] == SAVE.parameters
    assert body["messages"][0] == {"role": "system", "content": "Be kind."}
    first, second = body["messages"][2]["tool_calls"]
    assert first["extra_content"] == {"google": {"s": "t"}}
    assert first["function"]["arguments"] == '{"x": 1}'
    # What is no JSON would make some servers refuse the whole conversation.
    assert second["function"]["arguments"] == "{}"
    assert body["messages"][3] == {"role": "tool", "content": "saved", "tool_call_id": "a"}
    assert request.headers["authorization"] == "Bearer none"
    sent = {"host", "accept", "accept-encoding", "connection", "user-agent", "authorization"}
    assert set(request.headers) == sent | {"content-type", "content-length"}


async def test_no_proxy_of_the_environment(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy that the environment names is not used."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert (await opened("stub").ask(ask(), PAYER)).text


async def test_a_tool_is_called(opened: Opened) -> None:
    """A call arrives whole, however many pieces it came in."""
    reply = await opened("stub").ask(ask("I am a beginner", tools=(SAVE,)), PAYER)
    (call,) = reply.tool_calls
    assert (call.name, json.loads(call.arguments)) == ("save_fitness_level", {"fitness_level": "beginner"})
    assert call.id
    assert reply.text == ""


FAILING = [
    ("stub-429", "rate_limited", 2.0),
    ("stub-500", "server_error", None),
    ("stub-cut", "cut_off", None),
    ("stub-hang", "timeout", None),
    ("stub-stall", "timeout", None),
]
REFUSING = [
    ("stub-400", "refused"),
    ("stub-401", "refused"),
    ("stub-none-such", "refused"),
    ("stub-refuse", "refused"),
    ("stub-filter", "refused"),
    ("stub-empty", "invalid"),
    ("stub-page", "invalid"),
]


@pytest.mark.parametrize(("model", "outcome", "retry_after"), FAILING)
async def test_what_may_pass(
    opened: Opened, books: Books, model: str, outcome: str, retry_after: float | None
) -> None:
    """A failure that another try may cure is ModelsUnavailable, with the server's own Retry-After, and settled."""
    with pytest.raises(ModelsUnavailable) as raised:
        await opened(model).ask(ask(timeout_seconds=0.5 if outcome == "timeout" else 10), PAYER)
    assert raised.value.retry_after == retry_after
    assert books.outcomes == [(model, outcome)]
    # A server that answers with an error has not set a model to work.
    assert bool(books.entries[0].input_tokens) == (outcome not in ("rate_limited", "server_error"))


@pytest.mark.parametrize(("model", "outcome"), REFUSING)
async def test_what_would_fail_again(opened: Opened, books: Books, model: str, outcome: str) -> None:
    """A failure that another try would meet again is ModelsRefused, and settled."""
    with pytest.raises(ModelsRefused):
        await opened(model).ask(ask(), PAYER)
    assert books.outcomes == [(model, outcome)]


@pytest.mark.parametrize("status", [402, 403, 404, 307])
async def test_statuses_that_refuse(server: AiServer, opened: Opened, status: int) -> None:
    """No money, no permission, no such model, and a redirect, which is not followed: all refuse."""
    server.script = [problem(status, "no", location="http://127.0.0.1:9/v1/chat/completions")]
    with pytest.raises(ModelsRefused):
        await opened("m").ask(ask(), PAYER)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("given", "understood"),
    [("999", 60.0), ("0", 0.0), ("1.5", 1.5), ("-3", None), ("nan", None), ("soon", None), ("9" * 400, None)],
)
async def test_retry_after(server: AiServer, opened: Opened, given: str, understood: float | None) -> None:
    """Retry-After is believed up to a minute, and nonsense in it is none."""
    server.script = [problem(503, "later", retry_after=given)]
    with pytest.raises(ModelsUnavailable) as raised:
        await opened("m").ask(ask(), PAYER)
    assert raised.value.retry_after == understood


def test_the_examples_in_the_documentation() -> None:
    """What the module shows of itself is what happens."""
    assert doctest.testmod(failures) == (0, 3)


async def test_the_wait_of_several(opened: Opened) -> None:
    """One model that may work at once is worth a try at once, whatever another's Retry-After says."""
    with pytest.raises(ModelsUnavailable) as raised:
        await opened("stub-429,stub-500").ask(ask(), PAYER)
    assert raised.value.retry_after is None


async def test_nobody_there(server: AiServer, books: Books) -> None:
    """A server that cannot be reached may be back; such a call costs nothing."""
    async with Models(Settings(ai_base_url="http://127.0.0.1:9/v1", ai_models="m"), books) as models:
        with pytest.raises(ModelsUnavailable):
            await models.ask(ask(), PAYER)
    (entry,) = books.entries
    assert (entry.outcome, entry.input_tokens, entry.output_tokens) == ("server_error", 0, 0)


async def test_the_next_model(opened: Opened, books: Books) -> None:
    """Models are asked in the order of the setting until one answers, each once."""
    reply = await opened("stub-500, stub-401,stub,stub-429").ask(ask(), PAYER)
    assert reply.model == "stub"
    assert books.outcomes == [("stub-500", "server_error"), ("stub-401", "refused"), ("stub", "ok")]


async def test_what_was_said_is_taken_back(opened: Opened, books: Books) -> None:
    """When a model fails in the midst of its answer, what it said is taken back before the next one begins."""
    pieces = await heard(opened("stub-cut,stub"), ask("Hi"))
    place = pieces.index(TakenBack())
    assert place > 0
    assert all(isinstance(piece, Said) for piece in pieces[:place])
    after = "".join(piece.delta for piece in pieces[place:] if isinstance(piece, Said))
    assert after.strip() == "You said: Hi"
    assert books.entries[0].estimated
    assert books.entries[0].output_tokens > 0


async def test_taken_back_before_an_error(opened: Opened) -> None:
    """With no other model left, what was said is taken back all the same."""
    pieces: list[Piece] = []

    async def hear() -> None:
        async for piece in opened("stub-cut").stream(ask(), PAYER):
            pieces.append(piece)

    with pytest.raises(ModelsUnavailable):
        await hear()
    assert pieces[-1] == TakenBack()


async def test_nothing_to_take_back(opened: Opened) -> None:
    """A model that failed before it said anything takes nothing back."""
    assert TakenBack() not in await heard(opened("stub-500,stub"), ask())


async def test_time_is_shared(opened: Opened, books: Books) -> None:
    """A first model that hangs leaves the second its share of the time; together they take what is allowed."""
    began = time.monotonic()
    reply = await opened("stub-hang,stub").ask(ask(timeout_seconds=6.0), PAYER)
    assert 2.9 < time.monotonic() - began < 6.0
    assert reply.model == "stub"
    assert books.outcomes[0] == ("stub-hang", "timeout")
    began = time.monotonic()
    with pytest.raises(ModelsUnavailable):
        await opened("stub-hang,stub-stall,stub-hang").ask(ask(timeout_seconds=2.4), PAYER)
    assert time.monotonic() - began < 3 * 2.4


async def test_a_model_that_failed_is_asked_last(opened: Opened, books: Books) -> None:
    """The next question does not wait for a model that hung a moment ago; one alone is asked again."""
    models = opened("stub-hang,stub")
    await models.ask(ask(timeout_seconds=6.0), PAYER)
    assert (await models.ask(ask(timeout_seconds=60.0), PAYER)).model == "stub"
    assert books.outcomes == [("stub-hang", "timeout"), ("stub", "ok"), ("stub", "ok")]
    alone = opened("stub-500")
    for _ in range(2):
        with pytest.raises(ModelsUnavailable):
            await alone.ask(ask(), PAYER)
    assert books.outcomes[3:] == [("stub-500", "server_error")] * 2


async def test_a_rest_ends(opened: Opened, books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    """After its rest, a model has its place in the order of the setting again."""
    monkeypatch.setattr("activities.ai.models.RESTS_SECONDS", 0.0)
    models = opened("stub-500,stub")
    for _ in range(2):
        await models.ask(ask(), PAYER)
    assert books.outcomes == [("stub-500", "server_error"), ("stub", "ok")] * 2


async def test_a_flood_is_ended(opened: Opened, books: Books) -> None:
    """A stream that never stops ends where the text is as long as it may be, and that counts as an answer."""
    pieces = await heard(opened("stub-flood"), ask(timeout_seconds=20))
    reply = pieces[-1]
    assert isinstance(reply, Reply)
    assert sum(len(piece.delta) for piece in pieces if isinstance(piece, Said)) == module.TEXT_AT_MOST
    assert len(reply.text) <= module.TEXT_AT_MOST
    assert books.entries[0].estimated


async def test_a_flood_of_nothing(server: AiServer, opened: Opened) -> None:
    """Events without content are not read for ever either."""
    server.script = [Reaction(events=(b'{"choices":[]}', b"{}"), stop_after=1, then="repeat")]
    with pytest.raises(ModelsRefused):
        await opened("m").ask(ask(timeout_seconds=60), PAYER)


async def test_an_event_without_end(server: AiServer, opened: Opened, books: Books) -> None:
    """One event larger than a whole answer may be is not read to its end, even were it a good one."""
    server.script = [stream_of(event({"content": "Fine.", "padding": "x" * 5_000_000}), event(finish="stop"))]
    with pytest.raises(ModelsUnavailable):
        await opened("m").ask(ask(timeout_seconds=30), PAYER)
    assert books.outcomes == [("m", "cut_off")]


async def test_an_error_page_without_end(server: AiServer, opened: Opened, books: Books) -> None:
    """Nor is the body of an error, whatever its status was."""
    server.script = [Reaction(status=400, body=b"x" * 5_000_000)]
    with pytest.raises(ModelsUnavailable):
        await opened("m").ask(ask(timeout_seconds=30), PAYER)
    assert books.outcomes == [("m", "server_error")]


async def test_a_packed_answer(server: AiServer, opened: Opened) -> None:
    """An answer that is packed, though it was asked not to be, is not unpacked."""
    plain = b"data: " + event({"content": "Fine."}, "stop") + b"\n\ndata: [DONE]\n\n"
    headers = {"content-encoding": "gzip", "content-type": "text/event-stream"}
    server.script = [Reaction(body=gzip.compress(plain), headers=headers)]
    with pytest.raises(ModelsUnavailable):
        await opened("m").ask(ask(), PAYER)
    del headers["content-encoding"]
    server.script = [Reaction(body=plain, headers=headers)]
    assert (await opened("m").ask(ask(), PAYER)).text == "Fine."


CALLS: dict[str, tuple[list[bytes], list[tuple[str, str, str]]]] = {
    "by the protocol": (
        [
            event(called(0, "a", "one", "")),
            event(called(0, None, None, '{"x"')),
            event(called(1, "b", "two", "{}")),
            event(called(0, None, None, ":1}")),
        ],
        [("a", "one", '{"x":1}'), ("b", "two", "{}")],
    ),
    "without an index": (
        [
            event(called(None, "a", "one", "{")),
            event(called(None, None, None, "}")),
            event(called(None, "b", "two", "{}")),
        ],
        [("a", "one", "{}"), ("b", "two", "{}")],
    ),
    "all numbered 0": (
        [event(called(0, "a", "one", "{}")), event(called(0, "b", "two", "{}"))],
        [("a", "one", "{}"), ("b", "two", "{}")],
    ),
    "a name and no id": (
        [event(called(None, None, "one", "{}")), event(called(None, None, "two", "{}"))],
        [("call_0", "one", "{}"), ("call_1", "two", "{}")],
    ),
    "the name in every piece": (
        [event(called(0, "a", "one", "{")), event(called(0, "a", "one", "}"))],
        [("a", "one", "{}")],
    ),
    "one id twice": (
        [event(called(0, "a", "one", "{}")), event(called(1, "a", "two", "{}"))],
        [("a", "one", "{}"), ("call_1", "two", "{}")],
    ),
    "an absurd index": (
        [event(called(10**12, "a", "one", "{}")), event(called(-1, "b", "two", "{}"))],
        [("a", "one", "{}"), ("b", "two", "{}")],
    ),
    "an id no header could hold": (
        [event(called(0, "a\n" * 900, "one", "{}"))],
        [("call_0", "one", "{}")],
    ),
}


@pytest.mark.parametrize("name", CALLS)
async def test_calls_from_pieces(server: AiServer, opened: Opened, name: str) -> None:
    """Calls are put together whatever the server does with index and id; ids are there, and each is another."""
    events, expected = CALLS[name]
    server.script = [stream_of(*events, event(finish="stop"))]
    reply = await opened("m").ask(ask(), PAYER)
    assert [(call.id, call.name, call.arguments) for call in reply.tool_calls] == expected


async def test_what_a_server_wants_back(server: AiServer, opened: Opened) -> None:
    """A signature beside a call is kept, whether it comes with the call or after it."""
    first = event(called(None, "a", "one", "{}", extra_content={"google": {"thought_signature": "s1"}}))
    second = event(called(None, "b", "two", "{}"))
    third = event({"tool_calls": [{"extra_content": {"google": {"thought_signature": "s2"}}}]})
    server.script = [stream_of(third, first, second, third, event(finish="stop"))]
    reply = await opened("m").ask(ask(), PAYER)
    kept = [json.loads(call.extra)["google"]["thought_signature"] for call in reply.tool_calls]
    assert kept == ["s1", "s2"]


HOSTILE = {
    "a call without a name": [event(called(0, "a", None, "{}")), event(finish="stop")],
    "a name with a newline": [event(called(0, "a", "save\nx", "{}")), event(finish="stop")],
    "a name of 5000 characters": [event(called(0, "a", "n" * 5000, "{}")), event(finish="stop")],
    "too many calls": [event(called(i, f"c{i}", "one", "{}")) for i in range(17)] + [event(finish="stop")],
    "arguments of 65 KB": [event(called(0, "a", "one", "x" * 5000)) for _ in range(13)],
    "a signature of 65 KB": [event(called(0, "a", "one", "", extra_content={"s": "x" * 65_000}))],
    "a signature with half a character": [
        event(called(0, "a", "one", "{}")).replace(b'"index": 0, "id"', b'"extra_content": {"s": "\\ud800"}, "id"')
    ],
    "no JSON": [b"{"],
    "another JSON": [b"[1, 2]"],
    "a text as choices": [b'{"choices": "yes"}'],
    "a number as text": [event({"content": 5})],
    "deep JSON": [b"[" * 100_000],
    "no UTF-8": [b'{"x": "\xff\xfe"}'],
    "only white space": [event({"content": " \n "}), event(finish="stop")],
    "only control characters": [event({"content": "\x00\x01"}), event(finish="stop")],
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_hostile_streams(server: AiServer, opened: Opened, books: Books, name: str) -> None:
    """An answer that is out of bounds is none: the next model is asked, and the call is in the books."""
    server.script = [stream_of(*HOSTILE[name]), Reaction(text="Fine.")]
    reply = await opened("bad,good").ask(ask(), PAYER)
    assert (reply.model, reply.text) == ("good", "Fine.")
    assert books.outcomes == [("bad", "invalid"), ("good", "ok")]


@pytest.mark.parametrize(
    ("data", "outcome"),
    [
        ({"code": 429, "message": "slow"}, "rate_limited"),
        ({"code": "502", "message": "m"}, "server_error"),
        ({"code": 400, "message": "m"}, "refused"),
        ({"message": "Internal error"}, "server_error"),
    ],
)
async def test_an_error_in_the_stream(
    server: AiServer, opened: Opened, books: Books, data: dict[str, Any], outcome: str
) -> None:
    """An error that comes when the stream has begun is told apart by its code."""
    server.script = [stream_of(json.dumps({"error": data}).encode()), Reaction(text="Fine.")]
    await opened("bad,good").ask(ask(), PAYER)
    assert books.outcomes[0] == ("bad", outcome)


async def test_the_end_says_error(server: AiServer, opened: Opened, books: Books) -> None:
    """A gateway's `finish_reason` "error" is one."""
    server.script = [Reaction(text="Well", finish_reason="error"), Reaction(text="Fine.")]
    await opened("bad,good").ask(ask(), PAYER)
    assert books.outcomes[0] == ("bad", "server_error")


async def test_an_end_without_a_reason(server: AiServer, opened: Opened, books: Books) -> None:
    """A stream that ends in order, but before the model has said that it is done, was cut off."""
    server.script = [Reaction(text="Well, I", stop_after=3, then="end")]
    with pytest.raises(ModelsUnavailable):
        await opened("m").ask(ask(), PAYER)
    assert books.outcomes == [("m", "cut_off")]


async def test_the_count_is_not_waited_for(server: AiServer, opened: Opened, books: Books) -> None:
    """An answer that is complete does not wait for a count of tokens that never comes, nor is it lost with it."""
    for then in ("hang", "cut"):
        server.script = [Reaction(text="Fine.", stop_after=3, then=then)]
        began = time.monotonic()
        assert (await opened("m").ask(ask(timeout_seconds=30), PAYER)).text == "Fine."
        assert time.monotonic() - began < 15
    assert [entry.estimated for entry in books.entries] == [True, True]


async def test_no_count_is_estimated(opened: Opened, books: Books) -> None:
    """Without the server's count tokens are estimated, and marked."""
    reply = await opened("stub-no-usage").ask(ask("x" * 400), PAYER)
    (entry,) = books.entries
    assert entry.estimated
    assert entry.input_tokens == entry.reserved_input >= 100
    assert entry.output_tokens == -(-len(reply.text + " ") // 4)


@pytest.mark.parametrize("usage", [{"prompt_tokens": -5, "completion_tokens": 1}, {"prompt_tokens": 10**12}, {}])
async def test_a_count_out_of_bounds(
    server: AiServer, opened: Opened, books: Books, usage: dict[str, int]
) -> None:
    """A count that cannot be is not believed."""
    server.script = [stream_of(event({"content": "Fine."}), event(finish="stop", usage=usage))]
    await opened("m").ask(ask(), PAYER)
    assert books.entries[0].estimated
    assert books.entries[0].input_tokens > 0


async def test_text_is_cleaned(server: AiServer, opened: Opened) -> None:
    """What PostgreSQL or UTF-8 would refuse does not get in; other answers of the same stream neither."""
    other = json.dumps({"choices": [{"index": 1, "delta": {"content": "other"}, "finish_reason": None}]}).encode()
    server.script = [stream_of(event({"content": "a\x00b\x1b[31m\ud800\r\nc"}), other, event(finish="stop"))]
    pieces = await heard(opened("m"), ask())
    assert pieces[0] == Said(delta="ab[31m\nc")
    assert isinstance(pieces[-1], Reply)
    assert pieces[-1].text == "ab[31m\nc"


async def test_a_spent_budget(server: AiServer, opened: Opened, books: Books) -> None:
    """Without money nobody is asked; when it ends between two models, the second is not."""
    books.money = 0
    with pytest.raises(BudgetExhausted):
        await opened("stub,stub-500").ask(ask(), PAYER)
    assert server.requests == []
    books.money = 1
    with pytest.raises(BudgetExhausted):
        await opened("stub-500,stub").ask(ask(), PAYER)
    assert [request.model for request in server.requests] == ["stub-500"]


async def test_who_stops_reading_pays(server: AiServer, opened: Opened, books: Books) -> None:
    """When the reader goes in the midst of an answer, the call is given up, and settled for what was said."""
    server.script = [Reaction(text="One two three", stop_after=3, then="hang")]
    async with aclosing(opened("m").stream(ask(timeout_seconds=30), PAYER)) as pieces:
        await anext(pieces)
        await anext(pieces)
    (entry,) = books.entries
    assert (entry.outcome, entry.estimated, entry.output_tokens) == ("cancelled", True, 2)
    assert entry.input_tokens == entry.reserved_input


@pytest.mark.parametrize("reaction", [Reaction(silent=True), Reaction(text="One", stop_after=2, then="hang")])
async def test_a_cancelled_call_is_settled(
    server: AiServer, opened: Opened, books: Books, reaction: Reaction
) -> None:
    """A call whose task is cancelled is settled, even when the task is cancelled once more meanwhile."""
    server.script = [reaction]
    books.slow_seconds = 0.05
    models = opened("m")
    asking = asyncio.create_task(models.ask(ask(timeout_seconds=30), PAYER))
    await until(lambda: bool(server.requests))
    asking.cancel()
    await asyncio.sleep(0.01)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await models.aclose()
    assert books.outcomes == [("m", "cancelled")]


async def test_unsettled_books_lose_no_answer(opened: Opened, books: Books) -> None:
    """When a call cannot be written down, that is logged, and the answer is given all the same."""
    books.broken = True
    with capture_logs() as logs:
        assert (await opened("stub").ask(ask(), PAYER)).text
    assert [(line["event"], line["error"]) for line in logs if line["log_level"] == "error"] == [
        ("ai_call_not_settled", "ConnectionError")
    ]


@pytest.mark.parametrize("model", ["stub", "stub-cut", "stub-400", "stub-garbage"])
async def test_logs_tell_no_word(
    server: AiServer, opened: Opened, caplog: pytest.LogCaptureFixture, model: str
) -> None:
    """At the most talkative level, neither question nor answer nor key is in a log; model, kind and time are."""
    caplog.set_level(logging.DEBUG)
    with capture_logs() as logs, suppress(ModelsRefused, ModelsUnavailable):
        await opened(model).ask(ask(SECRET, tools=(SAVE,)), PAYER)
    assert server.requests
    written = "\n".join(record.getMessage() for record in caplog.records) + repr(logs)
    assert SECRET not in written
    assert "You said" not in written
    assert "Bearer" not in written
    assert {"model", "purpose", "outcome", "latency_ms"} <= set(logs[0])


async def test_one_connection(server: AiServer, opened: Opened) -> None:
    """Calls one after the other share a connection, after an error too."""
    ports: set[int] = set()
    models = opened("stub-500,stub")
    for _ in range(3):
        await models.ask(ask(), PAYER)
        pool: Any = models._client._client._transport._pool  # type: ignore[union-attr] # nothing else tells
        ports |= {id(connection) for connection in pool.connections}
    assert len(ports) == 1


async def test_many_at_once(opened: Opened, books: Books) -> None:
    """Fifty questions at once are fifty answers, each paid for once."""
    models = opened("stub-cut,stub")
    replies = await asyncio.gather(*(models.ask(ask(f"Question {i}"), PAYER) for i in range(50)))
    assert [reply.text for reply in replies] == [f"You said: Question {i}" for i in range(50)]
    assert len(books.entries) == 100
    assert all(entry.outcome for entry in books.entries)


async def test_without_models(books: Books) -> None:
    """Without a model in the settings there is none, and asking says so at once."""
    async with Models(Settings(), books) as models:
        assert not models.configured
        with pytest.raises(ModelsRefused):
            await models.ask(ask(), PAYER)
    assert books.entries == []


async def test_photos_have_models_of_their_own(server: AiServer, books: Books) -> None:
    """AI_VISION_MODELS are asked about photos, and nobody else."""
    async with Models(server.settings("stub-500", ai_vision_models="stub"), books) as models:
        assert (await models.ask(ask(purpose="photo"), PAYER)).model == "stub"


async def test_an_answer_of_words_and_a_call(server: AiServer, opened: Opened) -> None:
    """Words and a call may come in one answer, and both are in it."""
    server.script = [Reaction(text="I save that.", calls=(Call(name="save", arguments="{}"),))]
    reply = await opened("m").ask(ask(tools=(SAVE,)), PAYER)
    assert (reply.text, len(reply.tool_calls)) == ("I save that.", 1)


async def test_a_server_that_restarts(books: Books) -> None:
    """A restart of the server, which ends the connections that were kept, costs no call."""
    async with ai_server() as first:
        models = Models(first.settings(), books)
        await models.ask(ask(), PAYER)
    async with models, ai_server(port=int(first.url.split(":")[2].removesuffix("/v1"))):
        assert (await models.ask(ask(), PAYER)).text
