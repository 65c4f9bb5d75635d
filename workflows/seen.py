"""The messages that a run has followed, so that a repeat changes nothing.

The server's own memory of update ids ends at continue-as-new; this one is carried over. It is bounded: a
repeat that comes after `KEPT` later messages is judged by its content, like a new one.
"""

import hashlib
from collections.abc import Iterable

KEPT = 500


class SeenMessages:
    """Digests of message ids, oldest first."""

    def __init__(self, digests: Iterable[str] = ()) -> None:
        self._digests = dict.fromkeys(digests)

    def __contains__(self, message_id: str | None) -> bool:
        return message_id is not None and _digest(message_id) in self._digests

    @property
    def digests(self) -> tuple[str, ...]:
        """What to carry over."""
        return tuple(self._digests)

    def add(self, message_id: str | None) -> None:
        """Remember a message; a message without an id is not remembered."""
        if message_id is None:
            return
        self._digests[_digest(message_id)] = None
        while len(self._digests) > KEPT:
            del self._digests[next(iter(self._digests))]


def _digest(message_id: str) -> str:
    return hashlib.sha256(message_id.encode()).hexdigest()[:24]
