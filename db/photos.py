"""What was seen in photos: once for each image, however often it is asked for."""

from datetime import datetime
from typing import Any

import asyncpg
import msgspec
from msgspec import Struct

from db.images import ImageGone
from db.pool import Connection, rows_of
from onboarding.photos import Analysis


class Standing(Struct, frozen=True, kw_only=True):
    """Where the analysis of a photo stands; `asked_at` is when a model was asked."""

    asked_at: datetime | None
    result: Analysis | None


async def begin(conn: Connection, tenant_id: str, user_id: str, image_id: str) -> None:
    """Write down that a photo is to be analysed. What no model has looked at may be asked for anew.

    Raises:
        ImageGone: it was deleted since it was found.
    """
    try:
        await conn.execute(
            """
            INSERT INTO photo_analyses AS a (image_id, tenant_id, user_id) VALUES ($3, $1, $2)
            ON CONFLICT (image_id) DO UPDATE SET asked_at = NULL, result = NULL
            WHERE a.user_id = $2 AND (a.result ->> 'degraded')::boolean
            """,
            tenant_id,
            user_id,
            image_id,
        )
    except asyncpg.ForeignKeyViolationError as error:
        raise ImageGone from error


async def standing(conn: Connection, image_id: str, user_id: str) -> Standing | None:
    """How far somebody's photo is."""
    row = await conn.fetchrow(
        "SELECT asked_at, result FROM photo_analyses WHERE image_id = $1 AND user_id = $2", image_id, user_id
    )
    return msgspec.convert(dict(row), Standing) if row else None


async def claim(conn: Connection, image_id: str, user_id: str) -> bool:
    """Say that a model is asked now; False when somebody has said so before, or nothing is to be asked."""
    status = await conn.execute(
        """
        UPDATE photo_analyses SET asked_at = now()
        WHERE image_id = $1 AND user_id = $2 AND asked_at IS NULL AND result IS NULL
        """,
        image_id,
        user_id,
    )
    return rows_of(status) == 1


async def keep(conn: Connection, image_id: str, user_id: str, found: Analysis) -> bool:
    """Keep what was seen; False when that was done before, or the photo is gone."""
    status = await conn.execute(
        """
        UPDATE photo_analyses SET result = $3 WHERE image_id = $1 AND user_id = $2 AND result IS NULL
        """,
        image_id,
        user_id,
        msgspec.to_builtins(found),
    )
    return rows_of(status) == 1


async def session_there(conn: Connection, session_id: str, user_id: str) -> bool:
    """Whether somebody has such a capture session, open or not."""
    query = "SELECT EXISTS (SELECT FROM capture_sessions WHERE id = $1 AND user_id = $2)"
    return await conn.fetchval(query, session_id, user_id)


class Shown(Struct, frozen=True, kw_only=True):
    """What a capture session knows of a photo by now; `edited` names what a person wrote."""

    quantity: int
    details: dict[str, Any]
    edited: tuple[str, ...]


async def shown(conn: Connection, session_id: str, item_id: str, user_id: str) -> Shown | None:
    """A photo of a capture session; None when it is not there any more."""
    row = await conn.fetchrow(
        """
        SELECT quantity, details, edited FROM capture_items
        WHERE id = $1 AND session_id = $2 AND user_id = $3 AND deleted_at IS NULL
        """,
        item_id,
        session_id,
        user_id,
    )
    return msgspec.convert(dict(row), Shown) if row else None
