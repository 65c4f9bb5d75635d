"""Request ids and the trace that a caller brings."""

import httpx
import pytest
from litestar.types import Receive, Scope, Send
from structlog.testing import capture_logs

from api.request_ids import RequestIds
from tests.stack import RUNS, Person, problem


@pytest.mark.parametrize("sent", ["a", "A-1.b_2", "x" * 64, "0", "..."])
async def test_a_good_one_is_kept(api: httpx.AsyncClient, sent: str) -> None:
    """An id of 1 to 64 allowed characters comes back in the header and in the problem."""
    answer = await api.get(f"{RUNS}/progress", headers={"X-Request-ID": sent})
    assert answer.headers["x-request-id"] == sent
    assert problem(answer, 401, "auth_missing_token")["request_id"] == sent


@pytest.mark.parametrize("sent", ["", "x" * 65, "a b", "a\tb", "a/b", "é", "a\x00b", "a;b", "<b>", "a,b"])
async def test_another_one_is_replaced(api: httpx.AsyncClient, sent: str) -> None:
    """Anything else is replaced by one of ours."""
    answer = await api.get("/livez", headers={"X-Request-ID": sent.encode()})
    minted = answer.headers["x-request-id"]
    assert minted != sent
    assert len(minted) == 32


async def test_each_request_has_its_own(api: httpx.AsyncClient) -> None:
    """Two requests, two ids; unknown routes have them as well."""
    answers = [await api.get(path) for path in ("/livez", "/livez", "/nowhere")]
    assert len({answer.headers["x-request-id"] for answer in answers}) == 3
    assert all(answer.headers.get_list("x-request-id") for answer in answers)


async def test_only_once_in_an_answer(person: Person) -> None:
    """The header stands once in each kind of answer."""
    for path in (f"{RUNS}/progress", "/api/v1/users/me", "/schema"):
        assert len((await person.get(path)).headers.get_list("x-request-id")) == 1


@pytest.mark.parametrize("trace", ["00-" + "a" * 32 + "-" + "b" * 16 + "-01", "nonsense", "x" * 5000])
async def test_a_trace_is_carried_or_ignored(person: Person, trace: str) -> None:
    """A trace parent never hinders a request, whatever it holds."""
    answer = await person.post(f"{RUNS}/start", {}, headers={"traceparent": trace})
    assert answer.status_code == 201


async def _breaks(scope: Scope, receive: Receive, send: Send) -> None:
    raise RuntimeError("password=hunter2")


async def _breaks_midway(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    raise RuntimeError("password=hunter2")


async def test_what_escapes_everything() -> None:
    """An error that nobody caught is a problem with its request's id; its traceback and its request are logged."""
    transport = httpx.ASGITransport(app=RequestIds(_breaks))  # type: ignore[arg-type]
    with capture_logs() as logs:
        async with httpx.AsyncClient(transport=transport, base_url="http://gangway.test") as client:
            answer = await client.get("/broken", headers={"X-Request-ID": "mine"})
    assert problem(answer, 500, "internal_error")["request_id"] == "mine"
    assert "hunter2" not in answer.text
    error, line = logs
    assert (error["log_level"], error["path"], str(error["exc_info"])) == ("error", "/broken", "password=hunter2")
    assert (line["event"], line["path"], line["status"]) == ("request", "/broken", 500)


async def test_what_escapes_after_the_answer_began() -> None:
    """With an answer under way the error is the server's to log and to hang up on; the request has its line."""
    transport = httpx.ASGITransport(app=RequestIds(_breaks_midway))  # type: ignore[arg-type]
    with capture_logs() as logs:
        async with httpx.AsyncClient(transport=transport, base_url="http://gangway.test") as client:
            with pytest.raises(RuntimeError, match="hunter2"):
                await client.get("/broken")
    assert [(line["event"], line["status"]) for line in logs] == [("request", 200)]
