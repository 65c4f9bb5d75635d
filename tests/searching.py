"""Looking for secrets where they must not be: in any form in which they could have been written down."""

from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote

from google.protobuf.message import Message
from temporalio.api.common.v1 import Payload
from temporalio.client import Client


def forms(secret: str) -> set[bytes]:
    """A secret as text, in hexadecimal, percent-encoded, and in base64 wherever it may begin."""
    plain = secret.encode()
    found = {plain, plain.hex().encode(), quote(secret, safe="").encode()}
    for before in range(3):
        for encode in (b64encode, urlsafe_b64encode):
            whole = encode(b"\0" * before + plain)
            found.add(whole[(before * 8 + 5) // 6 : (before + len(plain)) * 8 // 6])
    return found


def found_in(content: str | bytes, words: Iterable[str]) -> set[str]:
    """Those of the words that can be read there."""
    text = content.encode(errors="surrogateescape") if isinstance(content, str) else content
    return {word for word in words if any(form in text for form in forms(word))}


async def histories(temporal: Client, query: str) -> tuple[str, bytes]:
    """All workflows that a query finds: their histories as they are stored, and what stands in them, opened."""
    stored: list[str] = []
    opened: list[bytes] = []
    codec = temporal.data_converter.payload_codec  # of no workflow: it opens what was sealed for any
    assert codec
    async for each in temporal.list_workflows(query):
        handle = temporal.get_workflow_handle(each.id, run_id=each.run_id)
        history = await handle.fetch_history()
        stored += [history.to_json(), str((await handle.describe()).raw_description)]
        for event in history.events:
            opened += [payload.data for payload in await codec.decode(list(payloads(event)))]
    return "\n".join(stored), b"\n".join(opened)


def payloads(message: Message) -> Iterator[Payload]:
    """Every payload in a message, however deep."""
    if isinstance(message, Payload):
        yield message
        return
    for _, value in message.ListFields():
        for each in _inside(value):
            yield from payloads(each)


def _inside(value: Any) -> Iterator[Message]:
    if isinstance(value, Message):
        yield value
    elif not isinstance(value, str | bytes | int | float):
        each_of = value.values() if hasattr(value, "values") else value
        yield from (each for each in each_of if isinstance(each, Message))
