"""The stream of a capture session, over a real socket."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import httpx
import pytest

from api.streams import STREAMS_AT_MOST
from tests.api.test_captures import Desk, Sql, opened
from tests.stack import Json, ok, problem, sign_up, until


@pytest.fixture
async def desk(server: str) -> AsyncIterator[Desk]:
    """A session behind a real server."""
    limits = httpx.Limits(max_connections=100)
    async with httpx.AsyncClient(base_url=server, timeout=60, trust_env=False, limits=limits) as client:
        yield await opened(await sign_up(client))


class Stream:
    """A stream that is open."""

    def __init__(self, lines: AsyncIterator[str]) -> None:
        self._lines = lines

    async def next(self) -> tuple[str, int, Json]:
        """The next event: its type, its id and its data. Fails when there is none for long."""
        fields: dict[str, str] = {}
        async with asyncio.timeout(30):
            async for line in self._lines:
                name, _, value = line.partition(":")
                if name:
                    fields[name] = value.strip()
                elif "event" in fields:
                    return fields["event"], int(fields["id"]), json.loads(fields["data"])
        raise EOFError

    async def take(self, count: int) -> list[tuple[str, int, Json]]:
        """So many."""
        return [await self.next() for _ in range(count)]


@asynccontextmanager
async def listening(desk: Desk, *, phone: bool = False, **options: Any) -> AsyncGenerator[Stream]:
    """A stream of the session."""
    headers = {
        "Authorization": f"{'Capture' if phone else 'Bearer'} {desk.phone.token if phone else desk.person.token}"
    }
    headers |= options.pop("headers", {})
    async with desk.person.client.stream("GET", f"{desk.path}/stream", headers=headers, **options) as answer:
        assert answer.status_code == 200, await answer.aread()
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield Stream(answer.aiter_lines())


async def test_what_the_phone_scans(desk: Desk) -> None:
    """A snapshot first; then what one device does is told to both, within a second."""
    first = ok(await desk.scan("SN-1"))
    async with listening(desk) as here, listening(desk, phone=True) as there:
        for stream in (here, there):
            event, number, data = await stream.next()
            assert (event, number, data["session"]["counts"]["barcodes"]) == ("snapshot", 1, 1)
            assert [each["id"] for each in data["items"]] == [first["id"]]
        took: list[float] = []
        for count in range(2, 7):
            began = time.monotonic()
            scanned = ok(await desk.phone.scan(f"SN-{count}"))
            for stream in (here, there):
                (kind, number, item), (last, same, session) = await stream.take(2)
                assert (kind, number, item) == ("item", count, {n: v for n, v in scanned.items() if n in item})
                assert (last, same, session["counts"]) == ("session", count, {"barcodes": count, "photos": 0})
            took.append(time.monotonic() - began)
        # The machine may stand still for a moment, but not at each of them.
        assert min(took) < 1
        path = f"{desk.path}/items/{first['id']}"
        await desk.person.send("DELETE", path, headers={"If-Match": "*"})
        (kind, number, item), _ = await there.take(2)
        assert (kind, number, item["id"]) == ("item_deleted", 7, first["id"])


async def test_going_on(desk: Desk) -> None:
    """Whoever comes back with the last event is told what was missed; who names what never was, all of it."""
    items = ok(await desk.phone.scan("SN-1", "SN-2", "SN-3"))["items"]
    for options in ({"headers": {"Last-Event-ID": "1"}}, {"params": {"since": 1}}):
        async with listening(desk, **options) as stream:
            events = await stream.take(3)
        assert [(kind, number) for kind, number, _ in events] == [("item", 2), ("item", 3), ("session", 3)]
        assert [data["id"] for _, _, data in events[:2]] == [each["id"] for each in items[1:]]
    for nonsense in ("99", "x", "-1", "9" * 70):
        async with listening(desk, headers={"Last-Event-ID": nonsense}) as stream:
            assert (await stream.next())[0] == "snapshot"


async def test_more_than_are_read_at_a_time(desk: Desk) -> None:
    """Of very many changes each is told once, in order."""
    for start in range(0, 230, 46):
        ok(await desk.phone.scan(*(f"SN-{number}" for number in range(start, start + 46))))
    async with listening(desk, params={"since": 0}) as stream:
        events = await stream.take(231)
    assert [number for _, number, _ in events] == [*range(1, 231), 230]
    assert [kind for kind, _, _ in events] == ["item"] * 230 + ["session"]


async def test_the_end_of_a_session(desk: Desk) -> None:
    """When the session is closed both are told, and the streams end."""
    async with listening(desk) as here, listening(desk, phone=True) as there:
        for stream in (here, there):
            await stream.next()
        await desk.person.send("DELETE", desk.path)
        for stream in (here, there):
            event, _, session = await stream.next()
            assert (event, session["status"]) == ("session", "closed")
            with pytest.raises(EOFError):
                await stream.next()


async def test_another_token_ends_the_phones_stream(desk: Desk) -> None:
    """The phone whose token was replaced hears no more; the desktop goes on."""
    async with listening(desk) as here, listening(desk, phone=True) as there:
        for stream in (here, there):
            await stream.next()
        ok(await desk.person.post(f"{desk.path}/rotate-token"))
        with pytest.raises(EOFError):
            await there.next()
        assert (await here.next())[0] == "session"


async def test_a_session_that_runs_out(desk: Desk, admin_sql: Sql) -> None:
    """Nobody need write that a session has expired for its streams to end."""
    async with listening(desk) as stream:
        await stream.next()
        query = "UPDATE capture_sessions SET expires_at = now(), version = version + 1 WHERE id = $1"
        await admin_sql(query, desk.opened["session_id"])
        assert (await stream.next())[2]["status"] == "expired"
        with pytest.raises(EOFError):
            await stream.next()


async def test_not_too_many_streams(desk: Desk) -> None:
    """One more than are allowed is told to wait; one that ends makes room."""
    async with AsyncExitStack() as many:
        streams = [await many.enter_async_context(listening(desk)) for _ in range(STREAMS_AT_MOST)]
        for each in streams:
            assert (await each.next())[0] == "snapshot"
        answer = await desk.person.get(f"{desk.path}/stream")
        problem(answer, 429, "rate_limited")
        assert answer.headers["retry-after"]

    async def room() -> bool:
        async with desk.person.client.stream(
            "GET", f"{desk.path}/stream", headers={"Authorization": f"Bearer {desk.person.token}"}
        ) as again:
            return again.status_code == 200

    await until(room)
