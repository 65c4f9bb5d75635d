"""Invitations: who may take up an account, until when, and whether they did."""

from datetime import datetime
from typing import ClassVar, Literal

import asyncpg
import msgspec
from msgspec import Struct

from db.pool import Connection, rows_of
from onboarding.access import PERMISSIONS, Role
from onboarding.errors import GangwayError

VALID_DAYS = 7
"""Page 30: how long an invitation can be taken up."""

Status = Literal["open", "accepted", "expired", "revoked"]

_COLUMNS = """
  id::text, tenant_id::text, email, role, invited_by::text, user_id::text, created_at, expires_at, accepted_at,
  revoked_at,
  CASE WHEN accepted_at IS NOT NULL THEN 'accepted' WHEN revoked_at IS NOT NULL THEN 'revoked'
    WHEN expires_at <= now() THEN 'expired' ELSE 'open' END AS status
"""
_OPEN = "accepted_at IS NULL AND revoked_at IS NULL"
_UNTIL = f"now() + interval '{VALID_DAYS} days'"


class InvitationNotFound(GangwayError):
    """There is no such invitation, or not for whoever asks."""

    code: ClassVar[str] = "invitation_not_found"
    detail: ClassVar[str] = "There is no such invitation."


class InvitationUsed(GangwayError):
    """Somebody has taken it up."""

    code: ClassVar[str] = "invitation_used"
    detail: ClassVar[str] = "This invitation has been used."


class InvitationExpired(GangwayError):
    """It was not taken up in time."""

    code: ClassVar[str] = "invitation_expired"
    detail: ClassVar[str] = "This invitation has expired; ask for a new one."


class InvitationRevoked(GangwayError):
    """Whoever invited has thought better of it."""

    code: ClassVar[str] = "invitation_revoked"
    detail: ClassVar[str] = "This invitation was withdrawn."


class RoleAbove(GangwayError):
    """Nobody invites to a role above their own."""

    code: ClassVar[str] = "forbidden"
    detail: ClassVar[str] = "Nobody invites to a role above their own."


class Invitation(Struct, frozen=True, kw_only=True):
    """An invitation. `user_id` is the account that waits for it, then the one that took it up."""

    id: str
    tenant_id: str
    email: str
    role: Role
    status: Status
    invited_by: str | None
    user_id: str | None
    created_at: datetime
    expires_at: datetime
    accepted_at: datetime | None
    revoked_at: datetime | None


async def make(
    conn: Connection,
    token_hash: bytes,
    *,
    tenant_id: str,
    email: str,
    role: Role,
    invited_by: str,
    user_id: str | None = None,
) -> Invitation:
    """Invite an e-mail; an invitation of it that is open is replaced, and its token with it.

    Raises:
        RoleAbove: the role, or that of the one to replace, is above the caller's.
    """
    query = f"""
        INSERT INTO invitations (tenant_id, email, role, token_hash, invited_by, user_id, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, {_UNTIL})
        ON CONFLICT (tenant_id, email) WHERE {_OPEN} DO UPDATE SET
          role = EXCLUDED.role, token_hash = EXCLUDED.token_hash, invited_by = EXCLUDED.invited_by,
          user_id = EXCLUDED.user_id, expires_at = EXCLUDED.expires_at
        RETURNING {_COLUMNS}
    """
    try:
        row = await conn.fetchrow(query, tenant_id, email, role, token_hash, invited_by, user_id)
    except asyncpg.InsufficientPrivilegeError:
        raise RoleAbove from None
    assert row is not None
    return msgspec.convert(dict(row), Invitation)


async def renew(conn: Connection, token_hash: bytes, *, invitation_id: str) -> Invitation:
    """Give an invitation that was not taken up another token, and its whole time again.

    Raises:
        InvitationNotFound, InvitationUsed, InvitationRevoked, RoleAbove: there is none to renew.
    """
    query = f"""
        UPDATE invitations SET token_hash = $2, expires_at = {_UNTIL}
        WHERE id = $1 AND {_OPEN} RETURNING {_COLUMNS}
    """
    row = await conn.fetchrow(query, invitation_id, token_hash)
    if row is None:
        raise await _why_not(conn, invitation_id)
    return msgspec.convert(dict(row), Invitation)


async def revoke(conn: Connection, invitation_id: str) -> None:
    """Withdraw an invitation, also one that has expired; once more does nothing.

    Raises:
        InvitationNotFound, InvitationUsed, RoleAbove: there is none to withdraw.
    """
    query = f"UPDATE invitations SET revoked_at = now() WHERE id = $1 AND {_OPEN}"
    if await conn.execute(query, invitation_id) == "UPDATE 0":
        reason = await _why_not(conn, invitation_id)
        if not isinstance(reason, InvitationRevoked):
            raise reason


async def hold(conn: Connection, tenant_id: str, user_id: str | None, email: str | None) -> None:
    """Let nobody take up what is open for an account, or an e-mail, until the transaction ends.

    Who takes an invitation up locks it first and the account after it: who changes both does it in that order too.
    """
    query = f"""
        SELECT id FROM invitations
        WHERE tenant_id = $1 AND (user_id = $2 OR email = $3) AND {_OPEN} ORDER BY invitations.id FOR UPDATE
    """
    await conn.fetch(query, tenant_id, user_id, email)


async def revoke_of(conn: Connection, tenant_id: str, email: str) -> None:
    """Withdraw what is open for an e-mail: its account waits no more, or has another e-mail (as an admin)."""
    query = f"UPDATE invitations SET revoked_at = now() WHERE tenant_id = $1 AND email = $2 AND {_OPEN}"
    await conn.execute(query, tenant_id, email)


async def revoke_by(conn: Connection, user_id: str, role: Role | None) -> None:
    """Withdraw what somebody invited to above the role that they have left, or all of it (as an admin)."""
    kept = [each for each in Role if role is not None and PERMISSIONS[each] <= PERMISSIONS[role]]
    await conn.execute(
        f"UPDATE invitations SET revoked_at = now() WHERE invited_by = $1 AND role <> ALL($2) AND {_OPEN}",
        user_id,
        kept,
    )


async def close_for(conn: Connection, tenant_id: str, email: str, user_id: str) -> None:
    """Whoever was invited has an account by another way: what was open for them is closed (in `SIGN_IN`)."""
    await conn.execute(
        f"""
        UPDATE invitations SET revoked_at = now(), user_id = $3
        WHERE tenant_id = $1 AND email = $2 AND user_id IS NULL AND {_OPEN}
        """,
        tenant_id,
        email,
        user_id,
    )


async def is_open(conn: Connection, tenant_id: str, email: str, user_id: str) -> bool:
    """Whether an e-mail was given to somebody else by an invitation that is open (in `SIGN_IN`)."""
    query = f"""
        SELECT EXISTS (
          SELECT FROM invitations
          WHERE tenant_id = $1 AND email = $2 AND user_id IS DISTINCT FROM $3::uuid AND {_OPEN}
            AND expires_at > now()
        )
    """
    return await conn.fetchval(query, tenant_id, email, user_id)


async def by_token(conn: Connection, token_hash: bytes) -> Invitation:
    """The invitation that can be taken up now, which nobody else takes up until the transaction ends (`SIGN_IN`).

    Raises:
        InvitationNotFound, InvitationUsed, InvitationRevoked, InvitationExpired: it cannot.
    """
    row = await conn.fetchrow(f"SELECT {_COLUMNS} FROM invitations WHERE token_hash = $1 FOR UPDATE", token_hash)
    if row is None:
        raise InvitationNotFound
    found = msgspec.convert(dict(row), Invitation)
    if found.status == "expired":
        raise InvitationExpired
    if found.status != "open":
        raise InvitationUsed if found.status == "accepted" else InvitationRevoked
    return found


async def accept(conn: Connection, invitation_id: str, user_id: str) -> None:
    """Mark it as taken up by this account (in `SIGN_IN`)."""
    query = "UPDATE invitations SET accepted_at = now(), user_id = $2 WHERE id = $1"
    await conn.execute(query, invitation_id, user_id)


async def listed(
    conn: Connection, tenant_id: str, *, before: str | None = None, limit: int = 20
) -> list[Invitation]:
    """A page of the tenant's invitations, newest first, older than the one with the id `before` (to staff)."""
    rows = await conn.fetch(
        f"""
        SELECT {_COLUMNS} FROM invitations
        WHERE tenant_id = $1 AND ($2::uuid IS NULL OR id < $2) ORDER BY invitations.id DESC LIMIT $3
        """,
        tenant_id,
        before,
        limit,
    )
    return [msgspec.convert(dict(row), Invitation) for row in rows]


async def count(conn: Connection, tenant_id: str) -> int:
    """How many invitations the tenant has (to staff)."""
    return await conn.fetchval("SELECT count(*) FROM invitations WHERE tenant_id = $1", tenant_id)


async def _why_not(conn: Connection, invitation_id: str) -> GangwayError:
    """Why an invitation could not be changed. One that is open is a role's that the caller must not give."""
    row = await conn.fetchrow(f"SELECT {_COLUMNS} FROM invitations WHERE id = $1", invitation_id)
    match row and row["status"]:
        case None:
            return InvitationNotFound()
        case "accepted":
            return InvitationUsed()
        case "revoked":
            return InvitationRevoked()
        case _:
            return RoleAbove()


async def purge(conn: Connection, limit: int = 5000) -> int:
    """Drop some invitations that came to nothing long ago, of the sweeper's tenant; returns how many."""
    status = await conn.execute(
        """
        DELETE FROM invitations WHERE id IN (
          SELECT id FROM invitations
          WHERE accepted_at IS NULL AND expires_at < now() - interval '90 days' LIMIT $1
        )
        """,
        limit,
    )
    return rows_of(status)
