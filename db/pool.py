"""The connection pool: Piccolo's, bounded in size and time, healing after PostgreSQL was away."""

# `Connection` overrides methods with fewer options than asyncpg's: those in use.
# pyright: reportIncompatibleMethodOverride=false

import asyncio
from collections.abc import AsyncGenerator, Awaitable
from contextlib import asynccontextmanager, suppress
from typing import Any, ClassVar, Self, TypeVar

import asyncpg
import msgspec
from piccolo.engine.postgres import PostgresEngine

from db.tenant import CHANGED, Context, opening
from onboarding.errors import GangwayError

_T = TypeVar("_T")


class DatabaseUnavailable(GangwayError):
    """PostgreSQL is away, does not answer in time, or has no connection to spare; trying again may help."""

    code: ClassVar[str] = "database_unavailable"
    detail: ClassVar[str] = "The database is not available at the moment."


AWAY = (
    OSError,  # refused, reset, no such socket; TimeoutError is one too
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.QueryCanceledError,
    asyncpg.LockNotAvailableError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.DeadlockDetectedError,  # of two that met in a ring, the one that may try again
)
"""What asyncpg raises when the fault is not the query's."""


class Connection(asyncpg.Connection):
    """asyncpg's connection; what is not the query's fault comes out of it as `DatabaseUnavailable`."""

    async def execute(self, query: str, *args: object) -> str:
        """Run a query, or without arguments several, and return the last one's status."""
        return await self._reported(super().execute(query, *args))

    async def fetch(self, query: str, *args: object) -> list[asyncpg.Record]:
        """Run a query and return its rows."""
        return await self._reported(super().fetch(query, *args))

    async def fetchrow(self, query: str, *args: object) -> asyncpg.Record | None:
        """Run a query and return its first row."""
        return await self._reported(super().fetchrow(query, *args))

    async def fetchval(self, query: str, *args: object) -> Any:
        """Run a query and return the first value of its first row."""
        return await self._reported(super().fetchval(query, *args))

    async def _reported(self, answer: Awaitable[_T]) -> _T:
        try:
            return await answer
        except AWAY as error:
            if isinstance(error, OSError):
                # Not worth a cancel request: who did not answer the query would not answer that one either.
                self.terminate()
            raise DatabaseUnavailable(str(error) or type(error).__name__) from error
        except asyncpg.InternalClientError as error:
            # The server said goodbye while nobody asked it anything, and has not hung up yet.
            self.terminate()
            raise DatabaseUnavailable(str(error)) from error
        except asyncpg.InterfaceError as error:
            if self.is_closed():
                raise DatabaseUnavailable(str(error)) from error
            raise


class Engine(PostgresEngine):
    """Piccolo's engine, without the connection that its constructor makes to ask for the version."""

    async def check_version(self) -> None:
        """Do nothing: the migrations fail on a server that is too old."""


class Database:
    """Transactions on a bounded pool.

    No call waits longer than `timeout` for a connection, nor for the answer to one statement.
    """

    def __init__(self, engine: PostgresEngine, timeout: float) -> None:
        """Use `open`."""
        self._engine = engine
        self._timeout = timeout

    @classmethod
    async def open(
        cls,
        url: str,
        *,
        min_size: int = 2,
        max_size: int = 16,
        timeout: float = 5.0,  # noqa: ASYNC109 - for all that follows, not for this call
    ) -> Self:
        """Connect.

        Args:
            url: `postgresql://user:password@host:port/name`, or `@/name?host=/folder/of/the/socket`.
            min_size: connections kept open.
            max_size: connections at most.
            timeout: seconds, for a connection and for each statement.

        Raises:
            DatabaseUnavailable: when the server cannot be reached.
        """
        engine = Engine(config={"dsn": url})
        try:
            async with asyncio.timeout(timeout):
                await engine.start_connection_pool(
                    min_size=min_size,
                    max_size=max_size,
                    timeout=timeout,
                    # The server cancels first (see `opening`); this is for one that says nothing at all.
                    command_timeout=timeout + 0.5,
                    connection_class=Connection,
                    init=_set_up,
                    reset=_keep,
                )
        except AWAY as error:
            raise DatabaseUnavailable(str(error) or type(error).__name__) from error
        return cls(engine, timeout)

    async def close(self) -> None:
        """Close every connection, without waiting for those in use longer than the timeout."""
        pool = self._pool
        try:
            async with asyncio.timeout(self._timeout):
                await pool.close()
        except TimeoutError:
            pool.terminate()

    async def ping(self) -> None:
        """Make sure that the server answers.

        Raises:
            DatabaseUnavailable: when it does not.
        """
        async with self.autocommit() as connection:
            await connection.fetchval("SELECT 1")

    @asynccontextmanager
    async def transaction(self, context: Context | None) -> AsyncGenerator[Connection]:
        """A transaction in which row level security knows who acts.

        It is committed at the end of the block and rolled back by an exception. Begin and settings are one
        round trip. asyncpg's own `connection.transaction()` is not for use inside; `SAVEPOINT` is.

        Raises:
            CallerChanged: the caller is `Acting`, and no longer may.
            DatabaseUnavailable: no connection in time, or the server went away; nothing is written then,
                unless it went away during the commit, which makes it uncertain.
        """
        begin = opening(context, self._timeout)
        async with self._connected(begin) as connection:
            try:
                yield connection
            # A cancelled request must not commit either.
            except BaseException:
                if not _is_gone(connection):
                    # Whoever loses the connection now is rolled back by the server all the same.
                    with suppress(DatabaseUnavailable):
                        await connection.execute("ROLLBACK")
                raise
            if await connection.execute("COMMIT") != "COMMIT":
                raise asyncpg.InFailedSQLTransactionError("an error inside the transaction was ignored")

    @asynccontextmanager
    async def autocommit(self) -> AsyncGenerator[Connection]:
        """A connection outside any transaction: each statement is its own, and nobody is known."""
        async with self._connected(None) as connection:
            yield connection

    @property
    def _pool(self) -> Any:
        assert self._engine.pool is not None
        return self._engine.pool

    @asynccontextmanager
    async def _connected(self, begin: str | None) -> AsyncGenerator[Connection]:
        connection = await self._begin(begin)
        try:
            yield connection
        except asyncpg.InterfaceError as error:
            # The pool takes a dead connection away at once; whoever goes on using it is told so like this.
            if _is_gone(connection):
                raise DatabaseUnavailable("the connection was lost") from error
            raise
        finally:
            await self._release(connection)

    async def _begin(self, begin: str | None) -> Connection:
        """A connection that works. One that died unnoticed shows it here, where trying again is safe."""
        pool = self._pool
        try:
            async with asyncio.timeout(self._timeout):
                while True:
                    connection: Connection = await pool.acquire()
                    try:
                        if begin is not None:
                            await connection.execute(begin)
                        return connection
                    except asyncpg.PostgresError as error:
                        await self._give_back(connection)
                        if changed := CHANGED.get(getattr(error, "sqlstate", "")):
                            raise changed from None
                        raise
                    except DatabaseUnavailable:
                        dead = _is_gone(connection)
                        await self._release(connection)
                        if not dead:
                            raise
                    # Cancelled in the middle of an answer, the connection is of no use to anybody.
                    except BaseException:
                        if not _is_gone(connection):
                            connection.terminate()
                        await self._release(connection)
                        raise
        except AWAY as error:
            raise DatabaseUnavailable(str(error) or "no connection in time") from error

    async def _give_back(self, connection: Connection) -> None:
        """What has begun and may not go on."""
        try:
            await connection.execute("ROLLBACK")
        # Cancelled, or away: nobody knows where it stands.
        except BaseException:
            if not _is_gone(connection):
                connection.terminate()
            raise
        finally:
            await self._release(connection)

    async def _release(self, connection: Connection) -> None:
        try:
            await self._pool.release(connection, timeout=self._timeout)
        except (*AWAY, asyncpg.InterfaceError):
            # It died in between: the pool has closed it and makes another when it needs one.
            if not _is_gone(connection):
                connection.terminate()


def rows_of(status: str) -> int:
    """How many rows a statement touched, by the status that `execute` answers with.

    >>> rows_of("DELETE 3"), rows_of("INSERT 0 1")
    (3, 1)
    """
    return int(status.rpartition(" ")[2])


def _is_gone(connection: Connection) -> bool:
    try:
        return connection.is_closed()
    except asyncpg.InterfaceError:  # the pool has taken it back, as it does with those that die
        return True


async def _set_up(connection: Any) -> None:
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        format="binary",
        encoder=_to_jsonb,
        decoder=_from_jsonb,
    )


def _to_jsonb(value: object) -> bytes:
    """PostgreSQL's binary form of jsonb: a version number and the text."""
    return b"\x01" + msgspec.json.encode(value)


def _from_jsonb(data: bytes) -> object:
    return msgspec.json.decode(data[1:])


async def _keep(connection: Any) -> None:
    """Keep the session as it is: settings are local to transactions, so there is nothing to reset."""
