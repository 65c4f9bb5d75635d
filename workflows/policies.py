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


def within(seconds: float) -> Policy:
    """Something with a time of its own, all attempts together."""
    return {
        "schedule_to_close_timeout": timedelta(seconds=seconds) + GRACE,
        "retry_policy": RetryPolicy(initial_interval=timedelta(milliseconds=200), maximum_attempts=3),
    }
