"""What calls of models cost, one row a call, and the budgets that they come from.

Money is in micro-dollars. A call's price is put aside before it is made, so that many at once cannot spend more
than there is, and settled afterwards.
"""

from datetime import date, datetime

import asyncpg
import msgspec
from msgspec import Struct

from db.pool import Connection, Database, rows_of
from db.runs import PersonGone
from onboarding.access import Caller
from onboarding.ai_money import Limits

_DAY = "(u.created_at AT TIME ZONE 'UTC')::date"
_FIGURES = """
  count(*) FILTER (WHERE NOT u.cached) AS calls,
  count(*) FILTER (WHERE u.cached) AS cached,
  count(*) FILTER (WHERE u.outcome <> 'ok') AS failed,
  coalesce(sum(u.input_tokens), 0)::bigint AS input_tokens,
  coalesce(sum(u.output_tokens), 0)::bigint AS output_tokens,
  coalesce(sum(u.cost_micros), 0)::bigint AS cost_micros
"""


class Reservation(Struct, frozen=True, kw_only=True):
    """The id of the call's row, or else which budget has no room for it: run, day or month."""

    call_id: str | None
    refused: str | None


class Figures(Struct, frozen=True, kw_only=True):
    """Sums over calls that are settled. `cached` are answers without a call, `failed` calls without an answer."""

    calls: int
    cached: int
    failed: int
    input_tokens: int
    output_tokens: int
    cost_micros: int


class Group(Figures, frozen=True, kw_only=True):
    """The figures of a day (UTC), a purpose and a model."""

    day: date
    purpose: str
    model: str


class Spent(Struct, frozen=True, kw_only=True):
    """What is spent of each budget at this moment; of no run when none is active."""

    run: int
    day: int
    month: int


async def reserve(
    database: Database,
    caller: Caller,
    *,
    run_id: str | None,
    purpose: str,
    model: str,
    input_tokens: int,
    cost: int,
    limits: Limits,
) -> Reservation:
    """Put aside what a call may cost at most, or learn that there is not so much: one round trip.

    The first refusal by a budget, and the first call that takes it to 80 %, are events of the tenant.

    Args:
        database: where the books are.
        caller: whose tenant pays, and for whom.
        run_id: whose budget it comes from besides, if any.
        purpose: what the call is for.
        model: who is called.
        input_tokens: as estimated.
        cost: micro-dollars at most.
        limits: the deployment's; the tenant's own go before them.

    Raises:
        PersonGone: they were erased.
    """
    try:
        async with database.autocommit() as connection:
            row = await connection.fetchrow(
                "SELECT call::text AS call_id, refused FROM ai_reserve($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
                caller.tenant_id,
                caller.user_id,
                run_id,
                purpose,
                model,
                input_tokens,
                cost,
                limits.run,
                limits.day,
                limits.month,
            )
    except asyncpg.ForeignKeyViolationError as error:
        raise PersonGone from error
    assert row is not None
    return msgspec.convert(dict(row), Reservation)


async def settle(
    database: Database,
    caller: Caller,
    *,
    call_id: str,
    outcome: str,
    cost: int,
    input_tokens: int,
    output_tokens: int,
    estimated: bool,
    latency_ms: int,
) -> bool:
    """Write down what a call did cost, and give back the rest; False when it is settled already, or gone."""
    async with database.autocommit() as connection:
        return await connection.fetchval(
            "SELECT ai_settle($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            caller.tenant_id,
            caller.user_id,
            call_id,
            outcome,
            cost,
            input_tokens,
            output_tokens,
            estimated,
            latency_ms,
        )


async def chats_since(conn: Connection, since: datetime) -> int:
    """How often models were asked in the caller's conversations since a moment; calls under way count."""
    query = """
      SELECT count(*) FROM ai_usage
      WHERE user_id = app_user() AND purpose = 'chat' AND NOT cached AND created_at >= $1
    """
    return await conn.fetchval(query, since)


async def note_cached(
    conn: Connection,
    caller: Caller,
    *,
    run_id: str | None,
    purpose: str,
    model: str,
    latency_ms: int,
) -> None:
    """Write down an answer that cost nothing, as who got it.

    Raises:
        PersonGone: they were erased.
    """
    try:
        await conn.execute(
            """
            INSERT INTO ai_usage (tenant_id, user_id, run_id, purpose, model, latency_ms, outcome, cached)
            VALUES ($1, $2, $3, $4, $5, $6, 'ok', true)
            """,
            caller.tenant_id,
            caller.user_id,
            run_id,
            purpose,
            model,
            latency_ms,
        )
    except asyncpg.ForeignKeyViolationError as error:
        raise PersonGone from error


async def of_person(conn: Connection, user_id: str) -> Figures:
    """All that is known of one person's calls."""
    row = await conn.fetchrow(
        f"SELECT {_FIGURES} FROM ai_usage AS u WHERE u.user_id = $1 AND u.outcome <> 'reserved'", user_id
    )
    assert row is not None
    return msgspec.convert(dict(row), Figures)


async def spent(conn: Connection, tenant_id: str, user_id: str) -> Spent:
    """What is spent by the run in which the person was active last, and by the tenant in this day and month."""
    rows = await conn.fetch(
        """
        WITH active AS (
          SELECT s.id FROM onboarding_sessions AS s WHERE s.user_id = $2 AND s.status = 'in_progress'
          ORDER BY s.last_activity_at DESC, s.id DESC LIMIT 1
        )
        SELECT b.scope, b.spent_micros
        FROM ai_periods(clock_timestamp(), (SELECT id FROM active)) AS p
        JOIN ai_budgets AS b ON (b.scope, b.period) = (p.scope, p.period)
        WHERE b.tenant_id = $1
        """,
        tenant_id,
        user_id,
    )
    return Spent(**{"run": 0, "day": 0, "month": 0, **{row["scope"]: row["spent_micros"] for row in rows}})


async def by_day(
    conn: Connection,
    tenant_id: str,
    first_day: date,
    last_day: date,
    *,
    after: tuple[date, str, str] | None = None,
    limit: int = 20,
) -> list[Group]:
    """A tenant's calls by day, purpose and model, newest day first; `after` is the last one of the page before.

    Admins see those of everybody, others their own.
    """
    day, purpose, model = after or (None, None, None)
    rows = await conn.fetch(
        f"""
        SELECT {_DAY} AS day, u.purpose, u.model, {_FIGURES} FROM ai_usage AS u
        WHERE u.tenant_id = $1 AND u.outcome <> 'reserved'
          AND u.created_at >= $2::date::timestamp AT TIME ZONE 'UTC'
          AND u.created_at < ($3::date + 1)::timestamp AT TIME ZONE 'UTC'
          AND ($4::date IS NULL OR {_DAY} < $4 OR ({_DAY} = $4 AND (u.purpose, u.model) > ($5::text, $6::text)))
        GROUP BY day, u.purpose, u.model
        ORDER BY day DESC, u.purpose, u.model
        LIMIT $7
        """,
        tenant_id,
        first_day,
        last_day,
        day,
        purpose,
        model,
        limit,
    )
    return [msgspec.convert(dict(row), Group) for row in rows]


async def count_groups(conn: Connection, tenant_id: str, first_day: date, last_day: date) -> int:
    """How many `by_day` has in all."""
    return await conn.fetchval(
        f"""
        SELECT count(DISTINCT ({_DAY}, u.purpose, u.model)) FROM ai_usage AS u
        WHERE u.tenant_id = $1 AND u.outcome <> 'reserved'
          AND u.created_at >= $2::date::timestamp AT TIME ZONE 'UTC'
          AND u.created_at < ($3::date + 1)::timestamp AT TIME ZONE 'UTC'
        """,
        tenant_id,
        first_day,
        last_day,
    )


async def write_off(conn: Connection, older_than_seconds: int, limit: int = 500) -> int:
    """Settle calls that nobody came back from at what was put aside for them (in `sweeper(tenant)`)."""
    return await conn.fetchval("SELECT ai_write_off($1, $2)", older_than_seconds, limit)


async def purge(conn: Connection, older_than: datetime, limit: int = 5000) -> int:
    """Drop some old calls that are settled (in `sweeper(tenant)`); returns how many."""
    status = await conn.execute(
        """
        DELETE FROM ai_usage WHERE id IN (
          SELECT id FROM ai_usage WHERE created_at < $1 AND outcome <> 'reserved' LIMIT $2
        )
        """,
        older_than,
        limit,
    )
    return rows_of(status)


async def purge_budgets(conn: Connection, older_than: datetime, limit: int = 5000) -> int:
    """Drop some budgets that nothing was spent of for long (in `sweeper(tenant)`); returns how many."""
    status = await conn.execute(
        """
        DELETE FROM ai_budgets WHERE (tenant_id, scope, period) IN (
          SELECT tenant_id, scope, period FROM ai_budgets WHERE updated_at < $1 AND reserved_micros = 0 LIMIT $2
        )
        """,
        older_than,
        limit,
    )
    return rows_of(status)
