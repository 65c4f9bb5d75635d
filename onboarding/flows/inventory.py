"""The inventory: where a company's goods can be read from, until somebody has looked at what was found.

Captures, scrapes, imports and connections answer their states themselves (`workflows/completing.py`), so the
answers are small: how much there is, and where it stands.
"""

from collections.abc import Mapping
from typing import Annotated, Any

from msgspec import UNSET, Meta, UnsetType

from onboarding.answers import Answer
from onboarding.flow import Flow, State
from onboarding.flows import inventory_words as words

COUNT_AT_MOST = 1_000_000

_ID = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"

ConnectionId = Annotated[str, Meta(min_length=36, max_length=36, pattern=_ID, extra={"said": words.CONNECTION_ID})]
Orders = Annotated[int, Meta(ge=0, le=COUNT_AT_MOST, extra={"said": words.ORDERS})]
SyncId = Annotated[str, Meta(min_length=36, max_length=36, pattern=_ID, extra={"said": words.SYNC_ID})]


class ConnectMail(Answer, frozen=True, kw_only=True):
    """The mailbox that orders are read from, and how many were found in it."""

    connection_id: ConnectionId
    orders: Orders | UnsetType | None = UNSET


class ConnectAccounting(Answer, frozen=True, kw_only=True):
    """The accounting that goods are read from, and how many orders were found in it."""

    connection_id: ConnectionId
    orders: Orders | UnsetType | None = UNSET


class Urls(Answer, frozen=True, kw_only=True):
    """How many goods were found on web pages."""

    items: Annotated[int, Meta(ge=0, le=COUNT_AT_MOST, extra={"said": words.URLS})]


class Barcodes(Answer, frozen=True, kw_only=True):
    """How many goods were scanned."""

    items: Annotated[int, Meta(ge=0, le=COUNT_AT_MOST, extra={"said": words.BARCODES})]


class Photos(Answer, frozen=True, kw_only=True):
    """How many goods were photographed."""

    items: Annotated[int, Meta(ge=0, le=COUNT_AT_MOST, extra={"said": words.PHOTOS})]


class Csv(Answer, frozen=True, kw_only=True):
    """How many goods came from a file."""

    items: Annotated[int, Meta(ge=0, le=COUNT_AT_MOST, extra={"said": words.CSV})]


class Review(Answer, frozen=True, kw_only=True):
    """How many goods were looked at and sent on, and by which sync, if one did."""

    items: Annotated[int, Meta(ge=0, le=COUNT_AT_MOST, extra={"said": words.REVIEW})]
    sync_id: SyncId | UnsetType | None = UNSET


def _state(number: int, key: str, answer: type[Answer], example: Mapping[str, Any], **more: Any) -> State:
    english, spanish = words.WORDINGS[key]
    return State(
        number=number,
        key=key,
        agent=words.SPEAKERS[key],
        title=english.title,
        description=english.description,
        opener=english.opener,
        why_we_ask=english.why_we_ask,
        wordings={"es": spanish},
        answer=answer,
        example=example,
        **more,
    )


_EXAMPLE_ID = "0198a0e0-0000-7000-8000-000000000001"

INVENTORY = Flow(
    key="inventory",
    version=1,
    title="Inventory onboarding",
    agents=words.AGENTS,
    states=(
        _state(1, "connect_mail", ConnectMail, {"connection_id": _EXAMPLE_ID, "orders": 12}, optional=True),
        _state(2, "connect_accounting", ConnectAccounting, {"connection_id": _EXAMPLE_ID}, optional=True),
        _state(3, "urls", Urls, {"items": 5}, optional=True),
        _state(4, "barcodes", Barcodes, {"items": 40}, optional=True),
        _state(5, "photos", Photos, {"items": 3}, optional=True),
        _state(6, "csv", Csv, {"items": 250}, optional=True),
        _state(7, "review", Review, {"items": 298}),
    ),
)
