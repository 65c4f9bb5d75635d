"""Answers that come word by word: when the first word is there, and when the last."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tests.bench.http import Http, Unexpected
from tests.bench.load import Sample, Work, closed_loop


@dataclass
class Spoken:
    """Of the same requests: until the first word, and until the end."""

    first: Sample = field(default_factory=Sample)
    whole: Sample = field(default_factory=Sample)

    def add(self, other: "Spoken") -> None:
        """Take another slice of the same measurement in."""
        self.first.add(other.first)
        self.whole.add(other.whole)


async def spoken(
    connections: Sequence[Http], path: str, body: Callable[[], bytes], word: bytes, total: int
) -> Spoken:
    """POST so often over these connections; each answer must hold the word that it begins with."""
    first: list[float] = []

    def asking(http: Http) -> Work:
        async def work() -> None:
            began = time.perf_counter()
            answer = await http.call("POST", path, body(), mark=word)
            if http.marked_at is None:
                raise Unexpected(f"nothing was said: {answer[:300]!r}")
            first.append((http.marked_at - began) * 1000)

        return work

    whole = await closed_loop([asking(http) for http in connections], total)
    # Those of the warm-up came first.
    return Spoken(first=Sample(first[-len(whole.latencies) :], whole.seconds, list(whole.errors)), whole=whole)
