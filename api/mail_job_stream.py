"""Server-sent events of an import of order mails: how far it is."""

from litestar import Response
from litestar.exceptions import NotFoundException
from litestar.response import ServerSentEvent, ServerSentEventMessage

from api.deps import Deps, Principal
from api.mail_job_shapes import import_out
from api.streams import Told, follow, message_of, room_for_one
from db import mail_jobs
from db.mail_jobs import Job
from db.tenant import CallerChanged


async def opened(
    deps: Deps, principal: Principal, connection_id: str, job_id: str, last_event_id: str | None
) -> ServerSentEvent | Response[None]:
    """The stream, or 204 for who has seen the end.

    Raises:
        NotFoundException: there is no such import.
        ProblemError: 429 when too many are open.
    """
    view = _View(deps, principal, connection_id, job_id)
    job = await view.read()
    if job is None:
        raise NotFoundException
    room_for_one(deps.listener, job_id, "import")
    view.seen = _seen(last_event_id, job)
    if view.seen == job.version and not job.is_open:
        return Response(None, status_code=204)
    return ServerSentEvent(follow(deps.listener, principal, job_id, view.news))


class _View:
    """An import as one client has seen it so far."""

    def __init__(self, deps: Deps, principal: Principal, connection_id: str, job_id: str) -> None:
        """Nothing was seen."""
        self._deps = deps
        self._principal = principal
        self._connection_id = connection_id
        self._job_id = job_id
        self.seen: int | None = None

    async def news(self) -> Told | None:
        """Where it stands, if that is news."""
        job = await self.read()
        if job is None:
            return None
        seen, self.seen = self.seen, job.version
        return Told(messages=_messages(job, seen), end=not job.is_open)

    async def read(self) -> Job | None:
        """The import; None when there is none, or for who would not be let in any more."""
        caller = self._principal.caller
        try:
            async with self._deps.database.transaction(caller) as connection:
                return await mail_jobs.find(
                    connection, self._job_id, self._connection_id, caller.user_id, "orders"
                )
        except CallerChanged:
            return None


def _messages(job: Job, seen: int | None) -> list[ServerSentEventMessage]:
    if seen is not None and job.version <= seen:
        return []
    event = "JOB_SNAPSHOT" if seen is None else "JOB_PROGRESS"
    return [message_of(event, f"{job.id}:{job.version}", import_out(job))]


def _seen(last_event_id: str | None, job: Job) -> int | None:
    """The change of this very import that the client has seen."""
    job_id, _, version = (last_event_id or "").partition(":")
    if job_id != job.id or not version.isdecimal() or len(version) > 9:
        return None
    return int(version) if int(version) <= job.version else None
