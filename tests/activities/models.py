"""What a server of models says that is asked for suggestions."""

from collections.abc import Callable

import msgspec

from cli.stub_ai.reaction import Reaction, Request
from onboarding.suggesting.offers import OFFERS
from onboarding.suggesting.shapes import Kind
from tests.domain.test_offers import GOOD

Line = Reaction | Callable[[Request], Reaction]

HANGS = Reaction(silent=True)
"""Says nothing until nobody waits any more."""

_KIND_OF: dict[str, Kind] = {offer.__struct_fields__[0]: kind for kind, offer in OFFERS.items()}


def kind_of(request: Request) -> Kind:
    """What a model is asked for, which the schema of its answer tells."""
    assert request.schema is not None
    return next(_KIND_OF[name] for name in request.schema["properties"] if name in _KIND_OF)


def good(request: Request) -> Reaction:
    """What a model says that does as it is told."""
    return says(GOOD[kind_of(request)])


def says(answer: object) -> Reaction:
    """An answer in JSON."""
    return Reaction(text=msgspec.json.encode(answer).decode())


def lines(*said: Line) -> Callable[[Request], Reaction]:
    """One after the other, whatever is asked; the last one stays."""
    left = list(said)

    def script(request: Request) -> Reaction:
        line = left.pop(0) if len(left) > 1 else left[0]
        return line if isinstance(line, Reaction) else line(request)

    return script


def but_for(kind: Kind, line: Line) -> Callable[[Request], Reaction]:
    """Good answers, but for one kind."""

    def script(request: Request) -> Reaction:
        return lines(line)(request) if kind_of(request) == kind else good(request)

    return script
