"""Images: begun, uploaded, ready, let go."""

from typing import ClassVar

import asyncpg
import msgspec
from msgspec import Struct

from db.pool import Connection, rows_of
from db.runs import PersonGone
from onboarding.errors import GangwayError
from onboarding.images import Kind

UPLOAD_HOURS = 1
"""Within which an upload must be confirmed."""

_IMAGE = (
    "id::text, object_key, thumbnail_key, content_type AS kind, status = 'ready' AS ready, size, width, height"
)
_NOT_ERASED = "NOT EXISTS (SELECT FROM erasures AS e WHERE e.user_id = $2)"
"""Files of whoever is being erased were listed already, or are about to be: none may become ready."""


class Image(Struct, frozen=True, kw_only=True):
    """A picture; until it is `ready` it has no size, and perhaps no objects."""

    id: str
    object_key: str
    thumbnail_key: str | None
    kind: Kind
    ready: bool
    size: int | None
    width: int | None
    height: int | None

    @property
    def keys(self) -> list[str]:
        """Of its objects."""
        return [self.object_key, *([self.thumbnail_key] if self.thumbnail_key else ())]


class Left(Struct, frozen=True, kw_only=True):
    """An image whose time for uploads is over."""

    user_id: str
    image: Image


class ImageGone(GangwayError):
    """It was deleted since it was found."""

    code: ClassVar[str] = "not_found"
    detail: ClassVar[str] = "There is no such picture any more."


async def begin(
    conn: Connection,
    *,
    image_id: str,
    tenant_id: str,
    user_id: str,
    object_key: str,
    thumbnail_key: str,
    kind: Kind,
    session_id: str | None = None,
) -> None:
    """Write down that an image is about to come, and under which keys, before there is any object.

    `session_id` is the capture session whose phone brings it.

    Raises:
        PersonGone: they were erased since they were let in.
    """
    try:
        await conn.execute(
            """
            INSERT INTO images (id, tenant_id, user_id, object_key, thumbnail_key, content_type, session_id)
            VALUES ($1, $2, $3, $4, $5, $6, $7)
            """,
            image_id,
            tenant_id,
            user_id,
            object_key,
            thumbnail_key,
            kind,
            session_id,
        )
    except asyncpg.ForeignKeyViolationError as error:
        raise PersonGone from error


async def hold(conn: Connection, image_id: str, user_id: str) -> bool:
    """Have nobody sweep an upload that is being confirmed; False when its time is over."""
    status = await conn.execute(
        f"""
        UPDATE images SET upload_until = now() + interval '{UPLOAD_HOURS} hours'
        WHERE id = $1 AND user_id = $2 AND status = 'pending' AND upload_until > now()
        """,
        image_id,
        user_id,
    )
    return rows_of(status) == 1


async def settle(
    conn: Connection,
    image_id: str,
    user_id: str,
    *,
    kind: Kind,
    size: int,
    width: int,
    height: int,
    uploaded: bool,
) -> bool:
    """An image is ready: its objects are there. False when it was so before, or must not be any more.

    Args:
        conn: acting as the person.
        image_id: of which image.
        user_id: whose.
        kind: what is stored, as are the rest.
        size: bytes.
        width: pixels, as it is seen.
        height: the same.
        uploaded: by a form that was signed, which may be used once more.
    """
    status = await conn.execute(
        f"""
        UPDATE images SET status = 'ready', content_type = $3, size = $4, width = $5, height = $6,
          upload_until = CASE WHEN $7 THEN upload_until END
        WHERE id = $1 AND user_id = $2 AND status = 'pending' AND {_NOT_ERASED}
        """,
        image_id,
        user_id,
        kind,
        size,
        width,
        height,
        uploaded,
    )
    return rows_of(status) == 1


async def get(conn: Connection, image_id: str, user_id: str, session_id: str | None = None) -> Image | None:
    """Somebody's image that is ready; given a capture session, only where it is of that."""
    row = await conn.fetchrow(
        f"""
        SELECT {_IMAGE} FROM images WHERE id = $1 AND user_id = $2 AND status = 'ready'
          AND ($3::uuid IS NULL OR session_id = $3 OR EXISTS (
            SELECT FROM capture_items AS c
            WHERE c.image_id = images.id AND c.session_id = $3 AND c.deleted_at IS NULL
          ))
        """,
        image_id,
        user_id,
        session_id,
    )
    return msgspec.convert(dict(row), Image) if row else None


async def by_key(conn: Connection, object_key: str, user_id: str, session_id: str | None = None) -> Image | None:
    """Somebody's image, ready or not, by the key that they were given; given a session, only of its phone's."""
    row = await conn.fetchrow(
        f"""
        SELECT {_IMAGE} FROM images
        WHERE object_key = $1 AND user_id = $2 AND ($3::uuid IS NULL OR session_id = $3)
        """,
        object_key,
        user_id,
        session_id,
    )
    return msgspec.convert(dict(row), Image) if row else None


async def let_go(conn: Connection, image_id: str, user_id: str) -> Image | None:
    """Somebody's image is not wanted any more: it is nobody's to see, and swept unless its row goes before.

    Items of the review list that show it show none.
    """
    await conn.execute(
        """
        UPDATE items SET image_url = NULL, version = version + 1, updated_at = now()
        WHERE user_id = $2 AND image_url = '/api/v1/images/' || $1::uuid::text
        """,
        image_id,
        user_id,
    )
    row = await conn.fetchrow(
        f"""
        UPDATE images SET status = 'pending', upload_until = now()
        WHERE id = $1 AND user_id = $2 AND status = 'ready' RETURNING {_IMAGE}
        """,
        image_id,
        user_id,
    )
    return msgspec.convert(dict(row), Image) if row else None


async def forget(conn: Connection, image_id: str, user_id: str) -> None:
    """An image that was let go, or never became ready, and whose objects are gone.

    A photo of a capture session that showed it has changed: with the row goes what leads to it.
    """
    await conn.execute(
        """
        WITH turn AS (
          UPDATE capture_sessions AS s SET version = s.version + 1 FROM capture_items AS i
          WHERE i.image_id = $1 AND i.user_id = $2 AND i.deleted_at IS NULL AND s.id = i.session_id
          RETURNING i.id, s.version AS number
        )
        UPDATE capture_items AS i SET version = turn.number, updated_at = now() FROM turn WHERE i.id = turn.id
        """,
        image_id,
        user_id,
    )
    await conn.execute(
        "DELETE FROM images WHERE id = $1 AND user_id = $2 AND status = 'pending'", image_id, user_id
    )


async def of_person(conn: Connection, user_id: str, after: str | None = None, limit: int = 500) -> list[Image]:
    """A page of somebody's images, ready or not, by id, after the one with the id `after`."""
    rows = await conn.fetch(
        f"""
        SELECT {_IMAGE} FROM images WHERE user_id = $1 AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3
        """,
        user_id,
        after,
        limit,
    )
    return [msgspec.convert(dict(row), Image) for row in rows]


async def left(conn: Connection, limit: int = 500) -> list[Left]:
    """Some images for which nothing can come any more (in `sweeper(tenant)`)."""
    rows = await conn.fetch(
        f"""
        SELECT user_id::text AS whose, {_IMAGE} FROM images WHERE upload_until < now()
        ORDER BY upload_until, id LIMIT $1
        """,
        limit,
    )
    return [
        Left(user_id=row["whose"], image=msgspec.convert({k: v for k, v in row.items() if k != "whose"}, Image))
        for row in rows
    ]


async def swept(conn: Connection, image_ids: list[str]) -> None:
    """What was left of these is gone (in `sweeper(tenant)`): those that are not ready go as well."""
    over = "id = ANY($1::uuid[]) AND upload_until < now()"
    await conn.execute(f"DELETE FROM images WHERE {over} AND status = 'pending'", image_ids)
    await conn.execute(f"UPDATE images SET upload_until = NULL WHERE {over} AND status = 'ready'", image_ids)
