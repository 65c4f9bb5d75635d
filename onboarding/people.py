"""What a person may tell of themselves beside their answers: body data, and the place that times refer to.

Read it with `reading.read`, which names every failing field at once and takes null as left out.
"""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from onboarding.answers import Answer, Text
from onboarding.timing import zone_of

Sex = Literal["female", "male", "other"]
Locale = Literal["en", "es"]


def _no_zone(name: object) -> tuple[str, str] | None:
    if not isinstance(name, str) or zone_of(name):
        return None
    return "unknown_time_zone", "must be an IANA time zone such as Europe/Berlin"


TimeZone = Annotated[str, Meta(max_length=64, extra={"check": _no_zone})]


class Person(Answer, frozen=True, kw_only=True):
    """Name, place and body data, all of it voluntary. Age in years, height in centimetres, weight in kilograms."""

    full_name: Text | UnsetType | None = UNSET
    timezone: TimeZone | UnsetType | None = UNSET
    locale: Locale | UnsetType | None = UNSET
    age: Annotated[int, Meta(ge=13, le=100)] | UnsetType | None = UNSET
    sex: Sex | UnsetType | None = UNSET
    height_cm: Annotated[float, Meta(ge=100, le=250)] | UnsetType | None = UNSET
    weight_kg: Annotated[float, Meta(ge=30, le=300)] | UnsetType | None = UNSET
