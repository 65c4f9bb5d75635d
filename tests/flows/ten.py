"""A flow of ten states with every kind of field, declared in one file as any flow is."""

from collections.abc import Iterator
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from onboarding.answers import Answer, Text, Texts, TimeOfDay, repeats, rule
from onboarding.flow import Dependency, Flow, State
from onboarding.payloads import FieldError


class Named(Answer, frozen=True, kw_only=True):
    """A name, and a nickname."""

    full_name: Text
    nickname: Text | UnsetType | None = UNSET


class Counted(Answer, frozen=True, kw_only=True):
    """Whole numbers, with bounds that are not round."""

    rooms: Annotated[int, Meta(ge=7, le=13)]
    floors: Annotated[int, Meta(ge=-2, le=-1)] = -1


class Measured(Answer, frozen=True, kw_only=True):
    """Numbers with a fraction."""

    height_cm: Annotated[float, Meta(ge=50.5, le=272.1, title="How tall")]


class Chosen(Answer, frozen=True, kw_only=True):
    """One of a few."""

    pace: Literal["slow", "steady", "fast"]


class Agreed(Answer, frozen=True, kw_only=True):
    """Yes or no."""

    newsletter: bool


class Listed(Answer, frozen=True, kw_only=True):
    """At least two texts, none twice."""

    topics: Annotated[
        list[Text],
        Meta(min_length=2, max_length=5, extra={"unique": True}, extra_json_schema={"uniqueItems": True}),
    ]
    avoided: Texts


class Window(Answer, frozen=True, kw_only=True):
    """A stretch of a day."""

    opens: TimeOfDay
    closes: TimeOfDay

    @rule
    def in_order(self) -> Iterator[FieldError]:
        """It opens before it closes."""
        if self.closes <= self.opens:
            yield FieldError(field="closes", code="before", detail="must be after the opening")


class Contact(Struct, frozen=True, kw_only=True):
    """Somebody to call, and when."""

    name: Text
    best_times: Annotated[list[TimeOfDay], Meta(min_length=1, max_length=3)]
    kind: Literal["family", "friend"] = "friend"


class Contacts(Answer, frozen=True, kw_only=True):
    """Groups that hold lists."""

    contacts: Annotated[list[Contact], Meta(min_length=2, max_length=4)]

    @rule
    def nobody_twice(self) -> Iterator[FieldError]:
        """However it is written."""
        return repeats("contacts[{}].name", self.contacts, lambda contact: contact.name.casefold())


class Budget(Answer, frozen=True, kw_only=True):
    """An amount that must do for the rooms."""

    amount: Annotated[int, Meta(ge=0, le=100_000)]


class Coded(Answer, frozen=True, kw_only=True):
    """A text of a certain form, which only its example shows."""

    voucher: Annotated[str, Meta(pattern="^[A-Z]{3}-[0-9]{4}$")]


def enough(budget: Budget, counted: Counted) -> Iterator[FieldError]:
    """A hundred for each room."""
    if budget.amount < 100 * counted.rooms:
        yield FieldError(field="amount", code="too_small", detail="does not do for the rooms")


def state(number: int, answer: type[Answer], example: dict[str, object], *on: Dependency) -> State:
    """A state whose words do not matter."""
    key = answer.__name__.lower()
    return State(
        number=number,
        key=key,
        title=key,
        agent="host" if number < 6 else "guide",
        description=answer.__doc__ or key,
        opener=f"{key}?",
        why_we_ask="To see that any flow works.",
        answer=answer,
        example=example,
        optional=number in (5, 10),
        depends_on=on,
    )


PEOPLE = [{"name": "Ada", "best_times": ["09:00"]}, {"name": "Bo", "best_times": ["10:00", "19:30"]}]

TEN = Flow(
    key="ten",
    version=1,
    title="Ten states of all kinds",
    states=(
        state(1, Named, {"full_name": "Ada Lovelace"}),
        state(2, Counted, {"rooms": 8}),
        state(3, Measured, {"height_cm": 170.5}),
        state(4, Chosen, {"pace": "steady"}),
        state(5, Agreed, {"newsletter": False}),
        state(6, Listed, {"topics": ["jazz", "chess"], "avoided": []}),
        state(7, Window, {"opens": "08:00", "closes": "17:00"}),
        state(8, Contacts, {"contacts": PEOPLE}),
        state(9, Budget, {"amount": 2000}, Dependency(on="counted", rules=(enough,))),
        state(10, Coded, {"voucher": "ABC-0123"}),
    ),
)
