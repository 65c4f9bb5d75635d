"""The pool: bounds, and healing."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import asyncpg
import psutil
import pytest

from cli.embedded import EmbeddedStack
from db.pool import Database, DatabaseUnavailable
from runtime.settings import Settings
from tests.db.given import Person
from tests.stack import until

PATIENCE = 3.0
"""Seconds: longer than a busy machine takes for what must work."""


@pytest.fixture
async def small(app_url: str) -> AsyncIterator[Database]:
    """Two connections and bounded patience."""
    database = await Database.open(app_url, min_size=1, max_size=2, timeout=PATIENCE)
    yield database
    await database.close()


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    begun = time.monotonic()
    yield
    assert time.monotonic() - begun < seconds


async def test_commit_and_rollback(database: Database, person: Person) -> None:
    """The end of the block commits, an exception rolls back and passes through."""
    async with database.transaction(person.caller()) as conn:
        await conn.execute("UPDATE users SET full_name = 'kept'")

    async def change_and_fail() -> None:
        async with database.transaction(person.caller()) as conn:
            await conn.execute("UPDATE users SET full_name = 'lost'")
            raise LookupError

    with pytest.raises(LookupError):
        await change_and_fail()
    async with database.transaction(person.caller()) as conn:
        assert await conn.fetchval("SELECT full_name FROM users") == "kept"


async def test_an_ignored_error_is_no_commit(database: Database, person: Person) -> None:
    """Whoever catches a database error inside the block is told that nothing was committed."""

    async def ignore() -> None:
        async with database.transaction(person.caller()) as conn:
            await conn.execute("UPDATE users SET full_name = 'lost'")
            with pytest.raises(asyncpg.DivisionByZeroError):
                await conn.execute("SELECT 1 / 0")

    with pytest.raises(asyncpg.InFailedSQLTransactionError):
        await ignore()


async def test_no_connection_to_spare(small: Database) -> None:
    """With all connections in use, the next caller hears so in bounded time, and then can go on."""
    async with small.autocommit(), small.autocommit():
        with at_most(PATIENCE * 5), pytest.raises(DatabaseUnavailable):
            await small.ping()
    await small.ping()


async def test_slow_statements_end(small: Database) -> None:
    """A statement that takes too long is cancelled by the server, and the connection stays good."""
    with at_most(PATIENCE * 5), pytest.raises(DatabaseUnavailable, match="statement timeout"):
        async with small.transaction(None) as conn:
            await conn.execute("SELECT pg_sleep(60)")
    await small.ping()


async def test_a_server_that_says_nothing(small: Database) -> None:
    """A backend that hangs costs the caller bounded time and the pool one connection."""
    async with small.autocommit() as conn:
        pid = await conn.fetchval("SELECT pg_backend_pid()")
    os.kill(pid, signal.SIGSTOP)
    try:
        with at_most(PATIENCE * 8), pytest.raises(DatabaseUnavailable):
            await small.ping()
        await small.ping()
    finally:
        os.kill(pid, signal.SIGCONT)


async def test_cancelled_callers_leave_no_trace(small: Database, person: Person) -> None:
    """A request that is cancelled in the middle of a statement is rolled back, and its connection reused."""

    async def work() -> None:
        async with small.transaction(person.caller()) as conn:
            await conn.execute("UPDATE users SET full_name = 'lost'")
            started.set()
            await conn.execute("SELECT pg_sleep(60)")

    for _ in range(4):
        started = asyncio.Event()
        task = asyncio.create_task(work())
        await started.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    async with small.transaction(person.caller()) as conn:
        assert await conn.fetchval("SELECT full_name FROM users") is None


async def test_heals_after_all_backends_end(small: Database, admin: asyncpg.Connection) -> None:
    """After every backend was terminated, the next transactions work at once, without one failing."""
    async with small.autocommit() as one, small.autocommit() as two:
        pids = [await conn.fetchval("SELECT pg_backend_pid()") for conn in (one, two)]
    for pid in pids:
        assert await admin.fetchval("SELECT pg_terminate_backend($1, 5000)", pid)
    for _ in range(4):
        async with small.transaction(None) as conn:
            assert await conn.fetchval("SELECT pg_backend_pid()") not in pids


async def test_heals_what_died_unnoticed(small: Database) -> None:
    """A connection whose end this process has not yet heard of is replaced before anybody works on it."""
    async with small.autocommit() as conn:
        pid = await conn.fetchval("SELECT pg_backend_pid()")
    backend = psutil.Process(pid)
    backend.terminate()
    backend.wait(30)  # the event loop, which would hear of it, stands still meanwhile
    async with small.transaction(None) as conn:
        assert await conn.fetchval("SELECT pg_backend_pid()") != pid


async def test_losing_the_connection_inside(small: Database, admin: asyncpg.Connection, person: Person) -> None:
    """A transaction whose backend ends reports that, whoever sees it first, and wrote nothing."""

    async def lose(*, then_ask: bool) -> None:
        async with small.transaction(person.caller()) as conn:
            await conn.execute("UPDATE users SET full_name = 'lost'")
            pid = await conn.fetchval("SELECT pg_backend_pid()")
            assert await admin.fetchval("SELECT pg_terminate_backend($1, 5000)", pid)
            if then_ask:
                await conn.fetchval("SELECT 1")

    for then_ask in (True, False):
        with pytest.raises(DatabaseUnavailable):
            await lose(then_ask=then_ask)
    async with small.transaction(person.caller()) as conn:
        assert await conn.fetchval("SELECT full_name FROM users") is None


async def all_refused(database: Database) -> bool:
    """Whether none of as many calls as there are connections is answered, each told so in bounded time."""
    with at_most(PATIENCE * 5):
        answers = await asyncio.gather(*(database.ping() for _ in range(4)), return_exceptions=True)
    return all(isinstance(answer, DatabaseUnavailable) for answer in answers)


async def test_kill_9_and_back(tmp_path_factory: pytest.TempPathFactory) -> None:
    """With PostgreSQL killed every call is refused in bounded time; when it is back the same pool works."""
    home = tmp_path_factory.mktemp("killed")
    async with EmbeddedStack(home=home, settings=Settings(), services={"postgres"}) as stack:
        url = stack.postgres.url("gangway_app")
        database = await Database.open(url, min_size=2, max_size=4, timeout=PATIENCE)
        try:
            pid = stack.postgres.pid
            assert pid is not None
            os.kill(pid, signal.SIGKILL)
            # Backends may outlive the server for a moment, and answer; in the end all are gone.
            await until(lambda: all_refused(database))
            await stack.postgres.stop()
            with at_most(PATIENCE * 5), pytest.raises(DatabaseUnavailable):
                await database.ping()
            with at_most(PATIENCE * 5), pytest.raises(DatabaseUnavailable):
                await Database.open(url, timeout=PATIENCE)
            await stack.postgres.start()
            await asyncio.gather(*(database.ping() for _ in range(8)))
        finally:
            await database.close()


async def test_nobody_is_there(tmp_path: object) -> None:
    """A socket or port where nobody listens is reported as such, at once."""
    for url in (f"postgresql://a@/b?host={tmp_path}", "postgresql://a@127.0.0.1:1/b"):
        with at_most(PATIENCE * 5), pytest.raises(DatabaseUnavailable):
            await Database.open(url, timeout=PATIENCE)
