"""Names on the way in and out of the company wizard, which speaks camelCase: `teamSize` there is `team_size` here.

>>> from onboarding.flows.company import Organization
>>> names = Names(Organization)
>>> names.swapped({"teamSize": 3, "departments": [{"name": "teamSize"}]})
{'team_size': 3, 'departments': [{'name': 'teamSize'}]}
>>> names.path("departments[0].name"), names.path("team_size")
('departments[0].name', 'teamSize')
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

from msgspec import Struct, inspect


def camel(name: str) -> str:
    """A name of ours as the wizard writes it."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


class Names:
    """The field names of some Structs, and of those inside them, in both ways of writing.

    The two are swapped: a name of the other way, which has no place where it stands, stays an unknown one, and is
    told as it was written.
    """

    def __init__(self, *kinds: type[Struct]) -> None:
        ours = {name for kind in kinds for name in _names(inspect.type_info(kind)) if camel(name) != name}
        self._other = {name: camel(name) for name in ours} | {camel(name): name for name in ours}

    def swapped(self, data: Any) -> Any:
        """The data with the names of its objects in the other way of writing; values stay."""
        if isinstance(data, Mapping):
            given = cast(Mapping[str, Any], data)
            return {self._other.get(name, name): self.swapped(value) for name, value in given.items()}
        return [self.swapped(item) for item in cast(list[Any], data)] if isinstance(data, list) else data

    def path(self, path: str) -> str:
        """The path of a field, such as `departments[0].name`, in the other way of writing."""
        return re.sub(r"[^.\[\]]+", lambda found: self._other.get(found[0], found[0]), path)


def _names(kind: inspect.Type) -> Iterator[str]:
    match kind:
        case inspect.StructType():
            for field in kind.fields:
                yield field.name
                yield from _names(field.type)
        case inspect.Metadata():
            yield from _names(kind.type)
        case inspect.ListType():
            yield from _names(kind.item_type)
        case inspect.UnionType():
            for member in kind.types:
                yield from _names(member)
        case _:
            return
