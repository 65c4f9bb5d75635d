"""How tests talk: messages, streams, and what comes of them."""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from msgspec import Struct

from tests.stack import Json, Person, ok

CHAT = "/api/v1/chat/onboarding"
GENERAL = "/api/v1/chat"


class Heard(Struct, frozen=True, kw_only=True):
    """One event of a stream."""

    id: str
    event: str
    data: Any


async def say(person: Person, message: str, **fields: Any) -> Json:
    """Say something in the onboarding, which must be answered."""
    return ok(await person.post(f"{CHAT}/", {"message": message, **fields}, timeout=60))


async def say_all(person: Person, *messages: str) -> Json:
    """Say one thing after the other; the last answer."""
    answer: Json = {}
    for message in messages:
        answer = await say(person, message)
    return answer


@asynccontextmanager
async def listening(
    client: httpx.AsyncClient, person: Person, message: str, path: str = f"{CHAT}/stream", **options: Any
) -> AsyncGenerator[AsyncGenerator[Heard]]:
    """Say something and follow the answer as it is said."""
    headers = {"Authorization": f"Bearer {person.token}", **options.pop("headers", {})}
    body = {"message": message, **options}
    async with client.stream("POST", path, json=body, headers=headers, timeout=60) as response:
        assert response.status_code == 200, await response.aread()
        assert response.headers["content-type"].startswith("text/event-stream")
        yield events(response)


async def events(response: httpx.Response) -> AsyncGenerator[Heard]:
    """The events of a stream, heartbeats left out."""
    fields: dict[str, str] = {}
    async for line in response.aiter_lines():
        if line:
            name, _, value = line.partition(":")
            fields[name] = value.removeprefix(" ")
        elif "data" in fields:
            yield Heard(id=fields["id"], event=fields["event"], data=json.loads(fields["data"]))
            fields = {}
        else:
            fields = {}


async def heard(
    client: httpx.AsyncClient, person: Person, message: str, path: str = f"{CHAT}/stream", **options: Any
) -> list[Heard]:
    """Everything that is said in answer to a message."""
    async with listening(client, person, message, path, **options) as stream:
        return [event async for event in stream]


def text_of(stream: list[Heard]) -> str:
    """What stands at the end, of all that was said and taken back."""
    text = ""
    for each in stream:
        match each.event:
            case "TEXT_MESSAGE_CONTENT":
                text += each.data["delta"]
            case "TEXT_MESSAGE_RESET":
                text = ""
    return text
