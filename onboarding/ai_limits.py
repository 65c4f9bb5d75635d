"""How often models may be asked: a bucket of calls that fills up again by itself, one a person, one a tenant."""

import math
from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

Rated = Literal["chat", "suggestions", "photo", "scan"]


class Rate(Struct, frozen=True, kw_only=True):
    """So many calls in a window of seconds; `burst` is how many of them may come at once."""

    calls: int
    window_seconds: int
    burst: int

    @property
    def per_second(self) -> float:
        """How fast a bucket fills up."""
        return self.calls / self.window_seconds

    @property
    def full_after(self) -> float:
        """Seconds after which an empty bucket is full."""
        return self.burst / self.per_second

    def seconds_to(self, calls: float, wanted: float) -> int:
        """Whole seconds until a bucket with so many calls has as many as are wanted.

        >>> Rate(calls=60, window_seconds=60, burst=10).seconds_to(0.4, 1)
        1
        """
        return max(math.ceil((wanted - calls) / self.per_second - 1e-6), 0)

    def times(self, factor: int) -> "Rate":
        """The rate of several people together."""
        return Rate(calls=self.calls * factor, window_seconds=self.window_seconds, burst=self.burst * factor)


Rates = Mapping[Rated, Rate]


def rates(
    *,
    chat_per_minute: int = 60,
    chat_burst: int = 10,
    suggestions_per_hour: int = 20,
    scans_per_minute: int = 30,
) -> Rates:
    """What one person may ask for; the defaults are those of page 20, and for scans that of photos."""
    return {
        "chat": Rate(calls=chat_per_minute, window_seconds=60, burst=chat_burst),
        "suggestions": Rate(calls=suggestions_per_hour, window_seconds=3600, burst=suggestions_per_hour),
        "photo": Rate(calls=30, window_seconds=60, burst=30),
        "scan": Rate(calls=scans_per_minute, window_seconds=60, burst=scans_per_minute),
    }


RATES = rates()

PEOPLE_OF_A_TENANT = 5
"""A whole tenant may ask for as much as so many people."""

FULL_AFTER_SECONDS = max(rate.full_after for rate in RATES.values())
"""After so long without a call every bucket is full, and need not be kept."""


def rated_as(purpose: str) -> Rated:
    """Which bucket a call's purpose takes from: an industry is a suggestion like the others.

    Raises:
        KeyError: there is no such purpose.
    """
    return _RATED_AS[purpose]


_RATED_AS: dict[str, Rated] = {
    "chat": "chat",
    "suggestions": "suggestions",
    "industry": "suggestions",
    "photo": "photo",
    "scan": "scan",
}
