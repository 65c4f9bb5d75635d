"""Key-encryption keys in AWS KMS: a local KMS over real HTTP, and servers that are away, slow or refuse."""

import asyncio
import os
import socket
import time
import uuid
from collections.abc import Iterator

import pytest
from botocore.config import Config

from runtime import kms as module
from runtime.encryption import CannotOpen, WeakKey
from runtime.kms import ANSWER_SECONDS, Kms
from runtime.wrapping import KeysUnavailable, Wrapped
from tests.runtime.kms_server import ARN, REGION, kms_server, make_key, point_at

KEY = os.urandom(32)
ROW = str(uuid.uuid4())


@pytest.fixture
def server() -> Iterator[str]:
    """The address of a KMS, which has as long for its answers as a slow machine takes."""
    with pytest.MonkeyPatch.context() as monkeypatch, kms_server(monkeypatch) as url:
        monkeypatch.setattr(module, "ANSWER_SECONDS", 60.0)
        monkeypatch.setattr(module, "_CONFIG", module._CONFIG.merge(Config(connect_timeout=30, read_timeout=30)))
        yield url


@pytest.fixture
def closing() -> Iterator[list[Kms]]:
    """Closes what a test puts into it."""
    opened: list[Kms] = []
    yield opened
    for kms in opened:
        kms.close()


async def test_wrapped_for_one_row(server: str, closing: list[Kms]) -> None:
    """A data key comes back for its own row, for no other, under no other key, and not when it was damaged."""
    arn = make_key()
    closing.append(kms := Kms(arn))
    wrapped = await kms.wrap(KEY, ROW)
    assert wrapped.key_id == f"kms:{arn}" == await kms.current()
    assert KEY not in wrapped.data
    assert await kms.unwrap(wrapped, ROW) == KEY
    with pytest.raises(CannotOpen):
        await kms.unwrap(wrapped, str(uuid.uuid4()))
    with pytest.raises((CannotOpen, KeysUnavailable)):  # it is for KMS to say what it says to that
        await kms.unwrap(wrapped._replace(key_id=f"kms:{make_key()}"), ROW)
    with pytest.raises(CannotOpen):
        await kms.unwrap(wrapped._replace(data=wrapped.data[:-1]), ROW)


async def test_what_it_wrapped_before(server: str, closing: list[Kms]) -> None:
    """Without a current key it still unwraps: the row says by which key, and that says in which region."""
    closing += [kms := Kms(make_key()), later := Kms(None)]
    assert await later.unwrap(await kms.wrap(KEY, ROW), ROW) == KEY


async def test_an_alias(server: str, closing: list[Kms], monkeypatch: pytest.MonkeyPatch) -> None:
    """An alias stands for a key; the row keeps the key's own name."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    arn = make_key("alias/gangway")
    closing.append(kms := Kms("alias/gangway"))
    assert (await kms.wrap(KEY, ROW)).key_id == f"kms:{arn}"


def test_no_region(monkeypatch: pytest.MonkeyPatch) -> None:
    """An id that names no region, where boto3 knows none, is refused at start-up."""
    point_at(monkeypatch, "http://127.0.0.1:9")
    with pytest.raises(WeakKey, match=r"KMS_KEY_ID.*region"):
        Kms("alias/gangway")


async def test_a_key_that_is_not_there(server: str, closing: list[Kms]) -> None:
    """What KMS refuses is told by its code, and nothing is lost by trying again."""
    closing.append(kms := Kms(ARN))
    with pytest.raises(KeysUnavailable, match="NotFoundException"):
        await kms.wrap(KEY, ROW)


async def test_away(monkeypatch: pytest.MonkeyPatch, closing: list[Kms]) -> None:
    """A KMS that nobody listens at is said to be away, soon."""
    point_at(monkeypatch, "http://127.0.0.1:9")
    closing.append(kms := Kms(ARN))
    began = time.monotonic()
    with pytest.raises(KeysUnavailable, match="EndpointConnectionError"):
        await kms.unwrap(Wrapped(f"kms:{ARN}", b"x"), ROW)
    assert time.monotonic() - began < ANSWER_SECONDS + 6


async def test_silent(monkeypatch: pytest.MonkeyPatch, closing: list[Kms]) -> None:
    """A KMS that says nothing is given up in time however many wait for it, and the loop goes on meanwhile."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        point_at(monkeypatch, f"http://127.0.0.1:{listener.getsockname()[1]}")
        closing.append(kms := Kms(ARN))
        began = time.monotonic()
        asked = asyncio.gather(*(kms.wrap(KEY, ROW) for _ in range(40)), return_exceptions=True)
        turns = 0
        while not asked.done():
            await asyncio.sleep(0.05)
            turns += 1
        assert {type(error) for error in await asked} == {KeysUnavailable}
        assert time.monotonic() - began < ANSWER_SECONDS + 6  # one after the other they would take 15 seconds
        assert turns > 10
