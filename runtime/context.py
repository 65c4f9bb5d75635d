"""The request that the running code serves, carried from the API into workflow and activity."""

from contextvars import ContextVar

from msgspec import Struct


class RequestContext(Struct, frozen=True, kw_only=True):
    """What follows a request through every process: its id, and the W3C `traceparent` if it came with one."""

    request_id: str
    traceparent: str | None = None


current_request: ContextVar[RequestContext | None] = ContextVar("current_request", default=None)
