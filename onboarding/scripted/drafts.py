"""What is kept between two turns, and what one turn gave."""

from typing import Any, Literal

from msgspec import Struct

from onboarding.payloads import FieldError

Intent = Literal["answer", "skip", "back", "why", "progress", "unclear", "greeting"]


class QuickReply(Struct, frozen=True, kw_only=True):
    """An answer to offer: `value`, sent as a message, answers the question."""

    label: str
    value: str


class Draft(Struct, frozen=True, kw_only=True):
    """The part of an answer that was understood so far; each part of it is valid.

    `asked` is the path of the field asked last: `protein_percentage`, `meals[1].scheduled_time`, or
    `workouts[].scheduled_time` for all items that lack it. `offers` are values that the last message may
    have meant. `again` says that the answer is whole and was gone back to: whatever is said changes it.
    """

    state: str
    data: dict[str, Any] = {}
    asked: str | None = None
    offers: tuple[str, ...] = ()
    again: bool = False


class Heard(Struct, frozen=True, kw_only=True):
    """What a message meant.

    understood: the fields that it gave, in the order of the form.
    complete: every field that is asked for is there: `draft.data` can be saved. Rules that tie it to other
        states may still refuse it.
    back_to: the key of the state to return to, for the intent `back`; none before the first.
    errors: what was said but cannot be, each with the field; it is not in the draft.
    away: the keys of other states that the message also spoke of; nothing of that was kept.
    """

    intent: Intent
    draft: Draft
    understood: tuple[str, ...] = ()
    complete: bool = False
    back_to: str | None = None
    errors: tuple[FieldError, ...] = ()
    away: tuple[str, ...] = ()
