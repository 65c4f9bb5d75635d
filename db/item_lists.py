"""What people do with the review list: look, change, judge, remove. How things come there is in `db/items.py`."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar, Literal

import msgspec
from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import asdict

from db.items import alone
from db.pool import Connection, rows_of
from onboarding.errors import GangwayError, VersionConflict
from onboarding.items import FIELDS, Known, Reason, Source, Status, edited, keys_of

Place = tuple[datetime, str]
"""Where an item stands in the list, newest first: when it was made, and its id."""

Action = Literal["approve", "reject", "remove"]


class ItemNotFound(GangwayError):
    """There is no such item on the person's list."""

    code: ClassVar[str] = "not_found"
    detail: ClassVar[str] = "There is no such item."


class Item(Struct, frozen=True, kw_only=True):
    """A thing of somebody's list; `quantity` is what a person said, else what its sources say together."""

    id: str
    name: str | None
    supplier: str | None
    description: str | None
    gtin: str | None
    sku: str | None
    url: str | None
    image_url: str | None
    price: Decimal | None
    currency: str | None
    quantity: Decimal
    status: Status
    attention: tuple[Reason, ...]
    sources: tuple[Source, ...]
    version: int
    synced_at: datetime | None
    created_at: datetime
    updated_at: datetime
    edited_at: datetime | None


class SourceOf(Struct, frozen=True, kw_only=True):
    """What one source said of an item."""

    source: Source
    ref: str
    quantity: Decimal
    created_at: datetime


class Filter(Struct, frozen=True, kw_only=True):
    """Which items. Empty tuples and None exclude nothing."""

    statuses: tuple[Status, ...] = ()
    sources: tuple[Source, ...] = ()
    needs_attention: bool | None = None
    search: str | None = None


OFFERED = """
  LEFT JOIN LATERAL (
    SELECT sum(s.quantity) AS quantity, coalesce(array_agg(DISTINCT s.source), '{}') AS sources
    FROM item_sources AS s WHERE s.item_id = i.id
  ) AS offered ON true
"""
QUANTITY = "coalesce(i.quantity_set, CASE offered.quantity WHEN 0 THEN 1 ELSE offered.quantity END, 0)"
"""Pages and photos show a thing, and do not count it (their offers say 0): what is only shown is there once."""

_COLUMNS = f"""
  i.id::text, {", ".join(f"i.{name}" for name in FIELDS)}, {QUANTITY} AS quantity, i.status, i.attention,
  offered.sources, i.version, i.synced_at, i.created_at, i.updated_at, i.edited_at
"""
_WHICH = """
  user_id = $1 AND removed_at IS NULL
  AND (cardinality($2::text[]) = 0 OR status = ANY($2))
  AND (cardinality($3::text[]) = 0 OR EXISTS (
    SELECT FROM item_sources AS s WHERE s.item_id = items.id AND s.source = ANY($3)
  ))
  AND ($4::boolean IS NULL OR (cardinality(attention) > 0) = $4)
  AND ($5::text IS NULL
    OR position(lower($5) IN lower(concat_ws(' ', name, supplier, sku, gtin, url, description))) > 0)
"""


def _asked(user_id: str, which: Filter) -> tuple[Any, ...]:
    return user_id, list(which.statuses), list(which.sources), which.needs_attention, which.search


async def listed(
    conn: Connection, user_id: str, which: Filter, *, before: Place | None = None, limit: int = 20
) -> list[Item]:
    """Somebody's items, newest first, older than the place `before`."""
    time, place = before or (None, None)
    rows = await conn.fetch(
        f"""
        SELECT {_COLUMNS} FROM (
          SELECT * FROM items WHERE {_WHICH} AND ($6::timestamptz IS NULL OR (created_at, id) < ($6, $7::uuid))
          ORDER BY created_at DESC, id DESC LIMIT $8
        ) AS i {OFFERED} ORDER BY i.created_at DESC, i.id DESC
        """,
        *_asked(user_id, which),
        time,
        place,
        limit,
    )
    return [msgspec.convert(dict(row), Item) for row in rows]


async def count(conn: Connection, user_id: str, which: Filter) -> int:
    """How many items there are."""
    return await conn.fetchval(f"SELECT count(*) FROM items WHERE {_WHICH}", *_asked(user_id, which))


async def get(conn: Connection, user_id: str, item_id: str) -> Item:
    """An item.

    Raises:
        ItemNotFound: it is not theirs, or was removed.
    """
    row = await conn.fetchrow(
        f"SELECT {_COLUMNS} FROM items AS i {OFFERED} WHERE i.id = $2 AND i.user_id = $1 AND i.removed_at IS NULL",
        user_id,
        item_id,
    )
    if row is None:
        raise ItemNotFound
    return msgspec.convert(dict(row), Item)


async def sources_of(conn: Connection, user_id: str, item_id: str, limit: int = 100) -> list[SourceOf]:
    """What the sources said of an item, the latest first."""
    rows = await conn.fetch(
        """
        SELECT source, ref, quantity, created_at FROM item_sources WHERE item_id = $2 AND user_id = $1
        ORDER BY created_at DESC, source, ref LIMIT $3
        """,
        user_id,
        item_id,
        limit,
    )
    return [msgspec.convert(dict(row), SourceOf) for row in rows]


async def change(
    conn: Connection,
    user_id: str,
    item_id: str,
    fields: Mapping[str, Any],
    *,
    quantity: Decimal | UnsetType | None = UNSET,
    looked_at: bool = False,
    seen: int | None = None,
) -> Item:
    """Write what a person wants of an item; no source overwrites it any more. The same again changes nothing.

    Args:
        conn: acting as the person.
        user_id: whose list it is on.
        item_id: which.
        fields: new values by name, of `onboarding.items.FIELDS`.
        quantity: how many there are; None for as many as the sources say.
        looked_at: they have seen that nothing is wrong with it.
        seen: the version that they saw, if they say so.

    Raises:
        ItemNotFound: it is not theirs, or was removed.
        VersionConflict: it has changed since it was seen.
        InvalidAnswer: what it would be is no item.
    """
    await alone(conn, user_id)
    row = await conn.fetchrow(
        f"""
        SELECT id::text, {", ".join(FIELDS)}, attention, edited, version, quantity_set FROM items
        WHERE id = $2 AND user_id = $1 AND removed_at IS NULL
        """,
        user_id,
        item_id,
    )
    if row is None:
        raise ItemNotFound
    if seen not in (None, row["version"]):
        raise VersionConflict
    before = msgspec.convert(dict(row), Known)
    after = edited(before, fields, looked_at=looked_at)
    wanted = row["quantity_set"] if quantity is UNSET else quantity
    if after != before or wanted != row["quantity_set"]:
        await _write(conn, user_id, after, wanted)
    return await get(conn, user_id, item_id)


async def _write(conn: Connection, user_id: str, item: Known, quantity: Decimal | None) -> None:
    keys = keys_of(item)
    values = {name: value for name, value in asdict(item).items() if name != "id"}
    values |= {"attention": list(item.attention), "edited": list(item.edited)}
    values |= {"sku_key": keys.sku, "url_key": keys.url, "quantity_set": quantity}
    await conn.execute(
        f"""
        UPDATE items SET {", ".join(f"{name} = ${n}" for n, name in enumerate(values, 3))},
          edited_at = now(), updated_at = now(), version = version + 1
        WHERE user_id = $1 AND id = $2
        """,
        user_id,
        item.id,
        *values.values(),
    )


async def remove(conn: Connection, user_id: str, item_id: str) -> bool:
    """Take an item off the list; False when it is not on it."""
    await alone(conn, user_id)
    status = await conn.execute(
        """
        UPDATE items SET removed_at = now(), updated_at = now(), version = version + 1
        WHERE user_id = $1 AND id = $2 AND removed_at IS NULL
        """,
        user_id,
        item_id,
    )
    return rows_of(status) == 1


async def judge(conn: Connection, user_id: str, item_ids: Sequence[str], action: Action) -> set[str]:
    """Approve, reject or remove items, in one statement; those that are not on the list stop no other.

    What is so already has not changed.

    Returns:
        The ids of those that are on the list.
    """
    await alone(conn, user_id)
    rows = await conn.fetch(
        """
        WITH theirs AS (
          SELECT id FROM items WHERE user_id = $1 AND removed_at IS NULL AND id = ANY($2::uuid[])
        ), judged AS (
          UPDATE items SET version = version + 1, updated_at = now(),
            status = CASE $3 WHEN 'approve' THEN 'approved' WHEN 'reject' THEN 'rejected' ELSE status END,
            removed_at = CASE WHEN $3 = 'remove' THEN now() END
          WHERE user_id = $1 AND id IN (SELECT id FROM theirs)
            AND status IS DISTINCT FROM CASE $3 WHEN 'approve' THEN 'approved' WHEN 'reject' THEN 'rejected' END
        )
        SELECT id::text FROM theirs
        """,
        user_id,
        list(item_ids),
        action,
    )
    return {row["id"] for row in rows}
