"""Profiles: what a completed onboarding amounts to, with every version that they had."""

from datetime import datetime
from typing import Any, ClassVar

import msgspec
from msgspec import Struct

from db.pool import Connection
from onboarding.errors import GangwayError

_COLUMNS = """
  id::text, user_id::text, flow, flow_version, answers, version, locked, run_id::text, completed_at,
  created_at, updated_at
"""


class ProfileConflict(GangwayError):
    """The profile has another version by now."""

    code: ClassVar[str] = "version_conflict"
    detail: ClassVar[str] = "The profile has changed since this page was loaded."


class Profile(Struct, frozen=True, kw_only=True):
    """A person's answers to a flow by state key, as of a version, and the run that they come from."""

    id: str
    user_id: str
    flow: str
    flow_version: int
    answers: dict[str, dict[str, Any]]
    version: int
    locked: bool
    run_id: str
    completed_at: datetime
    created_at: datetime
    updated_at: datetime


class ProfileVersion(Struct, frozen=True, kw_only=True):
    """A profile as it once was; `changed_by` is a user's id."""

    id: str
    version: int
    flow_version: int
    answers: dict[str, dict[str, Any]]
    changed_by: str
    created_at: datetime


async def get(conn: Connection, user_id: str, flow: str) -> Profile | None:
    """The person's profile of a flow."""
    query = f"SELECT {_COLUMNS} FROM profiles WHERE user_id = $1 AND flow = $2"
    row = await conn.fetchrow(query, user_id, flow)
    return msgspec.convert(dict(row), Profile) if row else None


async def save(
    conn: Connection,
    profile: Profile,
    answers: dict[str, dict[str, Any]],
    expected_version: int | None = None,
    *,
    changed_by: str,
) -> Profile:
    """Give the profile new answers as its next version, if it has the expected one: by default `profile`'s.

    Raises:
        ProfileConflict: when it has another by now, or is not the caller's.
    """
    row = await conn.fetchrow(
        f"""
        WITH saved AS (
          UPDATE profiles SET answers = $2, version = version + 1, updated_at = now()
          WHERE id = $1 AND version = $3 RETURNING *
        ), kept AS (
          INSERT INTO profile_versions
            (tenant_id, user_id, profile_id, version, flow_version, answers, changed_by, created_at)
          SELECT tenant_id, user_id, id, version, flow_version, answers, $4, updated_at FROM saved
        )
        SELECT {_COLUMNS} FROM saved
        """,
        profile.id,
        answers,
        profile.version if expected_version is None else expected_version,
        changed_by,
    )
    if row is None:
        raise ProfileConflict
    return msgspec.convert(dict(row), Profile)


async def versions(
    conn: Connection, profile_id: str, *, before: int | None = None, limit: int = 20
) -> list[ProfileVersion]:
    """A page of a profile's versions, newest first, lower than `before`."""
    rows = await conn.fetch(
        """
        SELECT id::text, version, flow_version, answers, changed_by::text, created_at FROM profile_versions
        WHERE profile_id = $1 AND ($2::integer IS NULL OR version < $2) ORDER BY version DESC LIMIT $3
        """,
        profile_id,
        before,
        limit,
    )
    return [msgspec.convert(dict(row), ProfileVersion) for row in rows]
