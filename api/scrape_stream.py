"""Server-sent events of a scrape job: its results as they come."""

from litestar import Response
from litestar.exceptions import NotFoundException
from litestar.response import ServerSentEvent, ServerSentEventMessage
from msgspec import Struct

from api.deps import Deps, Principal
from api.scrape_shapes import ScrapeProgress, job_out, progress_out
from api.streams import Told, follow, message_of, room_for_one
from db import scrapes
from db.scrapes import Job, Result
from db.tenant import CallerChanged


class State(Struct, frozen=True, kw_only=True):
    """A job as it was read."""

    job: Job
    results: list[Result]


async def opened(
    deps: Deps, principal: Principal, job_id: str, last_event_id: str | None
) -> ServerSentEvent | Response[None]:
    """The stream, or 204 for who has seen the end.

    Raises:
        NotFoundException: there is no such job.
        ProblemError: 429 when too many are open.
    """
    state = await _read(deps, principal, job_id)
    if state is None:
        raise NotFoundException
    room_for_one(deps.listener, job_id, "job")
    seen = _seen(last_event_id, state.job)
    if seen is not None and seen == state.job.version and not state.job.is_open:
        return Response(None, status_code=204)
    return ServerSentEvent(follow(deps.listener, principal, job_id, _View(deps, principal, job_id, seen).news))


class _View:
    """A job as one client has seen it so far."""

    def __init__(self, deps: Deps, principal: Principal, job_id: str, seen: int | None) -> None:
        """Whoever has seen nothing gets a snapshot."""
        self._deps = deps
        self._principal = principal
        self._job_id = job_id
        self._seen = seen

    async def news(self) -> Told | None:
        """The whole job, or what came since the last look."""
        state = await _read(self._deps, self._principal, self._job_id)
        if state is None:
            return None
        seen, self._seen = self._seen, state.job.version
        return Told(messages=_messages(state, seen), end=not state.job.is_open)


def _messages(state: State, seen: int | None) -> list[ServerSentEventMessage]:
    if seen is None:
        return [_message("JOB_SNAPSHOT", state.job, job_out(state.job, state.results))]
    if state.job.version > seen:
        return [_message("JOB_PROGRESS", state.job, progress_out(state.job, state.results, seen))]
    return []


async def _read(deps: Deps, principal: Principal, job_id: str) -> State | None:
    """The job; None when there is none, or for who would not be let in any more."""
    user_id = principal.caller.user_id
    try:
        async with deps.database.transaction(principal.caller) as connection:
            job = await scrapes.find(connection, job_id, user_id)
            if job is None:
                return None
            found = await scrapes.results(connection, job_id, user_id)
            # What came between the two looks is news of the next.
            return State(job=job, results=[each for each in found if each.version <= job.version])
    except CallerChanged:
        return None


def _seen(last_event_id: str | None, job: Job) -> int | None:
    """The change of this very job that the client has seen."""
    job_id, _, version = (last_event_id or "").partition(":")
    if job_id != job.id or not version.isdecimal() or len(version) > 9:
        return None
    return int(version) if int(version) <= job.version else None


def _message(event: str, job: Job, data: ScrapeProgress) -> ServerSentEventMessage:
    return message_of(event, f"{job.id}:{job.version}", data)
