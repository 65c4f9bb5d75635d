"""Server-sent events: a run's changes as they happen, from any device or channel."""

from uuid import UUID

from litestar import Controller, Response, get
from litestar.openapi import ResponseSpec
from litestar.response import ServerSentEvent, ServerSentEventMessage
from msgspec import Struct
from msgspec.structs import replace

from api.chat_shapes import ChatMessageOut, message_out
from api.commands import current_run
from api.deps import Deps, Principal, SignedIn, WithDeps
from api.parameters import FlowQuery, LastEventId
from api.streams import Told, follow, message_of, room_for_one
from db import messages, runs
from db.tenant import CallerChanged
from onboarding.payloads import Run, Status
from onboarding.progress import Progress, progress

MISSED_AT_MOST = 100


class Snapshot(Struct, frozen=True, kw_only=True):
    """`STATE_SNAPSHOT`: the whole progress."""

    progress: Progress


class Delta(Struct, frozen=True, kw_only=True):
    """`STATE_DELTA`: one event, and the progress after the latest one."""

    kind: str
    state: int | None
    version: int
    progress: Progress


class StaffText(Struct, frozen=True, kw_only=True):
    """`STAFF_MESSAGE`: what somebody of the staff says in the agent's place."""

    message: ChatMessageOut


class News(Struct, frozen=True, kw_only=True):
    """What a run has new."""

    run: Run
    events: list[runs.StoredEvent]
    said: list[messages.ChatMessage]

    @property
    def last(self) -> str | None:
        """The last message of the staff."""
        return self.said[-1].id if self.said else None


class Place(Struct, frozen=True, kw_only=True):
    """How far somebody has seen a run: the event's number, and the last message of the staff that they `heard`.

    Who has heard none hears those that came after the event `since`.
    """

    seq: int
    since: int
    said: str | None = None
    heard: bool = False


class LiveController(Controller):
    """The stream of a run."""

    path = "/onboarding"
    tags = ("onboarding",)

    @get(
        "/events",
        media_type="text/event-stream",
        responses={204: ResponseSpec(None, description="The end of the run was seen: do not ask again.")},
    )
    async def events(
        self,
        deps: WithDeps,
        principal: SignedIn,
        flow: FlowQuery = None,
        last_event_id: LastEventId = None,
    ) -> ServerSentEvent | Response[None]:
        """A snapshot, or what was missed since `Last-Event-ID`; then each change, less than a second late.

        Beside `STATE_SNAPSHOT` and `STATE_DELTA` there is `STAFF_MESSAGE`, when staff speak in the agent's place.

        The stream ends with the run, with the access token, when the person is signed out or made inactive, and
        when the server stops. Who has seen the end of a run and comes back gets 204: a browser stops asking then.
        """
        run = await current_run(deps, principal, flow)
        room_for_one(deps.listener, run.id, "run")
        seen = _seen(last_event_id, run)
        if run.status is not Status.IN_PROGRESS and seen and seen.seq == run.seq:
            return Response(None, status_code=204)
        known = seen and run.seq - MISSED_AT_MOST <= seen.seq <= run.seq
        view = _View(deps, principal, run, seen)
        return ServerSentEvent(
            follow(deps.listener, principal, run.id, view.news, first=None if known else view.snapshot)
        )


class _View:
    """A run as one client has seen it so far."""

    def __init__(self, deps: Deps, principal: Principal, run: Run, seen: Place | None) -> None:
        """Whoever has seen nothing begins at the run's latest event."""
        self._deps = deps
        self._principal = principal
        self._run = run
        self._fresh = seen is None
        self._place = seen or Place(seq=run.seq, since=run.seq)

    async def snapshot(self) -> Told | None:
        """The whole progress; of what was said, what comes after."""
        news = await self._look()
        if news is None:
            return None
        self._run = news.run
        self._place = replace(self._place, seq=news.run.seq)
        if self._fresh:
            self._place = Place(seq=news.run.seq, since=news.run.seq, said=news.last)
        message = self._message("STATE_SNAPSHOT", Snapshot(progress=progress(news.run)))
        return Told(messages=[message], end=self._has_ended)

    async def news(self) -> Told | None:
        """Each event, and each message of the staff, since the last look."""
        news = await self._look()
        if news is None:
            return None
        self._run = news.run
        told = [self._delta(event) for event in news.events] + [self._heard(said) for said in news.said]
        more = MISSED_AT_MOST in (len(news.events), len(news.said))
        return Told(messages=told, more=more, end=self._has_ended)

    @property
    def _has_ended(self) -> bool:
        return self._run.status is not Status.IN_PROGRESS

    def _delta(self, event: runs.StoredEvent) -> ServerSentEventMessage:
        self._place = replace(self._place, seq=event.seq)
        delta = Delta(kind=event.kind, state=event.state, version=event.version, progress=progress(self._run))
        return self._message("STATE_DELTA", delta)

    def _heard(self, said: messages.ChatMessage) -> ServerSentEventMessage:
        self._place = replace(self._place, said=said.id, heard=True)
        return self._message("STAFF_MESSAGE", StaffText(message=message_out(said)))

    def _message(self, event: str, data: Struct) -> ServerSentEventMessage:
        id = f"{self._run.id}:{self._place.seq}"
        return message_of(event, f"{id}:{self._place.said}" if self._place.heard else id, data)

    async def _look(self) -> News | None:
        """The run and what it has new; None for who would not be let in any more."""
        run, place = self._run, self._place
        try:
            async with self._deps.database.transaction(self._principal.caller) as connection:
                now = await runs.get(connection, run.id) or run
                events = await runs.events(connection, run.id, after=place.seq, limit=MISSED_AT_MOST)
                said = await messages.from_staff(
                    connection, run.id, after=place.said, since=place.since, limit=MISSED_AT_MOST
                )
                return News(run=now, events=events, said=said)
        except CallerChanged:
            return None


def _seen(last_event_id: str | None, run: Run) -> Place | None:
    """What the client has seen of this very run."""
    run_id, _, rest = (last_event_id or "").partition(":")
    seq, _, said = rest.partition(":")
    if run_id != run.id or not seq.isdecimal() or len(seq) >= 19:
        return None
    try:
        # Rather twice than never: what was said at the moment of that event may not have been seen.
        since = max(int(seq) - 1, 1)
        return Place(seq=int(seq), since=since, said=str(UUID(said)) if said else None, heard=bool(said))
    except ValueError:
        return None
