"""One reading out of those of a mail's texts, and of what it tells machines."""

from collections.abc import Sequence
from datetime import datetime

from msgspec.structs import replace

from activities.order_mails.linked import Linked
from onboarding.order_mails import Reading
from onboarding.order_mails.kinds import Kind
from onboarding.order_mails.reading import plausible

_STRONGEST: tuple[Kind, ...] = ("other", "order", "mentioned", "perhaps")


def together(readings: Sequence[Reading]) -> Reading:
    """The first text with its gaps filled by the others; one that tells of something else speaks for all."""
    kinds = {each.kind for each in readings}
    kind = next(kind for kind in _STRONGEST if kind in kinds)
    whole = readings[0]
    for other in readings[1:]:
        whole = _filled(whole, other)
    return replace(whole, kind=kind)


def _filled(whole: Reading, other: Reading) -> Reading:
    """A reading with what it lacks; lines that add up are taken for such as do not, with their total."""
    if (other.proved and not whole.proved) or (other.lines and not whole.lines):
        whole = replace(
            whole,
            lines=other.lines,
            proved=other.proved,
            total=whole.total if other.total is None else other.total,
            currency=other.currency or whole.currency,
        )
    later = other.dated and not whole.dated
    return replace(
        whole,
        number=whole.number or other.number,
        ordered_on=other.ordered_on if later else whole.ordered_on,
        dated=whole.dated or other.dated,
        total=other.total if whole.total is None else whole.total,
        currency=whole.currency or other.currency,
    )


def with_linked(reading: Reading, told: Linked | None, received: datetime) -> Reading:
    """What machines are told goes first; lines that say less than those that people see do not."""
    if told is None or reading.kind == "other":
        return reading
    if told.over:
        return Reading(kind="other")
    better = reading.proved or len(reading.lines) >= len(told.lines)
    day = told.ordered_on if told.ordered_on and plausible(told.ordered_on, received) else None
    return replace(
        reading,
        kind="order",
        number=told.number or reading.number,
        ordered_on=day or reading.ordered_on,
        total=told.total if told.total is not None else reading.total,
        currency=told.currency or reading.currency,
        lines=reading.lines if better else told.lines,
    )
