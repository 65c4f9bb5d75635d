"""Gmail's API: which messages there are, who sent one, and what it says. What it says is not trusted."""

import asyncio
import base64
import binascii
import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.errors import MessageError
from email.header import decode_header, make_header
from typing import Annotated

from msgspec import Meta, Struct

from runtime.providers.asking import Api, NotFound

MESSAGE_BYTES = 10_000_000
"""A longer message is not read."""

PAGE = 100
"""Messages of a page: their headers are within what a person may ask for in a second or two."""

SUBJECT_CHARACTERS = 300
NAME_CHARACTERS = 200
_HEADER_CHARACTERS = 2000
_MESSAGES = "/gmail/v1/users/me/messages"
_HEADERS = ("From", "Subject", "List-Unsubscribe")
_FIRST = datetime(1970, 1, 1, tzinfo=UTC)

_ADDRESS = re.compile(r"(?:^|[<\s])[^\s<>@,;:\"()]{1,64}@([^\s<>@,;:\"()]{1,253})>?\s*$")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")

MessageId = Annotated[str, Meta(pattern=r"^[0-9A-Za-z_-]{1,100}$")]


class _Wire(Struct, frozen=True, kw_only=True, rename="camel"):
    pass


class _Named(_Wire, frozen=True, kw_only=True):
    id: MessageId


class _Listing(_Wire, frozen=True, kw_only=True):
    messages: Annotated[list[_Named], Meta(max_length=500)] = []
    next_page_token: Annotated[str, Meta(max_length=500)] | None = None


class _Header(_Wire, frozen=True, kw_only=True):
    name: str = ""
    value: str = ""


class _Payload(_Wire, frozen=True, kw_only=True):
    headers: list[_Header] = []


class _Message(_Wire, frozen=True, kw_only=True):
    internal_date: Annotated[str, Meta(pattern=r"^-?[0-9]{1,14}$")]
    size_estimate: Annotated[int, Meta(ge=0)] = 0
    payload: _Payload = _Payload()


class _Raw(_Wire, frozen=True, kw_only=True):
    raw: str


class Listed(Struct, frozen=True, kw_only=True):
    """A page of messages, newest first, and the token of the `next` one."""

    ids: tuple[str, ...]
    next: str | None


class Head(Struct, frozen=True, kw_only=True):
    """What the envelope of a message tells.

    `host` is that of the sender's address, empty where there is none to be read; `received` is when Google got it;
    `bulk` is whether one can unsubscribe; `size` is in bytes, about.
    """

    id: str
    name: str
    host: str
    subject: str
    received: datetime
    bulk: bool
    size: int


class GmailMessages:
    """The messages of a mailbox. What this raises is in `runtime/providers/asking.py`."""

    def __init__(self, api: Api) -> None:
        """As one connection sees it."""
        self._api = api

    async def page(self, query: str, token: str | None = None) -> Listed:
        """Messages that a query finds; neither spam nor what was thrown away.

        Raises:
            Refused: the token is too old, or the query makes no sense.
        """
        params = {"q": query, "maxResults": str(PAGE), **({"pageToken": token} if token else {})}
        found = await self._api.get(_MESSAGES, _Listing, params=params)
        return Listed(ids=tuple(each.id for each in found.messages), next=found.next_page_token or None)

    async def head(self, id: str) -> Head | None:
        """Who sent a message, and about what; None when it is gone."""
        params = [("format", "metadata"), *(("metadataHeaders", name) for name in _HEADERS)]
        try:
            found = await self._api.get(f"{_MESSAGES}/{id}", _Message, params=params)
        except NotFound:
            return None
        headers = {each.name.lower(): each.value for each in reversed(found.payload.headers)}
        sender = headers.get("from", "")[:_HEADER_CHARACTERS]
        address = _ADDRESS.search(sender)
        return Head(
            id=id,
            name=decoded(sender[: address.start()] if address else "").strip(" \"'")[:NAME_CHARACTERS],
            host=address[1] if address else "",
            subject=decoded(headers.get("subject", ""))[:SUBJECT_CHARACTERS],
            received=_FIRST + timedelta(milliseconds=max(int(found.internal_date), 0)),
            bulk="list-unsubscribe" in headers,
            size=found.size_estimate,
        )

    async def whole(self, id: str) -> bytes | None:
        """A message as it was sent; None when it is gone. Who asks has seen to its size.

        Raises:
            Away: it is longer than an answer may be.
        """
        try:
            found = await self._api.get(f"{_MESSAGES}/{id}", _Raw, params={"format": "raw"})
        except NotFound:
            return None
        return await asyncio.to_thread(_bytes, found.raw)


def decoded(value: str) -> str:
    """A header as people read it (RFC 2047), in one line; as it stands, where its encoding makes no sense."""
    text = value[:_HEADER_CHARACTERS]
    if "=?" in text:
        with suppress(MessageError, LookupError, ValueError):
            text = str(make_header(decode_header(text)))
    return _CONTROLS.sub(" ", text).strip()


def _bytes(raw: str) -> bytes:
    """Base64 for addresses, with or without padding. What is none of that is an empty message."""
    try:
        return base64.urlsafe_b64decode(raw + "=" * (-len(raw) % 4))
    except (binascii.Error, ValueError):
        return b""
