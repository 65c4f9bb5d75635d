"""What is captured in a session: added by two devices at once, edited, deleted, enriched.

Every change takes the next number of its session, under the lock of its row (see `m0031_captures`). Each item is
offered to the review list in the transaction that adds it. Lists are in `db/capture_lists.py`.
"""

from collections.abc import Collection, Generator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar, Literal

import asyncpg
import msgspec
from msgspec import Struct

from db import items
from db.capture_sessions import Kind, SessionEnded, SessionNotFound
from db.images import ImageGone
from db.pool import Connection
from onboarding.errors import GangwayError
from onboarding.items import NAME_CHARACTERS, SKU_CHARACTERS, URL_CHARACTERS, Offer, Source

BARCODES_AT_MOST = 500
PHOTOS_AT_MOST = 100
CHANGES_AT_MOST = 100_000
"""Of one session: what is deleted stays as long as it does, and must not add up for ever."""

SCANS_AT_ONCE = 50

AddedBy = Literal["owner", "phone"]
Outcome = Literal["done", "failed"]

ITEM = """
  id::text, tenant_id::text, kind, code, code_type, gtin, image_id::text, quantity, added_by, source, details,
  enrichment, edited, edited_at, version, scanned_at, created_at, updated_at, deleted_at
"""


class Scan(Struct, frozen=True, kw_only=True):
    """A code that a device has read. `key` says which are the same thing; `client_item_id` is the device's own."""

    key: str
    code: str
    gtin: str | None = None
    code_type: str | None = None
    source: str | None = None
    scanned_at: datetime | None = None
    client_item_id: str | None = None


class CaptureItem(Struct, frozen=True, kw_only=True):
    """A barcode or a photo of a session, as it was after its change `version`."""

    id: str
    tenant_id: str
    kind: Kind
    code: str | None
    code_type: str | None
    gtin: str | None
    image_id: str | None
    quantity: int
    added_by: AddedBy
    source: str | None
    details: dict[str, Any]
    enrichment: Literal["none", "pending", "done", "failed"]
    edited: list[str]
    edited_at: datetime | None
    version: int
    scanned_at: datetime | None
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None


class Captured(Struct, frozen=True, kw_only=True):
    """What became of a scan or a photo: its item, whether that was there already, whether this was sent before."""

    item: CaptureItem
    duplicate: bool
    repeated: bool


class SessionFull(GangwayError):
    """There are as many items in the session as there may be."""

    code: ClassVar[str] = "session_full"
    detail: ClassVar[str] = (
        f"A capture session takes {BARCODES_AT_MOST} barcodes, {PHOTOS_AT_MOST} photos, {CHANGES_AT_MOST} changes."
    )


class KindNotTaken(GangwayError):
    """The session was not opened for this."""

    code: ClassVar[str] = "kind_not_taken"
    detail: ClassVar[str] = "This capture session was opened for another kind of item."


class CaptureItemNotFound(GangwayError):
    """There is no such item in this session, or it is not for this device to change."""

    code: ClassVar[str] = "not_found"
    detail: ClassVar[str] = "There is no such item in this capture session."


_TOLD: dict[str, type[GangwayError]] = {
    "GW006": SessionNotFound,
    "GW007": SessionEnded,
    "GW008": SessionFull,
    "GW009": KindNotTaken,
}
"""By the SQLSTATE of `capture_hold` and `capture_add`."""

_SAID = {"name": "name", "supplier": "brand"}
"""What an item of the review list calls the details that people write."""

_PICTURE = "capture_items_tenant_id_image_id_fkey"
_BOUNDS = {"capture_sessions_barcodes_check", "capture_sessions_photos_check"}


async def add(
    conn: Connection, session_id: str, user_id: str, scans: Sequence[Scan], *, added_by: AddedBy = "owner"
) -> list[Captured]:
    """Add barcodes, all of them or none; gives what became of each, in their order.

    Raises:
        SessionNotFound, SessionEnded, SessionFull, KindNotTaken: as their names say.
        PersonGone: they were erased since they were let in.
    """
    given = [{"place": place, **msgspec.structs.asdict(each)} for place, each in enumerate(scans)]
    return await _add(conn, session_id, user_id, "barcode", added_by, given)


async def add_photo(
    conn: Connection,
    session_id: str,
    user_id: str,
    *,
    image_id: str,
    client_item_id: str | None = None,
    added_by: AddedBy = "owner",
) -> Captured:
    """Add a photo whose picture is there; the same picture again is the same item.

    Raises:
        SessionNotFound, SessionEnded, SessionFull, KindNotTaken, ImageGone: as their names say.
        PersonGone: they were erased since they were let in.
    """
    given = {"place": 0, "key": image_id, "image_id": image_id, "client_item_id": client_item_id}
    return (await _add(conn, session_id, user_id, "photo", added_by, [given]))[0]


async def _add(
    conn: Connection, session_id: str, user_id: str, kind: Kind, added_by: AddedBy, given: list[dict[str, Any]]
) -> list[Captured]:
    with _refusals():
        rows = await conn.fetch(
            "SELECT * FROM capture_add($1, $2, $3, $4, $5)", session_id, user_id, kind, added_by, given
        )
    captured = [msgspec.convert(dict(row), Captured) for row in rows]
    changed = {each.item.id: each.item for each in captured if not each.repeated}
    await _offer(conn, user_id, list(changed.values()))
    return captured


async def change(
    conn: Connection,
    session_id: str,
    item_id: str,
    user_id: str,
    *,
    version: int | None = None,
    quantity: int | None = None,
    details: Mapping[str, str | None] | None = None,
    added_by: AddedBy | None = None,
) -> CaptureItem | None:
    """Write what a person says of an item; None when it is not at this version any more.

    Args:
        conn: acting as the session's owner.
        session_id: the session.
        item_id: the item.
        user_id: the session's owner.
        version: the one that was seen; None for whatever there is.
        quantity: how many there are; None leaves it.
        details: by name what is written, None to clear it; other names stay. No lookup writes these from now on.
        added_by: only an item of whoever this is.

    Raises:
        SessionNotFound, SessionEnded, SessionFull, CaptureItemNotFound: as their names say.
    """
    item = await _held(conn, session_id, item_id, user_id, added_by)
    if version is not None and item.version != version:
        return None
    written = {name: text for name, text in (details or {}).items() if item.details.get(name) != text}
    counted = quantity is not None and quantity != item.quantity
    if not written and not counted:
        return item
    row = await conn.fetchrow(
        f"""
        UPDATE capture_items SET quantity = coalesce($4, quantity), version = $5, updated_at = now(),
          edited_at = now(), details = jsonb_strip_nulls(details || $6),
          edited = ARRAY(SELECT DISTINCT name FROM unnest(edited || $7::text[]) AS name ORDER BY name)
        WHERE id = $1 AND session_id = $2 AND user_id = $3 RETURNING {ITEM}
        """,
        item_id,
        session_id,
        user_id,
        quantity,
        await _next(conn, session_id, user_id),
        written,
        [*written, *(["quantity"] if counted else [])],
    )
    changed = item_of(row)
    await _offer(conn, user_id, [changed], written)
    return changed


async def remove(
    conn: Connection,
    session_id: str,
    item_id: str,
    user_id: str,
    *,
    version: int | None = None,
    added_by: AddedBy | None = None,
) -> CaptureItem | None:
    """Delete an item, and take its offer back; arguments, errors and None as for `change`."""
    item = await _held(conn, session_id, item_id, user_id, added_by)
    if version is not None and item.version != version:
        return None
    row = await conn.fetchrow(
        f"""
        UPDATE capture_items SET version = $4, updated_at = now(), deleted_at = now()
        WHERE id = $1 AND session_id = $2 AND user_id = $3 RETURNING {ITEM}
        """,
        item_id,
        session_id,
        user_id,
        await _next(conn, session_id, user_id, gone=item.kind),
    )
    await items.withdraw(conn, user_id, Source(item.kind), [item_id])
    return item_of(row)


async def enrich(
    conn: Connection,
    session_id: str,
    item_id: str,
    user_id: str,
    details: Mapping[str, Any],
    outcome: Outcome,
) -> CaptureItem | None:
    """Fill the gaps of an item with what was found out; what somebody wrote or cleared stays as they left it.

    A session that has ended is enriched, too.

    Returns:
        The item; None when there is nothing to enrich any more.
    """
    await conn.execute(
        "SELECT FROM capture_sessions WHERE id = $1 AND user_id = $2 FOR UPDATE", session_id, user_id
    )
    row = await conn.fetchrow(
        f"""
        WITH turn AS (
          UPDATE capture_sessions SET version = version + 1
          WHERE id = $2 AND user_id = $3 AND version < {CHANGES_AT_MOST} AND EXISTS (
            SELECT FROM capture_items AS i WHERE i.id = $1 AND i.session_id = $2 AND i.deleted_at IS NULL
          )
          RETURNING version AS number
        )
        UPDATE capture_items AS i SET details = (jsonb_strip_nulls($4) - i.edited) || i.details, enrichment = $5,
          version = turn.number, updated_at = now()
        FROM turn WHERE i.id = $1 AND i.session_id = $2 AND i.user_id = $3 RETURNING {ITEM}
        """,
        item_id,
        session_id,
        user_id,
        dict(details),
        outcome,
    )
    return item_of(row) if row else None


async def _held(
    conn: Connection, session_id: str, item_id: str, user_id: str, added_by: AddedBy | None
) -> CaptureItem:
    """An item to change, with its session locked."""
    with _refusals():
        await conn.execute("SELECT capture_hold($1, $2)", session_id, user_id)
    row = await conn.fetchrow(
        f"""
        SELECT {ITEM} FROM capture_items
        WHERE id = $1 AND session_id = $2 AND user_id = $3 AND deleted_at IS NULL
          AND ($4::text IS NULL OR added_by = $4)
        """,
        item_id,
        session_id,
        user_id,
        added_by,
    )
    return item_of(row)


async def _next(conn: Connection, session_id: str, user_id: str, gone: Kind | None = None) -> int:
    """The number of a change of the session that is held; with `gone`, one item of a kind less."""
    return await conn.fetchval(
        """
        UPDATE capture_sessions SET version = version + 1,
          barcodes = barcodes - ($3::text IS NOT DISTINCT FROM 'barcode')::integer,
          photos = photos - ($3::text IS NOT DISTINCT FROM 'photo')::integer,
          expires_at = least(clock_timestamp() + make_interval(secs => ttl_seconds), ends_at)
        WHERE id = $1 AND user_id = $2 RETURNING version
        """,
        session_id,
        user_id,
        gone,
    )


async def _offer(
    conn: Connection, user_id: str, changed: Sequence[CaptureItem], written: Collection[str] = ()
) -> None:
    if changed:
        offers = [offer_of(each, written) for each in changed]
        await items.offer(conn, changed[0].tenant_id, user_id, offers)


def offer_of(item: CaptureItem, written: Collection[str] = ()) -> Offer:
    """Without a name somebody must look at it. A code that is no GTIN is all that is known of its thing.

    A photo shows a thing: how many there are a person says, or the codes that were scanned. What a person has just
    `written` takes the place of what the list has.
    """
    name, brand, found = (item.details.get(each) for each in ("name", "brand", "image_url"))
    picture = f"/api/v1/images/{item.image_id}" if item.image_id else found
    number = item.code if item.gtin is None and item.code and len(item.code) <= SKU_CHARACTERS else None
    return Offer(
        source=Source(item.kind),
        ref=item.id,
        name=name and name[:NAME_CHARACTERS],
        supplier=brand and brand[:NAME_CHARACTERS],
        gtin=item.gtin,
        sku=number,
        image_url=picture if picture and len(picture) <= URL_CHARACTERS else None,
        quantity=Decimal(item.quantity if item.kind == "barcode" or "quantity" in item.edited else 0),
        unsure=name is None,
        written=tuple(field for field, each in _SAID.items() if each in written),
    )


def item_of(row: asyncpg.Record | None) -> CaptureItem:
    """An item from a row of `ITEM`.

    Raises:
        CaptureItemNotFound: there is none.
    """
    if row is None:
        raise CaptureItemNotFound
    return msgspec.convert(dict(row), CaptureItem)


@contextmanager
def _refusals() -> Generator[None]:
    try:
        yield
    except asyncpg.CheckViolationError as error:
        if getattr(error, "constraint_name", "") in _BOUNDS:
            raise SessionFull from None
        raise
    except asyncpg.ForeignKeyViolationError as error:
        if getattr(error, "constraint_name", "") == _PICTURE:
            raise ImageGone from None
        raise
    except asyncpg.PostgresError as error:
        if refusal := _TOLD.get(getattr(error, "sqlstate", "")):
            raise refusal from None
        raise
