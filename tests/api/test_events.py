"""The stream of a run, over a real socket."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import jwt
import msgspec
import pytest
from msgspec.structs import replace

from cli.app_process import AppProcess
from cli.embedded import EmbeddedStack
from cli.embedded.ports import free_ports
from db.runs import CHANNEL
from runtime.settings import Settings
from tests.stack import PASSWORD, RUNS, Person, ok, problem, signed_in, until

Event = tuple[str, int, Any]


class Stream:
    """Server-sent events, one by one; comments apart."""

    def __init__(self, answer: httpx.Response) -> None:
        self.answer = answer
        self.comments: list[str] = []
        self.run_id = ""
        self._lines = answer.aiter_lines()

    async def next(self, seconds: float = 30.0) -> Event | None:
        """The type, id and data of the next event; None when the stream has ended."""
        fields: dict[str, str] = {}
        async with asyncio.timeout(seconds):
            async for line in self._lines:
                name, _, value = line.partition(": ")
                if line.startswith(":"):
                    self.comments.append(line)
                    if not fields:
                        return ("comment", 0, line)
                elif line:
                    fields[name] = value
                elif fields:
                    self.run_id, _, seq = fields["id"].rpartition(":")
                    return fields["event"], int(seq), msgspec.json.decode(fields["data"])
        return None


@asynccontextmanager
async def listening(server: str, person: Person, **headers: str) -> AsyncGenerator[Stream]:
    """The person's stream; leaving it hangs up."""
    sent = {"Authorization": f"Bearer {person.token}", **headers}
    async with (
        httpx.AsyncClient(base_url=server, timeout=60) as client,
        client.stream("GET", f"{RUNS}/events", headers=sent) as answer,
    ):
        assert answer.status_code == 200
        yield Stream(answer)


async def test_a_snapshot_then_each_change(server: str, person: Person) -> None:
    """First the whole progress, then a change that another process took, less than a second behind."""
    await person.start()
    async with listening(server, person) as stream:
        assert stream.answer.headers["content-type"].startswith("text/event-stream")
        first = await stream.next()
        assert first is not None
        assert first[:2] == ("STATE_SNAPSHOT", 1)
        assert first[2] == {"progress": await person.progress()}
        took: list[float] = []
        for state in range(1, 6):
            saved = ok(await person.save(state))
            answered = time.monotonic()
            change = await stream.next()
            took.append(time.monotonic() - answered)
            assert change is not None
            version = state + 1
            assert change[:2] == ("STATE_DELTA", version)
            told = (change[2]["kind"], change[2]["state"], change[2]["version"])
            assert told == ("state_completed", state, version)
            assert change[2]["progress"] == saved["progress"]
        # The machine may stand still for a moment, but not at each of them.
        assert min(took) < 1.0


async def test_two_listeners(server: str, person: Person) -> None:
    """Every device that listens hears of the change."""
    await person.start()
    async with listening(server, person) as one, listening(server, person) as two:
        for stream in (one, two):
            await stream.next()
        ok(await person.save(1))
        assert await one.next() == await two.next() != None  # noqa: E711


async def test_what_was_missed(server: str, person: Person) -> None:
    """`Last-Event-ID` brings each missed event once and in order, without a snapshot, then the live ones."""
    await person.saved_until(3)
    run_id = (await person.progress())["run_id"]
    async with listening(server, person, **{"Last-Event-ID": f"{run_id}:2"}) as stream:
        missed = [await stream.next() for _ in range(2)]
        assert [event[:2] for event in missed if event] == [("STATE_DELTA", 3), ("STATE_DELTA", 4)]
        ok(await person.save(4))
        live = await stream.next()
        assert live is not None
        assert live[:2] == ("STATE_DELTA", 5)


async def test_nothing_was_missed(server: str, person: Person) -> None:
    """Whoever is up to date hears only what comes."""
    await person.start()
    run_id = (await person.progress())["run_id"]
    async with listening(server, person, **{"Last-Event-ID": f"{run_id}:1"}) as stream:
        ok(await person.save(1))
        event = await stream.next()
        assert event is not None
        assert event[:2] == ("STATE_DELTA", 2)
        assert stream.run_id == run_id


@pytest.mark.parametrize("last", ["1", ":1", "{}:", "{}:999", "{}:-5", "{}:yesterday", "{}:²", "{}:" + "9" * 40])
async def test_an_offset_of_no_use(server: str, person: Person, last: str) -> None:
    """An offset that is not of this run brings one snapshot."""
    await person.start()
    run_id = (await person.progress())["run_id"]
    sent: Any = {"Last-Event-ID": last.format(run_id).encode("latin-1")}
    async with listening(server, person, **sent) as stream:
        event = await stream.next()
        assert event is not None
        assert event[:2] == ("STATE_SNAPSHOT", 1)


async def test_a_batch_is_several_events(server: str, person: Person) -> None:
    """Each event of a batch comes, all with the progress after it."""
    await person.start()
    async with listening(server, person) as stream:
        await stream.next()
        await person.saved(1, 3)
        events = [await stream.next() for _ in range(3)]
        assert [event[1] for event in events if event] == [2, 3, 4]
        assert {event[2]["progress"]["current_state"] for event in events if event} == {4}


async def test_the_end(server: str, person: Person) -> None:
    """The stream ends with the run, after its last event."""
    await person.saved_until(9)
    async with listening(server, person) as stream:
        await stream.next()
        ok(await person.post(f"{RUNS}/complete"))
        last = await stream.next()
        assert last is not None
        assert last[2]["kind"] == "run_completed"
        assert last[2]["progress"]["is_complete"]
        assert await stream.next() is None


async def test_of_an_ended_run(server: str, person: Person) -> None:
    """A stream of a run that has ended gives its snapshot."""
    await person.completed()
    async with listening(server, person) as stream:
        event = await stream.next()
        assert event is not None
        assert event[0] == "STATE_SNAPSHOT"
        assert event[2]["progress"]["is_complete"]


async def test_an_offset_of_the_run_before(server: str, person: Person) -> None:
    """After a restart the id of the run before is of no use: nothing of the new run is taken for seen."""
    await person.saved_until(3)
    before = (await person.progress())["run_id"]
    await person.start(restart=True)
    async with listening(server, person, **{"Last-Event-ID": f"{before}:1"}) as stream:
        event = await stream.next()
        assert event is not None
        assert event[:2] == ("STATE_SNAPSHOT", 1)
        assert stream.run_id != before


async def test_the_end_was_seen(server: str, person: Person) -> None:
    """Who has seen the end of a run and comes back is told to stop asking: 204."""
    await person.completed()
    run_id = (await person.progress())["run_id"]
    seq = ok(await person.get(f"{RUNS}/history?with_total=true"))["total"]
    headers = {"Last-Event-ID": f"{run_id}:{seq}"}
    assert (await person.get(f"{RUNS}/events", headers=headers)).status_code == 204


async def test_heartbeats(server: str, person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """While nothing happens comments keep the connection open."""
    monkeypatch.setattr("api.streams.HEARTBEAT_SECONDS", 0.05)
    await person.start()
    async with listening(server, person) as stream:
        await stream.next()
        beats = [await stream.next() for _ in range(2)]
        assert [beat[2] for beat in beats if beat] == [": heartbeat"] * 2


async def test_not_without_end(server: str, person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run has a bounded number of streams; the one too many is told to come back, and may when one ended."""
    monkeypatch.setattr("api.streams.STREAMS_AT_MOST", 2)
    await person.start()
    headers = {"Authorization": f"Bearer {person.token}"}
    async with httpx.AsyncClient(base_url=server, timeout=60) as client, listening(server, person) as first:
        await first.next()
        async with listening(server, person) as second:
            await second.next()
            refused = await client.get(f"{RUNS}/events", headers=headers)
            problem(refused, 429, "rate_limited")
            assert int(refused.headers["retry-after"]) > 0

        async def free() -> bool:
            async with client.stream("GET", f"{RUNS}/events", headers=headers) as answer:
                return answer.status_code == 200

        await until(free)


async def test_refusals(server: str, person: Person) -> None:
    """Without a token or a run the answer is a problem, not a stream; a token in the address is none."""
    async with httpx.AsyncClient(base_url=server) as client:
        problem(await client.get(f"{RUNS}/events"), 401, "auth_missing_token")
        problem(await client.get(f"{RUNS}/events?token={person.token}"), 401, "auth_missing_token")
        headers = {"Authorization": f"Bearer {person.token}"}
        problem(await client.get(f"{RUNS}/events", headers=headers), 404, "run_not_found")


async def test_nobody_hears_of_another(server: str, person: Person, other: Person) -> None:
    """A stream carries its own person's run only."""
    await person.start()
    await other.start()
    async with listening(server, other) as stream:
        await stream.next()
        ok(await person.save(1))
        ok(await other.save(1, {"fitness_level": "advanced"}))
        event = await stream.next()
        assert event is not None
        assert event[2]["progress"]["run_id"] == (await other.progress())["run_id"]


@asynccontextmanager
async def made_inactive(stack: EmbeddedStack, person: Person) -> AsyncGenerator[asyncpg.Connection]:
    """Their account is not active any more; gives the connection that did it."""
    admin = await asyncpg.connect(stack.postgres.url("gangway_admin"))
    try:
        await admin.execute("UPDATE users SET is_active = false WHERE id = $1", person.id)
        yield admin
    finally:
        await admin.close()


async def test_an_account_made_inactive(server: str, person: Person, stack: EmbeddedStack) -> None:
    """Who is shut out hears of no further change: the stream ends instead."""
    await person.start()
    async with listening(server, person) as stream:
        await stream.next()
        ok(await person.save(1))
        async with made_inactive(stack, person) as admin:
            await stream.next()
            await admin.execute("SELECT pg_notify($1, $2)", CHANNEL, stream.run_id)
            assert await stream.next() is None


async def test_an_account_made_inactive_while_nothing_happens(
    server: str, person: Person, stack: EmbeddedStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ends at the next heartbeat, though the run has not changed."""
    monkeypatch.setattr("api.streams.HEARTBEAT_SECONDS", 0.05)
    await person.start()
    async with listening(server, person) as stream:
        await stream.next()
        async with made_inactive(stack, person):
            async with asyncio.timeout(30):
                while event := await stream.next():
                    assert event[0] == "comment"


async def test_an_expired_token_that_is_still_taken(server: str, person: Person, settings: Settings) -> None:
    """A token opens streams for as long as it opens anything, and they last as long; then it is 401.

    Of its thirty seconds ten are left: enough for all that must be done in them, and less than to a heartbeat.
    """
    await person.start()
    now = datetime.now(UTC)
    assert settings.jwt_secret
    claims = {**jwt.decode(person.token, options={"verify_signature": False}), "iat": now}
    token = jwt.encode({**claims, "exp": now - timedelta(seconds=20)}, settings.jwt_secret, "HS256")
    late = replace(person, token=token)
    async with listening(server, late) as stream:
        await stream.next()
        ok(await person.save(1))
        change = await stream.next()
        assert change is not None
        assert change[0] == "STATE_DELTA"
        async with asyncio.timeout(40):
            while event := await stream.next():
                assert event[0] == "comment"
    async with httpx.AsyncClient(base_url=server) as client:
        answer = await client.get(f"{RUNS}/events", headers={"Authorization": f"Bearer {token}"})
    problem(answer, 401, "auth_expired_token")


async def test_a_stop_ends_streams(settings: Settings, person: Person, tmp_path: Path) -> None:
    """A process that is told to stop ends its streams and need not wait for them; nothing is wrong then."""
    await person.start()
    port = free_ports(1)[0]
    api = AppProcess("api", replace(settings, port=port, gangway_home=tmp_path), port=port)
    await api.start()
    try:
        async with listening(f"http://127.0.0.1:{port}", person) as stream:
            await stream.next()
            began = time.monotonic()
            stopped = asyncio.create_task(api.stop())
            assert await stream.next() is None
            await stopped
        assert time.monotonic() - began < 8.0  # those that it waits for have ten seconds
    finally:
        await api.stop()
    said = api.log.read_text()
    assert "Traceback" not in said
    assert "Finished server process" in said


async def test_signing_out_ends_the_stream(server: str, person: Person) -> None:
    """A stream ends at once with its own session, by a logout or by a new password elsewhere; others go on."""
    await person.start()
    second, third = [await signed_in(person.client, person.email) for _ in range(2)]
    async with (
        listening(server, person) as mine,
        listening(server, second) as theirs,
        listening(server, third) as last,
    ):
        for stream in (mine, theirs, last):
            await stream.next()
        assert (await person.post("/api/v1/auth/logout")).status_code == 204
        assert await mine.next() is None
        ok(await second.save(1))
        for stream in (theirs, last):
            assert await stream.next() is not None
        body = {"current_password": PASSWORD, "new_password": "a stapler for the battery"}
        assert (await second.post("/api/v1/auth/password", body)).status_code == 204
        assert await last.next() is None
        ok(await second.save(2))
        assert await theirs.next() is not None
