"""An event as Amazon EventBridge sends it, and what is kept of it."""

from collections.abc import Mapping
from typing import Annotated, Any, cast
from unicodedata import normalize

from msgspec import Meta, field

from onboarding.answers import Answer
from onboarding.moments import no_moment

UUID_PATTERN = "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"
OURS = "gangway."
"""The sources that are ours: nobody else speaks for us."""


def _not_ours(source: str) -> tuple[str, str] | None:
    # As people would read it: without what nobody sees, and with letters of another width as they look.
    seen = "".join(each for each in normalize("NFKC", source).casefold() if each.isalnum() or each == ".")
    if seen.startswith(OURS):
        return "not_allowed", f"must not begin with `{OURS}`, as our own events do"
    return None


Moment = Annotated[str, Meta(max_length=40, extra={"check": no_moment, "verbatim": True})]
Resource = Annotated[str, Meta(max_length=2048, extra={"verbatim": True})]


class Envelope(Answer, frozen=True, kw_only=True):
    """What EventBridge says of an event, in its own names. Fields that are not known are passed over."""

    version: Annotated[str, Meta(max_length=40, extra={"verbatim": True})] = "0"
    id: Annotated[str, Meta(pattern=UUID_PATTERN)]
    detail_type: Annotated[str, Meta(min_length=1, max_length=200, extra={"verbatim": True})] = field(
        name="detail-type"
    )
    source: Annotated[str, Meta(min_length=1, max_length=100, extra={"verbatim": True, "check": _not_ours})]
    account: Annotated[str, Meta(pattern="^[0-9]{12}$")]
    time: Moment
    region: Annotated[str, Meta(max_length=40, extra={"verbatim": True})] = ""
    resources: Annotated[list[Resource], Meta(max_length=200)] = field(default_factory=list[str])
    detail: dict[str, Any]


def known(data: object) -> object:
    """The fields that are known, of whatever was sent."""
    if not isinstance(data, dict):
        return data
    names = set(Envelope.__struct_encode_fields__)
    return {name: value for name, value in cast(dict[str, object], data).items() if name in names}


def storable(value: Any) -> Any:
    """The same with a mark in place of each NUL character, which the database does not keep.

    >>> storable({"log": ["a\\x00b", 12]})
    {'log': ['a�b', 12]}
    """
    match value:
        case str():
            return value.replace("\x00", "\ufffd")
        case Mapping():
            items = cast(Mapping[str, object], value).items()
            return {storable(name): storable(each) for name, each in items}
        case list():
            return [storable(each) for each in cast(list[object], value)]
        case _:
            return value
