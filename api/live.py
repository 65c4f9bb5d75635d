"""Server-sent events: a run's changes as they happen, from any device or channel."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
from litestar import Controller, Response, get
from litestar.openapi import ResponseSpec
from litestar.response import ServerSentEvent, ServerSentEventMessage
from msgspec import Struct
from msgspec.structs import replace

from api.chat_shapes import ChatMessageOut, message_out
from api.commands import current_run
from api.deps import Deps, Principal, SignedIn, WithDeps
from api.parameters import FlowQuery, LastEventId
from api.problems import Code, ProblemError
from api.verifier import LEEWAY_SECONDS
from db import messages, runs
from db.pool import DatabaseUnavailable
from db.tenant import CallerChanged
from onboarding.payloads import Run, Status
from onboarding.progress import Progress, progress

HEARTBEAT_SECONDS = 15
MISSED_AT_MOST = 100

STREAMS_AT_MOST = 20
"""Of one run in one process: the tabs and devices of one person, not a way to use up connections."""


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
        if deps.listener.subscribers(run.id) >= STREAMS_AT_MOST:
            headers = {"Retry-After": str(HEARTBEAT_SECONDS)}
            raise ProblemError(429, Code.RATE_LIMITED, "Too many streams of this run are open.", headers=headers)
        seen = _seen(last_event_id, run)
        if run.status is not Status.IN_PROGRESS and seen and seen.seq == run.seq:
            return Response(None, status_code=204)
        return ServerSentEvent(_stream(deps, principal, run, seen))


async def _stream(
    deps: Deps, principal: Principal, run: Run, seen: Place | None
) -> AsyncGenerator[ServerSentEventMessage]:
    """Subscribed before the first look, so that no change falls between the two."""
    ends_at = principal.expires_at + timedelta(seconds=LEEWAY_SECONDS)
    async with deps.listener.subscribe(run.id) as changed:
        if deps.listener.subscribers(run.id) > STREAMS_AT_MOST:
            return  # They were asked for at once: each was told yes before the others had begun.
        if seen is None or not run.seq - MISSED_AT_MOST <= seen.seq <= run.seq:
            news = await _since(deps, principal, run, seen or Place(seq=run.seq, since=run.seq))
            if news is None:
                return
            run = news.run
            place = replace(seen, seq=run.seq) if seen else Place(seq=run.seq, since=run.seq, said=news.last)
            yield _message("STATE_SNAPSHOT", run.id, place, Snapshot(progress=progress(run)))
            if run.status is not Status.IN_PROGRESS:
                return
        else:
            place = seen
        changed.set()
        while (left := (ends_at - datetime.now(UTC)).total_seconds()) > 0:
            try:
                async with asyncio.timeout(min(HEARTBEAT_SECONDS, left)):
                    await changed.wait()
            except TimeoutError:
                yield ServerSentEventMessage(data=None, comment="heartbeat")
            if deps.listener.dismissed:
                return
            changed.clear()
            try:
                news = await _since(deps, principal, run, place)
            except DatabaseUnavailable:
                # The listener wakes everybody when the database is back.
                continue
            if news is None:
                return
            run = news.run
            for event in news.events:
                delta = Delta(kind=event.kind, state=event.state, version=event.version, progress=progress(run))
                place = replace(place, seq=event.seq)
                yield _message("STATE_DELTA", run.id, place, delta)
            for said in news.said:
                place = replace(place, said=said.id, heard=True)
                yield _message("STAFF_MESSAGE", run.id, place, StaffText(message=message_out(said)))
            if MISSED_AT_MOST in (len(news.events), len(news.said)):
                changed.set()
            elif run.status is not Status.IN_PROGRESS:
                return


async def _since(deps: Deps, principal: Principal, run: Run, place: Place) -> News | None:
    """The run and what it has new; None for who would not be let in any more."""
    try:
        async with deps.database.transaction(principal.caller) as connection:
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


def _message(event: str, run_id: str, place: Place, data: Struct) -> ServerSentEventMessage:
    id = f"{run_id}:{place.seq}:{place.said}" if place.heard else f"{run_id}:{place.seq}"
    return ServerSentEventMessage(event=event, id=id, data=msgspec.json.encode(data).decode())
