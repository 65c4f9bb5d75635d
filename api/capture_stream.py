"""Server-sent events of a capture session: what the phone scans, on the desktop at once."""

from typing import Any
from uuid import UUID

from litestar import Controller, Request, get
from litestar.params import FromPath
from litestar.response import ServerSentEvent, ServerSentEventMessage
from msgspec import Struct

from api.capture_items import Since
from api.capture_shapes import CaptureItemOut, SessionOut, item_out, session_fields
from api.captures import allowed
from api.deps import Deps, Principal, SignedIn, WithDeps
from api.parameters import LastEventId
from api.streams import Told, follow, message_of, room_for_one
from db import capture_lists, capture_sessions
from db.capture_sessions import CaptureSession, SessionEnded, SessionNotFound
from db.captures import BARCODES_AT_MOST, PHOTOS_AT_MOST, CaptureItem
from db.tenant import CallerChanged

AT_ONCE = 100
"""Items that are read at a time."""

MISSED_AT_MOST = 1000
"""Changes; who missed more gets a snapshot."""

ITEMS_AT_MOST = BARCODES_AT_MOST + PHOTOS_AT_MOST


class CaptureSnapshot(Struct, frozen=True, kw_only=True):
    """`snapshot`: the session with all items that there are, newest first."""

    session: SessionOut
    items: list[CaptureItemOut]


class News(Struct, frozen=True, kw_only=True):
    """A session, and of its items those that changed; `more` when there are others."""

    session: CaptureSession
    items: list[CaptureItem]
    more: bool = False


class CaptureStreamController(Controller):
    """The stream of a session."""

    path = "/capture/sessions/{capture_id:uuid}"
    tags = ("capture",)

    @get("/stream", media_type="text/event-stream", opt={"phone": True})
    async def stream(
        self,
        capture_id: FromPath[UUID],
        deps: WithDeps,
        principal: SignedIn,
        request: Request[Any, Any, Any],
        since: Since = None,
        last_event_id: LastEventId = None,
    ) -> ServerSentEvent:
        """A `snapshot`, or what was missed since `Last-Event-ID`; then each change, less than a second late.

        `item` is one that was added or changed, `item_deleted` one that is gone, `session` the session with its
        counts after them. An event's id is the number of its change, which `since` takes as well. The stream ends
        with the session, with the token, and when the server stops.
        """
        session_id = allowed(request, capture_id)
        async with deps.database.transaction(principal.caller) as connection:
            session = await capture_sessions.read(connection, session_id, principal.caller.user_id)
        if not session.active:
            raise SessionEnded
        room_for_one(deps.listener, session_id, "session")
        seen = _number(last_event_id) if last_event_id else since
        known = seen is not None and session.version - MISSED_AT_MOST <= seen <= session.version
        view = _View(deps, principal, session_id, seen if known else None)
        return ServerSentEvent(follow(deps.listener, principal, session_id, view.news))


class _View:
    """A session as one client has seen it so far."""

    def __init__(self, deps: Deps, principal: Principal, session_id: str, seen: int | None) -> None:
        """Whoever has seen nothing gets a snapshot."""
        self._deps = deps
        self._principal = principal
        self._session_id = session_id
        self._seen = seen

    async def news(self) -> Told | None:
        """The whole session, or what changed since the last look."""
        news = await _since(self._deps, self._principal, self._session_id, self._seen)
        if news is None:
            return None
        told = _messages(self._deps, news, self._seen)
        self._seen = max(self._seen or 0, *(each.version for each in news.items), 0)
        if not news.more and news.session.active:
            self._seen = max(self._seen, news.session.version)
        return Told(messages=told, more=news.more, end=not news.session.active)


def _messages(deps: Deps, news: News, seen: int | None) -> list[ServerSentEventMessage]:
    """What is said of it. The session is read before its items: all up to its number are among them."""
    session = SessionOut(**session_fields(news.session, deps.settings.image_max_bytes))
    if seen is None:
        snapshot = CaptureSnapshot(session=session, items=[item_out(each) for each in news.items])
        return [_message("snapshot", news.session.version, snapshot)]
    told = [
        _message("item_deleted" if each.deleted_at else "item", each.version, item_out(each))
        for each in news.items
    ]
    is_news = news.session.version > seen or not news.session.active
    if is_news and not news.more:
        last = max(news.session.version, *(each.version for each in news.items), 0)
        told.append(_message("session", last, session))
    return told


async def _since(deps: Deps, principal: Principal, session_id: str, seen: int | None) -> News | None:
    """What there is, or what is new; None for who would not be let in any more."""
    person = principal.caller.user_id
    try:
        async with deps.database.transaction(principal.caller) as connection:
            session = await capture_sessions.read(connection, session_id, person)
            if seen is None:
                items = await capture_lists.listed(connection, session_id, person, limit=ITEMS_AT_MOST)
                return News(session=session, items=items)
            items = await capture_lists.changed(connection, session_id, person, since=seen, limit=AT_ONCE)
            return News(session=session, items=items, more=len(items) == AT_ONCE)
    except (CallerChanged, SessionNotFound):
        return None


def _number(last_event_id: str) -> int | None:
    return int(last_event_id) if last_event_id.isdecimal() and len(last_event_id) < 10 else None


def _message(event: str, number: int, data: Struct) -> ServerSentEventMessage:
    return message_of(event, str(number), data)
