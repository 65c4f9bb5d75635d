"""Where I am signed in: `/auth/sessions`."""

from datetime import datetime
from uuid import UUID

from litestar import Controller, delete, get
from litestar.params import FromPath
from msgspec import UNSET, Struct
from msgspec.structs import replace

from api.deps import SignedIn, WithDeps
from api.paging import DEFAULT_LIMIT, Cursor, Limit, Page, WithTotal, page_of, read_id_cursor
from api.problems import Code, ProblemError
from db import runs, sessions


class SessionOut(Struct, frozen=True, kw_only=True):
    """A place where somebody signed in; `current` is the one that asks."""

    id: str
    current: bool
    user_agent: str | None
    address: str | None
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime


class SessionsController(Controller):
    """A person's own sessions."""

    path = "/auth/sessions"
    tags = ("auth",)

    @get("/")
    async def listed(
        self,
        deps: WithDeps,
        principal: SignedIn,
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
        with_total: WithTotal = False,
    ) -> Page[SessionOut]:
        """Where I am signed in, newest first."""
        caller = principal.caller
        before = read_id_cursor(cursor)
        async with deps.database.transaction(caller) as connection:
            found = await sessions.listed(connection, caller.user_id, before=before, limit=limit + 1)
            total = await sessions.count(connection, caller.user_id) if with_total else UNSET
        shown = [_shown(each, principal.token.session_id) for each in found]
        return replace(page_of(shown, limit, lambda each: each.id), total=total)

    @delete("/{session_id:uuid}")
    async def end(self, session_id: FromPath[UUID], deps: WithDeps, principal: SignedIn) -> None:
        """End one: its tokens are refused from the next request on."""
        async with deps.database.transaction(principal.caller) as connection:
            ended = await sessions.end(connection, str(session_id), "ended")
            await runs.wake(connection, principal.caller.user_id)
        if not ended:
            raise ProblemError(404, Code.NOT_FOUND, "There is no such session.")


def _shown(session: sessions.Session, current: str | None) -> SessionOut:
    return SessionOut(
        id=session.id,
        current=session.id == current,
        user_agent=session.user_agent,
        address=session.address,
        created_at=session.created_at,
        last_used_at=session.rotated_at,
        expires_at=session.expires_at,
    )
