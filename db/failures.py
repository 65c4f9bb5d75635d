"""Failed sign-ins, by keyed digests: who was tried, and from where. Nothing here says who that was.

Everything in one transaction for each attempt: `standing` first, which lets the attempts at one e-mail pass one by
one, so that many at once get no more tries than one after the other.
"""

from datetime import timedelta

from msgspec import Struct

from db.pool import Connection, rows_of

PAIR_LIMIT, PAIR_WINDOW = 5, timedelta(minutes=15)
WHO_LIMIT, WHO_WINDOW = 50, timedelta(hours=1)
"""Page 30: failures for an e-mail from one address, and for an e-mail from anywhere."""


class Attempt(Struct, frozen=True, kw_only=True):
    """Keyed digests of the e-mail, and of the e-mail with the address."""

    who: bytes
    whence: bytes


class Standing(Struct, frozen=True, kw_only=True):
    """How many failures count at this moment, and after how many seconds the oldest of them no longer does."""

    pair: int
    pair_seconds: int
    who: int
    who_seconds: int

    @property
    def locked_seconds(self) -> int:
        """How long no further attempt is let through; 0 when one may be made now."""
        pair = self.pair_seconds if self.pair >= PAIR_LIMIT else 0
        who = self.who_seconds if self.who >= WHO_LIMIT else 0
        return max(pair, who)

    @property
    def locks_next(self) -> bool:
        """Whether one more failure is the last before the door is shut."""
        return self.pair + 1 == PAIR_LIMIT or self.who + 1 == WHO_LIMIT


async def standing(conn: Connection, attempt: Attempt) -> Standing:
    """Where an attempt stands; others at the same e-mail wait until this transaction ends."""
    lock = "SELECT pg_advisory_xact_lock(hashtextextended('sign in' || $1::bytea::text, 0))"
    await conn.execute(lock, attempt.who)
    row = await conn.fetchrow(
        """
        WITH counted AS (
          SELECT whence = $2 AND at > clock_timestamp() - $3::interval AS paired, at FROM sign_in_failures
          WHERE who = $1 AND at > clock_timestamp() - $4::interval
        )
        SELECT count(*) FILTER (WHERE paired) AS pair, count(*) AS who,
          ceil(extract(epoch FROM min(at) FILTER (WHERE paired) + $3 - clock_timestamp()))::int AS pair_seconds,
          ceil(extract(epoch FROM min(at) + $4 - clock_timestamp()))::int AS who_seconds
        FROM counted
        """,
        attempt.who,
        attempt.whence,
        PAIR_WINDOW,
        WHO_WINDOW,
    )
    assert row is not None
    return Standing(
        pair=row["pair"],
        pair_seconds=max(row["pair_seconds"] or 0, 1),
        who=row["who"],
        who_seconds=max(row["who_seconds"] or 0, 1),
    )


async def note(conn: Connection, attempt: Attempt) -> None:
    """One more failure."""
    await conn.execute("INSERT INTO sign_in_failures (who, whence) VALUES ($1, $2)", attempt.who, attempt.whence)


async def forgive(conn: Connection, attempt: Attempt) -> None:
    """The right password from this address: what went wrong from there before no longer counts."""
    await conn.execute("DELETE FROM sign_in_failures WHERE who = $1 AND whence = $2", attempt.who, attempt.whence)


async def forgive_all(conn: Connection, who: bytes) -> None:
    """A new password: what was tried before, from anywhere, no longer counts."""
    await conn.execute("DELETE FROM sign_in_failures WHERE who = $1", who)


async def purge(conn: Connection, limit: int = 5000) -> int:
    """Drop some failures that no longer count; returns how many."""
    status = await conn.execute(
        """
        DELETE FROM sign_in_failures WHERE ctid IN (
          SELECT ctid FROM sign_in_failures WHERE at < clock_timestamp() - $1::interval LIMIT $2
        )
        """,
        WHO_WINDOW,
        limit,
    )
    return rows_of(status)
