"""The review list: offers of all sources, each thing once. What people do with it is in `db/item_lists.py`."""

from collections.abc import Iterable, Sequence
from typing import Any

import asyncpg
import msgspec
from msgspec import Struct
from msgspec.structs import asdict
from uuid_utils.compat import uuid7

from db.pool import Connection
from db.runs import PersonGone
from onboarding.items import FIELDS, Known, Offer, Source, begun, cleaned, keys_of, match, merged

OFFERS_AT_ONCE = 1000

_REST = f"{', '.join(FIELDS)}, attention, edited"
_KNOWN = f"id::text, {_REST}"
_COLUMNS = f"id, created_at, {_REST}"
_Ref = tuple[Source, str]
_Key = tuple[str, str]
"""Of which sort, and what it is."""


class Offered(Struct, frozen=True, kw_only=True):
    """What became of an offer: the item that it belongs to; `joined` one that there was, or made it."""

    ref: str
    item_id: str
    joined: bool


async def offer(conn: Connection, tenant_id: str, user_id: str, offers: Sequence[Offer]) -> list[Offered]:
    """Add what a source found to somebody's list, in six round trips however many these are.

    One after the other for each person, so that two sources at once make no thing twice. An offer that was made
    before changes its quantity and fills gaps; where its item was removed, it changes nothing.

    Args:
        conn: acting as the person.
        tenant_id: theirs.
        user_id: whose list it is.
        offers: at most `OFFERS_AT_ONCE`; of two with the same source and ref the last one counts.

    Raises:
        PersonGone: they were erased since they were let in.
    """
    if len(offers) > OFFERS_AT_ONCE:
        raise ValueError(f"{len(offers)} offers at once")
    latest: dict[_Ref, Offer] = {(each.source, each.ref): cleaned(each) for each in offers}
    await alone(conn, user_id)
    before = await _before(conn, user_id, latest)
    merging = _Merging(await _alike(conn, user_id, latest.values(), before.values()))
    found = [merging.take(each, before.get(ref)) for ref, each in latest.items()]
    try:
        await _write(conn, tenant_id, user_id, merging.changed)
        written = [item.id for item in merging.changed]
        await _note(conn, tenant_id, user_id, zip(latest.values(), found, strict=True), written)
    except asyncpg.ForeignKeyViolationError as error:
        raise PersonGone from error
    return found


async def alone(conn: Connection, user_id: str) -> None:
    """Wait until nobody else changes somebody's list, and keep it so to the end of the transaction."""
    await conn.execute("SELECT pg_advisory_xact_lock(hashtextextended('items' || $1::uuid::text, 0))", user_id)


class _Merging:
    """Offers on their way into a list; items by their keys, so that each offer is compared with few.

    Thousands of things may share a page's address, or a supplier's number, and differ by their GTINs. What comes
    next joins the first of them, or the first without a GTIN, whatever the others are.
    """

    def __init__(self, items: Iterable[Known]) -> None:
        self._items = {item.id: item for item in items}
        self._first: dict[_Key, str] = {}
        self._without_gtin: dict[_Key, dict[str, None]] = {}
        self._changed: dict[str, None] = {}
        for item in self._items.values():
            self._index(item)

    @property
    def changed(self) -> list[Known]:
        """Items to write."""
        return [self._items[item_id] for item_id in self._changed]

    def take(self, offer: Offer, item_id: str | None) -> Offered:
        """Join an offer to the item that it belongs to already, or is the same as, or make one."""
        if item_id is not None and item_id not in self._items:
            return Offered(ref=offer.ref, item_id=item_id, joined=True)  # that one was removed
        same = self._items[item_id] if item_id else match(offer, self._alike(offer))
        after = merged(same, offer) if same else begun(str(uuid7()), offer)
        if after != same:
            self._items[after.id] = after
            self._changed[after.id] = None
            self._index(after)
        return Offered(ref=offer.ref, item_id=after.id, joined=same is not None)

    def _alike(self, offer: Offer) -> list[Known]:
        found: list[str | None] = []
        for key in _keys(offer):
            found += [self._first.get(key), next(iter(self._without_gtin.get(key, ())), None)]
        return [self._items[item_id] for item_id in found if item_id]

    def _index(self, item: Known) -> None:
        for key in _keys(item):
            self._first.setdefault(key, item.id)
            if item.gtin is None:
                self._without_gtin.setdefault(key, {})[item.id] = None
            else:
                self._without_gtin.get(key, {}).pop(item.id, None)


def _keys(thing: Offer | Known) -> list[_Key]:
    return [(name, key) for name, key in asdict(keys_of(thing)).items() if key is not None]


async def _before(conn: Connection, user_id: str, refs: Iterable[_Ref]) -> dict[_Ref, str]:
    """By source and ref, the items of offers that were made before."""
    sources, names = zip(*refs, strict=True) if refs else ((), ())
    # Planned anew each time: a plan for any values compares each row with each of a thousand of them, one by one.
    await conn.execute("SET LOCAL plan_cache_mode = force_custom_plan")
    # By each alone, which is an index or a hash; pairs are looked at here.
    rows = await conn.fetch(
        """
        SELECT source, ref, item_id::text FROM item_sources
        WHERE user_id = $1 AND source = ANY($2) AND ref = ANY($3)
        """,
        user_id,
        sorted(set(sources)),
        list(names),
    )
    found = {(Source(row["source"]), row["ref"]): row["item_id"] for row in rows}
    return {ref: found[ref] for ref in refs if ref in found}


async def _alike(conn: Connection, user_id: str, offers: Iterable[Offer], ids: Iterable[str]) -> Iterable[Known]:
    """Items that these offers may belong to, the oldest first; one that is found in two ways is there twice.

    Of those that share a number or an address: the first, and as many without a GTIN as there are offers of it.
    """
    keys = [keys_of(each) for each in offers]
    rows = await conn.fetch(
        f"""
        WITH asked AS (
          SELECT sort, key, count(*) AS offers FROM (
            SELECT 'sku' AS sort, unnest($3::text[]) AS key UNION ALL SELECT 'url', unnest($4::text[])
          ) AS given GROUP BY sort, key
        ), keyed AS ({_with("sku", 3)} UNION ALL {_with("url", 4)}), placed AS (
          SELECT *, row_number() OVER (PARTITION BY sort, key ORDER BY created_at, id) AS place,
            row_number() OVER (PARTITION BY sort, key, gtin IS NULL ORDER BY created_at, id) AS place_of_kind
          FROM keyed
        )
        SELECT {_KNOWN} FROM (
          {_theirs()} AND (gtin = ANY($2) OR id = ANY($5::uuid[]))
          UNION ALL SELECT {_COLUMNS} FROM placed JOIN asked USING (sort, key)
          WHERE place = 1 OR (gtin IS NULL AND place_of_kind <= offers)
        ) AS alike ORDER BY created_at, id
        """,
        user_id,
        [key.gtin for key in keys if key.gtin],
        [key.sku for key in keys if key.sku],
        [key.url for key in keys if key.url],
        list(ids),
    )
    return [msgspec.convert(dict(row), Known) for row in rows]


def _theirs(*more: str) -> str:
    return f"SELECT {', '.join((_COLUMNS, *more))} FROM items WHERE user_id = $1 AND removed_at IS NULL"


def _with(sort: str, parameter: int) -> str:
    named = _theirs(f"'{sort}' AS sort", f"{sort}_key AS key")
    return f"{named} AND {sort}_key = ANY(${parameter})"


async def _write(conn: Connection, tenant_id: str, user_id: str, items: Iterable[Known]) -> None:
    fields = (*FIELDS, "sku_key", "url_key", "attention")
    typed = ", ".join(f"{name} {_TYPES.get(name, 'text')}" for name in fields)
    await conn.execute(
        f"""
        INSERT INTO items (id, tenant_id, user_id, {", ".join(fields)})
        SELECT id, $1, $2, {", ".join(fields)} FROM jsonb_to_recordset($3) AS given (id uuid, {typed})
        ON CONFLICT (id) DO UPDATE SET
          {", ".join(f"{name} = EXCLUDED.{name}" for name in fields)},
          version = items.version + 1, updated_at = now()
        """,
        tenant_id,
        user_id,
        [_row(item) for item in items],
    )


_TYPES = {"price": "numeric", "attention": "text[]"}


def _row(item: Known) -> dict[str, Any]:
    keys = keys_of(item)
    return {**asdict(item), "sku_key": keys.sku, "url_key": keys.url}


async def _note(
    conn: Connection,
    tenant_id: str,
    user_id: str,
    found: Iterable[tuple[Offer, Offered]],
    written: Sequence[str],
) -> None:
    """Remember which offers were made; an item whose quantity is another one now has changed.

    Those `written` have their new version already. Times do not tell which: a transaction that waited for its turn
    is older than what it finds.
    """
    await conn.execute(
        """
        WITH given AS (
          SELECT * FROM jsonb_to_recordset($3) AS g (source text, ref text, item_id uuid, quantity numeric)
        ), noted AS (
          INSERT INTO item_sources AS s (tenant_id, user_id, source, ref, item_id, quantity)
          SELECT $1, $2, source, ref, item_id, quantity FROM given
          ON CONFLICT (tenant_id, user_id, source, ref) DO UPDATE SET quantity = EXCLUDED.quantity
            WHERE s.quantity <> EXCLUDED.quantity
          RETURNING item_id
        )
        UPDATE items SET version = version + 1, updated_at = now()
        WHERE user_id = $2 AND quantity_set IS NULL AND removed_at IS NULL
          AND id IN (SELECT item_id FROM noted) AND id <> ALL($4::uuid[])
        """,
        tenant_id,
        user_id,
        [
            {"source": each.source, "ref": each.ref, "item_id": into.item_id, "quantity": each.quantity}
            for each, into in found
        ],
        written,
    )


async def withdraw(conn: Connection, user_id: str, source: Source, refs: Sequence[str]) -> int:
    """Take offers back: an item that nobody offers any more, and nobody has edited or judged, goes with them.

    Returns:
        How many offers there were.
    """
    await alone(conn, user_id)
    rows = await conn.fetch(
        """
        DELETE FROM item_sources WHERE user_id = $1 AND source = $2 AND ref = ANY($3) RETURNING item_id::text
        """,
        user_id,
        source,
        list(refs),
    )
    await conn.execute(
        """
        UPDATE items AS i SET version = version + 1, updated_at = now(), removed_at = CASE
          WHEN edited_at IS NULL AND status = 'pending'
            AND NOT EXISTS (SELECT FROM item_sources AS s WHERE s.item_id = i.id) THEN now() END
        WHERE user_id = $1 AND removed_at IS NULL AND id = ANY($2::uuid[])
        """,
        user_id,
        [row["item_id"] for row in rows],
    )
    return len(rows)
