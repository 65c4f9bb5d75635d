"""Logs: one JSON object a line on stderr, with the request's id; never an answer, a token or an address."""

import logging
import sys

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from runtime.context import current_request


def configure_logging(level: str) -> None:
    """Send structlog and the standard library's loggers through the same JSON renderer."""
    shared: list[Processor] = [
        _with_request,
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for noisy in ("httpx", "httpcore", "botocore", "urllib3", "uvicorn.access"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def _with_request(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    context = current_request.get()
    if context is not None:
        event["request_id"] = context.request_id
    return event
