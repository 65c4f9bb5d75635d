"""A memory of bounded size."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

KeyT = TypeVar("KeyT", bound=Hashable)
ValueT = TypeVar("ValueT")


class Remembered(Generic[KeyT, ValueT]):
    """What was used last, of at most so many.

    >>> memory = Remembered[str, int](2)
    >>> for number, name in enumerate("aba" "c"):
    ...     memory.put(name, number)
    >>> memory.get("a"), memory.get("b"), memory.get("c")
    (2, None, 3)
    """

    def __init__(self, at_most: int) -> None:
        self._at_most = at_most
        self._values: OrderedDict[KeyT, ValueT] = OrderedDict()

    def get(self, key: KeyT) -> ValueT | None:
        """What was put under the key, unless it was forgotten."""
        value = self._values.get(key)
        if value is not None:
            self._values.move_to_end(key)
        return value

    def put(self, key: KeyT, value: ValueT) -> None:
        """Remember; what was not used for longest is forgotten for it."""
        self._values[key] = value
        self._values.move_to_end(key)
        if len(self._values) > self._at_most:
            self._values.popitem(last=False)

    def forget(self, key: KeyT) -> None:
        """Remember it no longer."""
        self._values.pop(key, None)
