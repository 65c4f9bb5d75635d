"""The key-encryption key is changed while people answer."""

import asyncio
import sys
import uuid
from collections.abc import AsyncIterator
from http.client import CONFLICT

import httpx
import msgspec
import pytest

from cli.data_keys import key_store
from cli.embedded import local_client
from runtime.data_keys import DataKeys
from runtime.settings import Settings, environment_of
from tests.bench.stack import clean_environment
from tests.stack import EXAMPLES, RUNS, served, sign_up, until

CLIENTS = 50
AT_THE_DOOR = 8
ROTATIONS = 3


class Load:
    """People who sign up, answer and read, one after the other; `failed` is what was not answered with success."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client
        self._stop = False
        self._door = asyncio.Semaphore(AT_THE_DOOR)
        self.answered = 0
        self.people = 0
        self.failed: list[str] = []

    def stop(self) -> None:
        """Let everybody end what they are at."""
        self._stop = True

    async def run(self) -> None:
        """One client: somebody new after every few answers."""
        while not self._stop:
            async with self._door:  # who waits too long for the passwords of others is sent away, with reason
                person = await sign_up(self._client)
            self.people += 1
            self._note(await person.post(f"{RUNS}/start", {}, headers=_once()))
            for number in (1, 2):
                body = {"step": number, "data": EXAMPLES[number]}
                key = _once()
                self._note(await person.post(f"{RUNS}/step", body, headers=key))
                self._note(await person.get(f"{RUNS}/progress"))
                # The first answer is kept just after it was sent.
                while (again := await person.post(f"{RUNS}/step", body, headers=key)).status_code == CONFLICT:
                    assert again.json()["code"] == "request_in_progress"
                self._note(again)
                assert "idempotent-replayed" in again.headers

    def _note(self, answer: httpx.Response) -> None:
        self.answered += 1
        if not answer.is_success:
            self.failed.append(f"{answer.request.method} {answer.status_code} {answer.text}")


def _once() -> dict[str, str]:
    return {"Idempotency-Key": uuid.uuid4().hex}


class Reader:
    """A process with nothing in its memory, again and again: it opens every data key that there is."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stop = False
        self.opened = 0

    def stop(self) -> None:
        """End with this round."""
        self._stop = True

    async def run(self) -> None:
        """Open all keys until told to stop."""
        while not self._stop:
            async with key_store(self._settings) as (store, wrapper):
                keys = DataKeys(store, wrapper)
                for key_id in await store.counts():
                    for row in await store.page(key_id, None, 100):
                        assert (await keys.opening(row.id)).id == row.id
                        self.opened += 1


async def rotate(settings: Settings) -> dict[str, object]:
    """`gangway keys rotate --json` in a process of its own."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "cli", "keys", "rotate", "--json"),
        env={**clean_environment(), **environment_of(settings)},
        cwd=settings.gangway_home,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, complained = await process.communicate()
    assert (process.returncode, complained) == (0, b"")
    return msgspec.json.decode(said)


@pytest.fixture
async def client(settings: Settings, worker: None) -> AsyncIterator[httpx.AsyncClient]:
    """As many connections as there are clients. A slow machine is no failure: no rotation may be felt."""
    limits = httpx.Limits(max_connections=CLIENTS)
    patient = msgspec.structs.replace(settings, update_timeout_seconds=60.0, database_timeout_seconds=30.0)
    async with (
        served(patient) as server,
        local_client(base_url=server, timeout=90.0, limits=limits) as client,
    ):
        yield client


async def test_rotating_under_load(client: httpx.AsyncClient, settings: Settings) -> None:
    """Three rotations while fifty clients work: nothing fails, each key opens always, no row has an older key."""
    load, reader = Load(client), Reader(settings)
    async with asyncio.TaskGroup() as group:
        for _ in range(CLIENTS):
            group.create_task(load.run())
        group.create_task(reader.run())
        seen: set[str] = set()
        for _ in range(ROTATIONS):
            answered, people = load.answered, load.people
            await until(lambda: load.answered >= answered + CLIENTS and load.people > people, 180)  # noqa: B023 - at once
            done = await rotate(settings)
            assert done["new_key"]
            seen.add(str(done["current"]))
        people = load.people
        await until(lambda: load.people >= people + CLIENTS // 2, 180)
        load.stop()
        reader.stop()
    assert load.failed == []
    assert len(seen) == ROTATIONS
    async with key_store(settings) as (store, _):
        assert (await store.counts()).keys() == {done["current"]}
    assert reader.opened > CLIENTS
