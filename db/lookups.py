"""What catalogues said of codes of goods, and how often they may be asked. None of it is of a tenant."""

import msgspec
from msgspec import Struct

from db.pool import Connection, rows_of
from onboarding.lookups import Limits, Product


class Cached(Struct, frozen=True, kw_only=True):
    """An answer that is still good; without a product it is that nobody knows one."""

    product: Product | None


async def cached(conn: Connection, gtin: str) -> Cached | None:
    """What was said of a code, if that is not too long ago."""
    row = await conn.fetchrow("SELECT product FROM barcode_products WHERE gtin = $1 AND until > now()", gtin)
    return msgspec.convert(dict(row), Cached) if row else None


async def keep(conn: Connection, gtin: str, product: Product | None, seconds: int) -> None:
    """Remember an answer for so long, in place of the one before."""
    await conn.execute(
        """
        INSERT INTO barcode_products (gtin, product, until) VALUES ($1, $2, now() + make_interval(secs => $3))
        ON CONFLICT (gtin) DO UPDATE SET product = EXCLUDED.product, until = EXCLUDED.until
        """,
        gtin,
        msgspec.to_builtins(product),
        seconds,
    )


async def take(conn: Connection, provider: str, limits: Limits) -> bool:
    """Count a question to a catalogue; False, and not counted, when it may not be asked now.

    Minutes and days are those of the clock (UTC), which all processes share here.
    """
    taken = await conn.fetchval(
        """
        INSERT INTO barcode_providers AS p (provider, minute, minute_calls, day, day_calls)
        VALUES ($1, date_trunc('minute', clock_timestamp()), 1, date_trunc('day', clock_timestamp(), 'UTC'), 1)
        ON CONFLICT (provider) DO UPDATE SET
          minute = EXCLUDED.minute,
          minute_calls = 1 + CASE WHEN p.minute = EXCLUDED.minute THEN p.minute_calls ELSE 0 END,
          day = EXCLUDED.day,
          day_calls = 1 + CASE WHEN p.day = EXCLUDED.day THEN p.day_calls ELSE 0 END
        WHERE p.resting_until <= clock_timestamp()
          AND (p.minute <> EXCLUDED.minute OR p.minute_calls < $2)
          AND (p.day <> EXCLUDED.day OR p.day_calls < $3)
        RETURNING true
        """,
        provider,
        limits.per_minute,
        limits.per_day,
    )
    return taken is True


async def rest(conn: Connection, provider: str, seconds: int) -> None:
    """Do not ask a catalogue for so long, which was asked just now."""
    await conn.execute(
        """
        UPDATE barcode_providers
        SET resting_until = greatest(resting_until, clock_timestamp() + make_interval(secs => $2))
        WHERE provider = $1
        """,
        provider,
        seconds,
    )


async def purge(conn: Connection, limit: int = 5000) -> int:
    """Drop some answers that are no longer good; returns how many."""
    status = await conn.execute(
        """
        DELETE FROM barcode_products WHERE gtin = ANY (ARRAY(
          SELECT gtin FROM barcode_products WHERE until < now() LIMIT $1 FOR UPDATE SKIP LOCKED
        ))
        """,
        limit,
    )
    return rows_of(status)


async def captured(conn: Connection, session_id: str, item_id: str, user_id: str) -> str | None:
    """The GTIN of somebody's captured item; None when it has none, or is gone."""
    return await conn.fetchval(
        """
        SELECT gtin FROM capture_items
        WHERE id = $1 AND session_id = $2 AND user_id = $3 AND kind = 'barcode' AND deleted_at IS NULL
        """,
        item_id,
        session_id,
        user_id,
    )
