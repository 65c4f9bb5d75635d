"""Changes of a profile that an agent proposed, and what the person made of them."""

from datetime import datetime
from typing import Any, Literal

import msgspec
from msgspec import Struct

from db.pool import Connection

_COLUMNS = "id::text, flow, answers, status, created_at, decided_at"


class StoredProposal(Struct, frozen=True, kw_only=True):
    """New answers by state key, which count once they are confirmed."""

    id: str
    flow: str
    answers: dict[str, dict[str, Any]]
    status: Literal["open", "confirmed", "declined"]
    created_at: datetime
    decided_at: datetime | None


async def add(conn: Connection, *, id: str, flow: str, answers: dict[str, dict[str, Any]]) -> None:
    """Keep a proposal to the caller."""
    await conn.execute(
        "INSERT INTO profile_proposals (id, flow, answers) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING",
        id,
        flow,
        answers,
    )


async def hold(conn: Connection, proposal_id: str) -> StoredProposal | None:
    """The caller's proposal, which nobody else decides on until the transaction ends."""
    row = await conn.fetchrow(
        f"SELECT {_COLUMNS} FROM profile_proposals WHERE id = $1 AND user_id = app_user() FOR UPDATE", proposal_id
    )
    return msgspec.convert(dict(row), StoredProposal) if row else None


async def decide(conn: Connection, proposal_id: str, status: Literal["confirmed", "declined"]) -> None:
    """Write down what the person decided."""
    await conn.execute(
        """
        UPDATE profile_proposals SET status = $2, decided_at = now()
        WHERE id = $1 AND user_id = app_user() AND status = 'open'
        """,
        proposal_id,
        status,
    )
