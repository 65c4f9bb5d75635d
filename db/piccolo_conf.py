"""Where Piccolo finds its engine: the one that the running migration works on."""

from contextvars import ContextVar
from typing import Any

from piccolo.engine.base import Engine

MIGRATING: ContextVar[Engine[Any]] = ContextVar("MIGRATING")


def __getattr__(name: str) -> object:
    if name == "DB":
        return MIGRATING.get()
    raise AttributeError(name)
