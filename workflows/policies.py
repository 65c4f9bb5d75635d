"""Named time-outs and retries of activities."""

from datetime import timedelta
from typing import TypedDict

from temporalio.common import RetryPolicy


class Policy(TypedDict, total=False):
    """The options of `workflow.execute_activity_method` that a policy sets."""

    start_to_close_timeout: timedelta
    schedule_to_close_timeout: timedelta
    heartbeat_timeout: timedelta
    retry_policy: RetryPolicy


_BACK_OFF = RetryPolicy(initial_interval=timedelta(milliseconds=500), maximum_interval=timedelta(seconds=30))

UNTIL_DONE: Policy = {"start_to_close_timeout": timedelta(seconds=15), "retry_policy": _BACK_OFF}
"""A short write that must happen, however long the database is away."""

WITHIN_AN_HOUR: Policy = {**UNTIL_DONE, "schedule_to_close_timeout": timedelta(hours=1)}
"""A short write that is of no use later than an hour."""

WITHIN_A_DAY: Policy = {
    "start_to_close_timeout": timedelta(seconds=30),
    "schedule_to_close_timeout": timedelta(days=1),
    "retry_policy": RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=15)),
}
"""Something for a server of somebody else's, which may be away for hours."""

UNTIL_GIVEN_UP: Policy = {
    "start_to_close_timeout": timedelta(seconds=40),
    "retry_policy": RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=15)),
}
"""The same, by an activity that knows itself when to give up, and writes that down."""

SWEEP: Policy = {
    "start_to_close_timeout": timedelta(hours=2),
    "heartbeat_timeout": timedelta(seconds=60),
    "retry_policy": _BACK_OFF,
}
"""A long walk over many rows that heartbeats its place."""

ERASE: Policy = {
    "start_to_close_timeout": timedelta(hours=1),
    "heartbeat_timeout": timedelta(seconds=30),
    "retry_policy": _BACK_OFF,
}
"""Ending a person's runs, or deleting their files: as many as there are; whoever stops saying so is followed."""

IMPORT: Policy = {
    "start_to_close_timeout": timedelta(minutes=10),
    "schedule_to_close_timeout": timedelta(hours=3),
    "heartbeat_timeout": timedelta(seconds=5),
    "retry_policy": RetryPolicy(
        initial_interval=timedelta(milliseconds=200), maximum_interval=timedelta(seconds=30)
    ),
}
"""Rows after rows, in order: an attempt goes on where the one before it was. Somebody watches."""
SYNC: Policy = {
    "start_to_close_timeout": timedelta(hours=2),
    "heartbeat_timeout": timedelta(seconds=6),
    "retry_policy": RetryPolicy(
        initial_interval=timedelta(milliseconds=200), maximum_interval=timedelta(seconds=10)
    ),
}
"""A part of a sync: bounded by itself, and followed by another attempt where its worker or database died."""

TURN: Policy = {
    "start_to_close_timeout": timedelta(minutes=3),
    "heartbeat_timeout": timedelta(seconds=4),
    "retry_policy": RetryPolicy(
        initial_interval=timedelta(milliseconds=200), maximum_interval=timedelta(seconds=5)
    ),
}
"""A chat turn: bounded by itself, which falls back to rules; what comes again is whose worker or database died."""

WITHIN_A_MINUTE: Policy = {**UNTIL_DONE, "schedule_to_close_timeout": timedelta(minutes=1)}
"""A short write that somebody waits for."""

GRACE = timedelta(milliseconds=200)
"""For an activity that keeps to its time to say so itself."""


AROUND = timedelta(seconds=8)
"""For what is done before and after a call of somebody else's server."""


def asking(seconds: float) -> Policy:
    """A call that may take long, of a server that must not be asked twice: the activity sees to that itself.

    Tried again is what came before the call. `seconds` are the call's own.
    """
    return {
        "schedule_to_close_timeout": timedelta(seconds=seconds) + AROUND,
        "heartbeat_timeout": timedelta(seconds=6),
        "retry_policy": RetryPolicy(initial_interval=timedelta(milliseconds=200), maximum_attempts=4),
    }


def analysing(seconds: float) -> Policy:
    """A picture that is decoded and shown to a model, which has so many seconds and is not asked twice.

    An attempt after one whose worker died waits for what that may have asked for, so there is time for both.
    """
    return {
        "schedule_to_close_timeout": 2 * timedelta(seconds=seconds) + AROUND,
        "heartbeat_timeout": timedelta(seconds=6),
        "retry_policy": RetryPolicy(initial_interval=timedelta(milliseconds=200), maximum_attempts=6),
    }


def within(seconds: float) -> Policy:
    """Something with a time of its own, all attempts together."""
    return {
        "schedule_to_close_timeout": timedelta(seconds=seconds) + GRACE,
        "retry_policy": RetryPolicy(initial_interval=timedelta(milliseconds=200), maximum_attempts=3),
    }


FETCH: Policy = {
    "start_to_close_timeout": timedelta(minutes=3),
    "schedule_to_close_timeout": timedelta(minutes=10),
    "heartbeat_timeout": timedelta(seconds=6),
    "retry_policy": RetryPolicy(
        initial_interval=timedelta(milliseconds=200), maximum_interval=timedelta(seconds=5)
    ),
}
"""A page of somebody else's: bounded by itself; what comes again found its worker dead, or many before it."""

EXCHANGE_CODE: Policy = {
    "start_to_close_timeout": timedelta(minutes=3),
    "schedule_to_close_timeout": timedelta(minutes=9),
    "heartbeat_timeout": timedelta(seconds=6),
    "retry_policy": RetryPolicy(
        initial_interval=timedelta(milliseconds=200), maximum_interval=timedelta(seconds=10)
    ),
}
"""A code that holds once: the activity sees to it itself that it is not sent again. A person waits for it."""

LOOK: Policy = {
    "start_to_close_timeout": timedelta(seconds=75),
    "retry_policy": RetryPolicy(initial_interval=timedelta(seconds=2), maximum_attempts=3),
}
"""Something of somebody else's that is looked at again before long: how it failed is told, not waited for."""

MAILBOX: Policy = {
    "start_to_close_timeout": timedelta(minutes=30),
    "schedule_to_close_timeout": timedelta(hours=12),
    "heartbeat_timeout": timedelta(seconds=6),
    "retry_policy": RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=10)),
}
"""A page of a mailbox: what was read of it stays read, and its provider may be away for hours."""

REFRESH: Policy = {
    "start_to_close_timeout": timedelta(minutes=3),
    "heartbeat_timeout": timedelta(seconds=6),
    "retry_policy": _BACK_OFF,
}
"""An exchange of tokens, which waits for others and bounds itself; who is away is told, not waited for."""

FETCH_NEWS: Policy = {
    "start_to_close_timeout": timedelta(hours=2),
    "schedule_to_close_timeout": timedelta(hours=12),
    "heartbeat_timeout": timedelta(seconds=6),
    "retry_policy": RetryPolicy(
        initial_interval=timedelta(milliseconds=200), maximum_interval=timedelta(minutes=1)
    ),
}
"""A sync of a connection: goes on where an attempt before it died. There is another one before long."""
