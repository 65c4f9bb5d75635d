"""Orders that connections bring: each once, in its latest state, with its lines and what they offer."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar

import msgspec
from msgspec import Struct
from msgspec.structs import asdict, replace
from uuid_utils.compat import uuid7

from db import items
from db.item_lists import Place
from db.pool import Connection
from onboarding.connections import Counts, Cursor
from onboarding.errors import GangwayError
from onboarding.items import Source
from onboarding.orders import (
    Batch,
    Line,
    OfferChanges,
    Order,
    OrderStatus,
    ReadBy,
    latest,
    offer_changes,
    supersedes,
    tidied,
)


class ConnectionGone(GangwayError):
    """The connection was removed meanwhile: nothing more is written for it."""

    code: ClassVar[str] = "connection_gone"
    detail: ClassVar[str] = "The connection was removed."


class Stored(Struct, frozen=True, kw_only=True):
    """An order as it is kept; `id` is ours, `external_id` the provider's."""

    id: str
    connection_id: str
    external_id: str
    status: OrderStatus
    read_by: ReadBy
    supplier: str | None
    number: str | None
    ordered_on: date | None
    total: Decimal | None
    currency: str | None
    changed_at: datetime | None
    created_at: datetime
    updated_at: datetime
    lines: tuple[Line, ...]

    @property
    def order(self) -> Order:
        """What the provider said."""
        return Order(**{name: getattr(self, name) for name in Order.__struct_fields__})


_FIELDS = ("status", "read_by", "supplier", "number", "ordered_on", "total", "currency", "changed_at")
_LINE = ("name", "sku", "quantity", "unit_price", "amount")
_TYPES = {
    **dict.fromkeys(("total", "quantity", "unit_price", "amount"), "numeric"),
    "ordered_on": "date",
    "changed_at": "timestamptz",
}
# Numbers leave jsonb as text, or they would be floats on the way.
_LINES = """
  SELECT coalesce(jsonb_agg(jsonb_build_object('ref', l.line, 'name', l.name, 'sku', l.sku, 'quantity',
    l.quantity::text, 'unit_price', l.unit_price::text, 'amount', l.amount::text) ORDER BY l.position), '[]')
  FROM order_lines AS l WHERE l.tenant_id = o.tenant_id AND l.order_id = o.id AND l.user_id = o.user_id
"""
_ORDER = f"""
  SELECT o.id::text, o.connection_id::text, o.external_id, {", ".join(f"o.{name}" for name in _FIELDS)},
    o.created_at, o.updated_at, ({_LINES}) AS lines
"""


async def store(conn: Connection, *, tenant_id: str, user_id: str, connection_id: str, batch: Batch) -> Counts:
    """Write what a provider sent, what it means to the review list, and the cursor: all, or nothing of it.

    The same again changes nothing, and neither does what is older than what is stored. Batches of one connection
    are written one after the other. However many orders these are, it takes as many round trips, but for six more
    for each thousand lines.

    Args:
        conn: acting as the person.
        tenant_id: theirs.
        user_id: whose connection it is.
        connection_id: which.
        batch: orders of which some may not fit: they are counted as failed.

    Raises:
        ConnectionGone: it was removed.
        PersonGone: they were erased since they were let in.
    """
    await _move(conn, user_id, connection_id, batch.cursor)
    read = [tidied(order) for order in batch.orders]
    given = latest(order for order in read if order)
    before = await _known(conn, user_id, connection_id, [*given, *batch.gone])
    after = _after(before, given, batch.gone)
    await _write(conn, tenant_id, user_id, connection_id, before, after)
    known = {name: stored.order for name, stored in before.items()}
    changes = [offer_changes(connection_id, known.get(name), order) for name, order in after.items()]
    await _offer(conn, tenant_id, user_id, changes)
    failed = batch.failed + read.count(None)
    return _counted(known, after, fetched=len(batch.orders) + len(batch.gone) + batch.failed, failed=failed)


async def listed(
    conn: Connection, user_id: str, connection_id: str, *, before: Place | None = None, limit: int = 20
) -> list[Stored]:
    """The orders that somebody's connection brought, newest first, older than the place `before`."""
    time, place = before or (None, None)
    rows = await conn.fetch(
        f"""
        {_ORDER} FROM (
          SELECT * FROM orders WHERE connection_id = $2 AND user_id = $1
            AND ($3::timestamptz IS NULL OR (created_at, id) < ($3, $4::uuid))
          ORDER BY created_at DESC, id DESC LIMIT $5
        ) AS o ORDER BY o.created_at DESC, o.id DESC
        """,
        user_id,
        connection_id,
        time,
        place,
        limit,
    )
    return [msgspec.convert(dict(row), Stored) for row in rows]


async def count(conn: Connection, user_id: str, connection_id: str, *, only_open: bool = False) -> int:
    """How many orders somebody's connection brought; `only_open` those that are not voided or deleted."""
    return await conn.fetchval(
        """
        SELECT count(*) FROM orders WHERE connection_id = $2 AND user_id = $1 AND (NOT $3 OR status = 'open')
        """,
        user_id,
        connection_id,
        only_open,
    )


async def get(conn: Connection, user_id: str, purchase_id: str) -> Stored | None:
    """Somebody's order, by our id; None when there is none."""
    row = await conn.fetchrow(
        f"{_ORDER} FROM orders AS o WHERE o.id = $2 AND o.user_id = $1", user_id, purchase_id
    )
    return msgspec.convert(dict(row), Stored) if row else None


async def _move(conn: Connection, user_id: str, connection_id: str, cursor: Cursor | None) -> None:
    """Move the cursor; from here to the end of the transaction nobody else writes for this connection."""
    live = await conn.fetchval(
        """
        UPDATE connections SET cursor = coalesce($3, cursor)
        WHERE id = $2 AND user_id = $1 AND status <> 'disconnected' RETURNING true
        """,
        user_id,
        connection_id,
        cursor,
    )
    if not live:
        raise ConnectionGone


async def _known(conn: Connection, user_id: str, connection_id: str, names: Sequence[str]) -> dict[str, Stored]:
    rows = await conn.fetch(
        f"{_ORDER} FROM orders AS o WHERE o.user_id = $1 AND o.connection_id = $2 AND o.external_id = ANY($3)",
        user_id,
        connection_id,
        names,
    )
    return {row["external_id"]: msgspec.convert(dict(row), Stored) for row in rows}


def _after(before: Mapping[str, Stored], given: Mapping[str, Order], gone: Iterable[str]) -> dict[str, Order]:
    """The orders that are other ones now, or new."""
    known = {name: stored.order for name, stored in before.items()}
    after = dict(known)
    for name, order in given.items():
        if supersedes(order, known.get(name)):
            after[name] = _dated(order, known.get(name))
    for name in gone:
        if name in after:
            after[name] = replace(after[name], status="deleted")
    return {name: order for name, order in after.items() if order != known.get(name)}


def _dated(order: Order, known: Order | None) -> Order:
    """What does not say when it changed, changed when it was last known to."""
    return order if order.changed_at or known is None else replace(order, changed_at=known.changed_at)


async def _write(
    conn: Connection,
    tenant_id: str,
    user_id: str,
    connection_id: str,
    before: Mapping[str, Stored],
    after: Mapping[str, Order],
) -> None:
    if not after:
        return
    ids = {name: before[name].id if name in before else str(uuid7()) for name in after}
    await _write_orders(conn, tenant_id, user_id, connection_id, ids, after)
    old = {ids[name]: _lines_of(before[name].lines) for name in after if name in before}
    new = {ids[name]: _lines_of(order.lines) for name, order in after.items()}
    gone = [(id, ref) for id, lines in old.items() for ref in lines if ref not in new[id]]
    await _drop_lines(conn, user_id, gone)
    changed = [
        {"order_id": id, "line": ref, **line}
        for id, lines in new.items()
        for ref, line in lines.items()
        if old.get(id, {}).get(ref) != line
    ]
    await _write_lines(conn, tenant_id, user_id, changed)


def _lines_of(lines: Iterable[Line]) -> dict[str, dict[str, Any]]:
    """The rows of lines, by their names."""
    return {
        line.ref: {"position": place, **{name: getattr(line, name) for name in _LINE}}
        for place, line in enumerate(lines)
    }


async def _write_orders(
    conn: Connection,
    tenant_id: str,
    user_id: str,
    connection_id: str,
    ids: Mapping[str, str],
    orders: Mapping[str, Order],
) -> None:
    fields = (*_FIELDS, "lines")
    await conn.execute(
        f"""
        INSERT INTO orders (id, tenant_id, user_id, connection_id, external_id, {", ".join(fields)})
        SELECT id, $1, $2, $3, external_id, {", ".join(fields)} FROM jsonb_to_recordset($4)
          AS given (id uuid, external_id text, lines integer, {_typed(_FIELDS)})
        ON CONFLICT (tenant_id, connection_id, external_id) DO UPDATE SET
          {", ".join(f"{name} = EXCLUDED.{name}" for name in fields)}, updated_at = now()
        """,
        tenant_id,
        user_id,
        connection_id,
        [{**asdict(order), "id": ids[name], "lines": len(order.lines)} for name, order in orders.items()],
    )


async def _write_lines(conn: Connection, tenant_id: str, user_id: str, lines: Sequence[dict[str, Any]]) -> None:
    if not lines:
        return
    await conn.execute(
        f"""
        INSERT INTO order_lines (tenant_id, user_id, order_id, line, position, {", ".join(_LINE)})
        SELECT $1, $2, order_id, line, position, {", ".join(_LINE)} FROM jsonb_to_recordset($3)
          AS given (order_id uuid, line text, position integer, {_typed(_LINE)})
        ON CONFLICT (tenant_id, order_id, line) DO UPDATE SET
          position = EXCLUDED.position, {", ".join(f"{name} = EXCLUDED.{name}" for name in _LINE)}
        """,
        tenant_id,
        user_id,
        lines,
    )


async def _drop_lines(conn: Connection, user_id: str, gone: Sequence[tuple[str, str]]) -> None:
    if not gone:
        return
    await conn.execute(
        """
        DELETE FROM order_lines AS l USING unnest($2::uuid[], $3::text[]) AS gone (order_id, line)
        WHERE l.order_id = gone.order_id AND l.line = gone.line AND l.user_id = $1
        """,
        user_id,
        [order_id for order_id, _ in gone],
        [line for _, line in gone],
    )


def _typed(names: Iterable[str]) -> str:
    return ", ".join(f"{name} {_TYPES.get(name, 'text')}" for name in names)


async def _offer(conn: Connection, tenant_id: str, user_id: str, changes: Sequence[OfferChanges]) -> None:
    if renamed := [ref for each in changes for ref in each.renamed]:
        await items.withdraw(conn, user_id, Source.CONNECTION, renamed)
    offers = [offer for each in changes for offer in each.offered]
    for start in range(0, len(offers), items.OFFERS_AT_ONCE):
        await items.offer(conn, tenant_id, user_id, offers[start : start + items.OFFERS_AT_ONCE])
    if gone := [ref for each in changes for ref in each.gone]:
        await items.withdraw(conn, user_id, Source.CONNECTION, gone)


def _counted(before: Mapping[str, Order], after: Mapping[str, Order], *, fetched: int, failed: int) -> Counts:
    known = [name for name in after if name in before]
    removed = sum(before[name].status == "open" != after[name].status for name in known)
    return Counts(
        fetched=fetched,
        added=len(after) - len(known),
        changed=len(known) - removed,
        removed=removed,
        failed=failed,
    )
