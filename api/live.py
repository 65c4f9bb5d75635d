"""Server-sent events: a run's changes as they happen, from any device or channel."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta

import msgspec
from litestar import Controller, Response, get
from litestar.openapi import ResponseSpec
from litestar.response import ServerSentEvent, ServerSentEventMessage
from msgspec import Struct

from api.commands import current_run
from api.deps import Deps, Principal, SignedIn, WithDeps
from api.parameters import FlowQuery, LastEventId
from api.problems import Code, ProblemError
from api.verifier import LEEWAY_SECONDS
from db import runs
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

        The stream ends with the run, with the access token, when the person is signed out or made inactive, and
        when the server stops. Who has seen the end of a run and comes back gets 204: a browser stops asking then.
        """
        run = await current_run(deps, principal, flow)
        if deps.listener.subscribers(run.id) >= STREAMS_AT_MOST:
            headers = {"Retry-After": str(HEARTBEAT_SECONDS)}
            raise ProblemError(429, Code.RATE_LIMITED, "Too many streams of this run are open.", headers=headers)
        seen = _seen(last_event_id, run)
        if run.status is not Status.IN_PROGRESS and seen == run.seq:
            return Response(None, status_code=204)
        return ServerSentEvent(_stream(deps, principal, run, seen))


async def _stream(
    deps: Deps, principal: Principal, run: Run, seen: int | None
) -> AsyncGenerator[ServerSentEventMessage]:
    """Subscribed before the first look, so that no change falls between the two."""
    ends_at = principal.expires_at + timedelta(seconds=LEEWAY_SECONDS)
    async with deps.listener.subscribe(run.id) as changed:
        if deps.listener.subscribers(run.id) > STREAMS_AT_MOST:
            return  # They were asked for at once: each was told yes before the others had begun.
        if seen is None or not run.seq - MISSED_AT_MOST <= seen <= run.seq:
            news = await _since(deps, principal, run, run.seq)
            if news is None:
                return
            run = news[0]
            seen = run.seq
            yield _message("STATE_SNAPSHOT", run.id, seen, Snapshot(progress=progress(run)))
            if run.status is not Status.IN_PROGRESS:
                return
        else:
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
                news = await _since(deps, principal, run, seen)
            except DatabaseUnavailable:
                # The listener wakes everybody when the database is back.
                continue
            if news is None:
                return
            run, missed = news
            for event in missed:
                delta = Delta(kind=event.kind, state=event.state, version=event.version, progress=progress(run))
                yield _message("STATE_DELTA", run.id, event.seq, delta)
                seen = event.seq
            if len(missed) == MISSED_AT_MOST:
                changed.set()
            elif run.status is not Status.IN_PROGRESS:
                return


async def _since(
    deps: Deps, principal: Principal, run: Run, seen: int
) -> tuple[Run, list[runs.StoredEvent]] | None:
    """The run and what it has new; None for who would not be let in any more."""
    try:
        async with deps.database.transaction(principal.caller) as connection:
            now = await runs.get(connection, run.id) or run
            return now, await runs.events(connection, run.id, after=seen, limit=MISSED_AT_MOST)
    except CallerChanged:
        return None


def _seen(last_event_id: str | None, run: Run) -> int | None:
    """The `seq` that the client has seen of this very run."""
    run_id, _, seq = (last_event_id or "").rpartition(":")
    return int(seq) if run_id == run.id and seq.isdecimal() and len(seq) < 19 else None


def _message(event: str, run_id: str, seq: int, data: Struct) -> ServerSentEventMessage:
    return ServerSentEventMessage(event=event, id=f"{run_id}:{seq}", data=msgspec.json.encode(data).decode())
