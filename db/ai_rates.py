"""How often models are asked: buckets of calls in PostgreSQL, so that all processes share them.

A bucket is of nobody, like the counts of requests: a name with an id in it, and how full it is. It is unlogged,
and forgotten once it is full again.
"""

from msgspec import Struct

from db.pool import Connection, Database, rows_of
from onboarding.ai_limits import PEOPLE_OF_A_TENANT, RATES, Rate, Rated, Rates, rated_as


class Taken(Struct, frozen=True, kw_only=True):
    """Where somebody stands: whether the call is theirs, and how many more would be at this moment.

    `reset_seconds` is until their own bucket is full, `retry_after_seconds` until the next call may be made, which
    their tenant may keep waiting too.
    """

    ok: bool
    rate: Rate
    remaining: int
    reset_seconds: int
    retry_after_seconds: int


async def take(database: Database, tenant_id: str, user_id: str, purpose: str, rates: Rates = RATES) -> Taken:
    """Take a call out of the buckets of a person and of their tenant: out of both, or out of none.

    Raises:
        DatabaseUnavailable: nothing is taken then.
    """
    return await _take(database, tenant_id, user_id, rated_as(purpose), 1, rates)


async def give_back(database: Database, tenant_id: str, user_id: str, purpose: str, rates: Rates = RATES) -> None:
    """Put a call back that came to nothing; a bucket that is full stays as it is."""
    await _take(database, tenant_id, user_id, rated_as(purpose), -1, rates)


async def peek(database: Database, tenant_id: str, user_id: str, rates: Rates = RATES) -> dict[Rated, Taken]:
    """Where somebody stands with each kind of call; nothing is taken."""
    own = [(_bucket(rated, "user", user_id), rate) for rated, rate in rates.items()]
    common = [
        (_bucket(rated, "tenant", tenant_id), rate.times(PEOPLE_OF_A_TENANT)) for rated, rate in rates.items()
    ]
    every = own + common
    async with database.autocommit() as connection:
        rows = await connection.fetch(
            """
            SELECT least(
              w.capacity,
              r.tokens + greatest(extract(epoch FROM clock_timestamp() - r.at)::float8, 0) * w.per_second
            ) AS tokens
            FROM unnest($1::text[], $2::float8[], $3::float8[]) WITH ORDINALITY
              AS w (bucket, capacity, per_second, place)
            LEFT JOIN ai_rates AS r ON r.bucket = w.bucket
            ORDER BY w.place
            """,
            [bucket for bucket, _ in every],
            [float(rate.burst) for _, rate in every],
            [rate.per_second for _, rate in every],
        )
    tokens = [row["tokens"] for row in rows]
    return {
        rated: _standing(rate, mine, everybodys)
        for (rated, rate), mine, everybodys in zip(
            rates.items(), tokens[: len(own)], tokens[len(own) :], strict=True
        )
    }


async def forget(conn: Connection, older_than_seconds: int, limit: int = 5000) -> int:
    """Drop some buckets that nobody took from for so long that they are full; returns how many."""
    status = await conn.execute(
        """
        DELETE FROM ai_rates WHERE bucket = ANY (ARRAY(
          SELECT bucket FROM ai_rates WHERE at < clock_timestamp() - make_interval(secs => $1)
          LIMIT $2 FOR UPDATE SKIP LOCKED
        ))
        """,
        older_than_seconds,
        limit,
    )
    return rows_of(status)


async def _take(
    database: Database, tenant_id: str, user_id: str, rated: Rated, amount: int, rates: Rates
) -> Taken:
    rate = rates[rated]
    async with database.autocommit() as connection:
        row = await connection.fetchrow(
            "SELECT ok, mine, everybodys FROM ai_take($1, $2, $3, $4, $5, $6)",
            _bucket(rated, "user", user_id),
            _bucket(rated, "tenant", tenant_id),
            rate.burst,
            rate.per_second,
            PEOPLE_OF_A_TENANT,
            amount,
        )
    assert row is not None
    return _standing(rate, row["mine"], row["everybodys"], ok=row["ok"])


def _bucket(rated: Rated, whose: str, id: str) -> str:
    return f"{rated}/{whose}/{id}"


def _standing(rate: Rate, mine: float, everybodys: float, *, ok: bool = True) -> Taken:
    together = rate.times(PEOPLE_OF_A_TENANT)
    return Taken(
        ok=ok,
        rate=rate,
        remaining=max(int(min(mine, everybodys) + 1e-6), 0),
        reset_seconds=rate.seconds_to(mine, rate.burst),
        retry_after_seconds=max(rate.seconds_to(mine, 1), together.seconds_to(everybodys, 1)),
    )
