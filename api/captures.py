"""Capture sessions, `/capture/sessions`: the desktop opens one, and shows the phone the link to it."""

import io
import re
import uuid
from typing import Any

import segno
import structlog
from litestar import Controller, Request, Response, delete, get, post
from litestar.background_tasks import BackgroundTask
from litestar.params import FromPath, JSONBody
from uuid_utils.compat import uuid7

from api.capture_shapes import OpenBody, OpenedOut, SessionOut, session_fields
from api.deps import Deps, SignedIn, WithDeps
from api.mailing import digest_of, new_token
from api.phones import session_of
from db import capture_sessions, runs
from db.capture_sessions import CaptureSession, SessionNotFound
from onboarding.errors import GangwayError, RunNotFound
from onboarding.payloads import CaptureOrder
from runtime.settings import Settings

log = structlog.get_logger()

_HOST = re.compile(r"([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?", re.ASCII)


class CaptureSessionsController(Controller):
    """One's own sessions. A phone may read the one that it is for."""

    path = "/capture/sessions"
    tags = ("capture",)

    @post("/", status_code=201)
    async def open(
        self,
        deps: WithDeps,
        principal: SignedIn,
        request: Request[Any, Any, Any],
        data: JSONBody[OpenBody | None] = None,
    ) -> Response[OpenedOut]:
        """Open a session. The links for the phone, and the picture of one, are told in this answer alone."""
        asked, caller, token = data or OpenBody(), principal.caller, new_token()
        async with deps.database.transaction(caller) as connection:
            if asked.run_id and await runs.stored(connection, asked.run_id, caller.user_id) is None:
                raise RunNotFound
            session = await capture_sessions.begin(
                connection,
                session_id=str(uuid7()),
                tenant_id=caller.tenant_id,
                user_id=caller.user_id,
                run_id=asked.run_id,
                kinds=asked.kinds,
                token_hash=digest_of(token),
                ttl_seconds=deps.settings.capture_session_ttl_seconds,
            )
        return Response(
            _opened(request, deps.settings, session, token),
            status_code=201,
            background=BackgroundTask(_see_to, deps, session),
        )

    @get("/current")
    async def current(self, deps: WithDeps, principal: SignedIn) -> SessionOut:
        """The newest of one's active sessions, to go on with after a reload."""
        async with deps.database.transaction(principal.caller) as connection:
            session = await capture_sessions.current(connection, principal.caller.user_id)
        return _out(deps, session)

    @get("/{capture_id:uuid}", opt={"phone": True})
    async def read(
        self, capture_id: FromPath[uuid.UUID], deps: WithDeps, principal: SignedIn, request: Request[Any, Any, Any]
    ) -> SessionOut:
        """A session, also one that has ended: `status` says so."""
        session_id = allowed(request, capture_id)
        async with deps.database.transaction(principal.caller) as connection:
            session = await capture_sessions.read(connection, session_id, principal.caller.user_id)
        return _out(deps, session)

    @post("/{capture_id:uuid}/renew", status_code=200)
    async def renew(self, capture_id: FromPath[uuid.UUID], deps: WithDeps, principal: SignedIn) -> SessionOut:
        """Let an active session last as long as a new one would, up to its end."""
        async with deps.database.transaction(principal.caller) as connection:
            session = await capture_sessions.renew(connection, str(capture_id), principal.caller.user_id)
        return _out(deps, session)

    @post("/{capture_id:uuid}/rotate-token", status_code=200)
    async def rotate(
        self, capture_id: FromPath[uuid.UUID], deps: WithDeps, principal: SignedIn, request: Request[Any, Any, Any]
    ) -> OpenedOut:
        """New links, told this once; a phone with the one before is refused from now on."""
        token = new_token()
        async with deps.database.transaction(principal.caller) as connection:
            session = await capture_sessions.renew(
                connection, str(capture_id), principal.caller.user_id, digest_of(token)
            )
        return _opened(request, deps.settings, session, token)

    @delete("/{capture_id:uuid}", status_code=204)
    async def close(self, capture_id: FromPath[uuid.UUID], deps: WithDeps, principal: SignedIn) -> Response[None]:
        """Close a session: nothing more is captured in it. What was stays in the review list."""
        async with deps.database.transaction(principal.caller) as connection:
            closed = await capture_sessions.close(connection, str(capture_id), principal.caller.user_id)
        return Response(
            None, status_code=204, background=BackgroundTask(_see_to, deps, closed) if closed else None
        )


def allowed(request: Request[Any, Any, Any], session_id: uuid.UUID) -> str:
    """The session that is asked for, unless a phone asks for another than its own.

    Raises:
        SessionNotFound: it does.
    """
    if session_of(request) not in (None, str(session_id)):
        raise SessionNotFound
    return str(session_id)


async def _see_to(deps: Deps, session: CaptureSession) -> None:
    """After the answer, which does not depend on it: what is missed here, the schedule makes good."""
    order = CaptureOrder(tenant_id=session.tenant_id, user_id=session.user_id, session_id=session.id)
    try:
        await deps.gateway.see_to_capture(order)
    except GangwayError as error:
        log.warning("the end of a capture session waits", session_id=session.id, why=error.code)


def _out(deps: Deps, session: CaptureSession) -> SessionOut:
    return SessionOut(**session_fields(session, deps.settings.image_max_bytes))


def _opened(request: Request[Any, Any, Any], settings: Settings, session: CaptureSession, token: str) -> OpenedOut:
    page = f"{_origin(request, settings)}/capture/{session.id}"
    links = {kind: f"{page}?kind={kind}#{token}" for kind in sorted(session.kinds)}
    return OpenedOut(
        **session_fields(session, settings.image_max_bytes),
        mobile_barcode_url=links.get("barcode"),
        mobile_photo_url=links.get("photo"),
        qr_svg=_drawn(next(iter(links.values()))),
    )


def _origin(request: Request[Any, Any, Any], settings: Settings) -> str:
    """Where whoever asks has found this process, which serves the phone's page as well."""
    host = request.headers.get("host", "")
    if not _HOST.fullmatch(host):
        host = f"{settings.host}:{settings.port}"
    return f"{request.scope['scheme']}://{host}"


def _drawn(link: str) -> str:
    """A QR code of it, with the margin that readers need. It takes 10 ms."""
    picture = io.BytesIO()
    segno.make_qr(link, error="m").save(picture, kind="svg", scale=4, border=4, xmldecl=False)
    return picture.getvalue().decode()
