"""What a capture session holds: as a list, as what changed, and pictures that nothing shows any more."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from msgspec import Struct

from db.capture_sessions import Kind
from db.captures import ITEM, CaptureItem, item_of
from db.pool import Connection


class Orphan(Struct, frozen=True, kw_only=True):
    """A picture that nothing shows any more."""

    id: str
    object_key: str
    thumbnail_key: str | None


async def listed(
    conn: Connection,
    session_id: str,
    user_id: str,
    *,
    kind: Kind | None = None,
    before: tuple[datetime, str] | None = None,
    limit: int = 20,
) -> list[CaptureItem]:
    """The items that there are, newest first, older than the place `before`."""
    time, place = before or (None, None)
    rows = await conn.fetch(
        f"""
        SELECT {ITEM} FROM capture_items
        WHERE session_id = $1 AND user_id = $2 AND deleted_at IS NULL AND ($3::text IS NULL OR kind = $3)
          AND ($4::timestamptz IS NULL OR (created_at, id) < ($4, $5::uuid))
        ORDER BY created_at DESC, id DESC LIMIT $6
        """,
        session_id,
        user_id,
        kind,
        time,
        place,
        limit,
    )
    return [item_of(row) for row in rows]


async def changed(
    conn: Connection, session_id: str, user_id: str, *, since: int, kind: Kind | None = None, limit: int = 20
) -> list[CaptureItem]:
    """Items that changed after the change `since`, in the order of that, deleted ones too."""
    rows = await conn.fetch(
        f"""
        SELECT {ITEM} FROM capture_items
        WHERE session_id = $1 AND user_id = $2 AND version > $3 AND ($4::text IS NULL OR kind = $4)
        ORDER BY version LIMIT $5
        """,
        session_id,
        user_id,
        since,
        kind,
        limit,
    )
    return [item_of(row) for row in rows]


async def total(
    conn: Connection, session_id: str, user_id: str, *, kind: Kind | None = None, since: int | None = None
) -> int:
    """How many items there are, or with `since` how many changed after that."""
    return await conn.fetchval(
        """
        SELECT count(*) FROM capture_items
        WHERE session_id = $1 AND user_id = $2 AND ($3::text IS NULL OR kind = $3)
          AND CASE WHEN $4::bigint IS NULL THEN deleted_at IS NULL ELSE version > $4 END
        """,
        session_id,
        user_id,
        kind,
        since,
    )


async def orphans(conn: Connection, session_id: str, user_id: str) -> list[Orphan]:
    """Pictures that a session's phone brought, or of photos deleted from it, which nothing of the person shows."""
    rows = await conn.fetch(
        """
        SELECT m.id::text, m.object_key, m.thumbnail_key FROM images AS m
        WHERE m.user_id = $2 AND (m.session_id = $1 OR m.id IN (
            SELECT image_id FROM capture_items WHERE session_id = $1 AND user_id = $2 AND deleted_at IS NOT NULL
          ))
          AND NOT EXISTS (SELECT FROM capture_items AS i WHERE i.image_id = m.id AND i.deleted_at IS NULL)
          AND NOT EXISTS (
            SELECT FROM items AS t
            WHERE t.user_id = $2 AND t.removed_at IS NULL AND t.image_url = '/api/v1/images/' || m.id
          )
          AND NOT EXISTS (SELECT FROM organizations AS o WHERE o.logo = m.object_key)
        ORDER BY m.id
        """,
        session_id,
        user_id,
    )
    return [msgspec.convert(dict(row), Orphan) for row in rows]


async def unnamed(conn: Connection, session_id: str, user_id: str) -> list[str]:
    """Barcodes of which nobody has found out yet what they are."""
    rows = await conn.fetch(
        """
        SELECT id::text FROM capture_items
        WHERE session_id = $1 AND user_id = $2 AND kind = 'barcode' AND enrichment = 'pending'
          AND deleted_at IS NULL
        ORDER BY id
        """,
        session_id,
        user_id,
    )
    return [row["id"] for row in rows]


async def forget_images(conn: Connection, user_id: str, ids: Sequence[str]) -> None:
    """Forget pictures whose files are gone."""
    await conn.execute("DELETE FROM images WHERE user_id = $1 AND id = ANY($2::uuid[])", user_id, list(ids))
