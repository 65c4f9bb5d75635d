"""Encryption at rest."""

import hashlib
import os
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.addresses import Owner
from runtime.encryption import CannotOpen, DataKey, KeyRing, Sealed, WeakKey, load_key_ring

KEY = DataKey("now", os.urandom(32))
RING = KeyRing("now", {"now": os.urandom(32), "before": os.urandom(32)})


@given(text=st.binary(max_size=200), place=st.binary(max_size=40))
@settings(max_examples=50, deadline=None)
def test_what_was_sealed_opens_in_its_place(text: bytes, place: bytes) -> None:
    """Any bytes come back, and never stand readable in the ciphertext."""
    sealed = KEY.seal(text, place)
    assert KEY.open(sealed, place) == text
    assert len(text) < 8 or text not in sealed.ciphertext


@given(text=st.binary(max_size=50), flip=st.integers(min_value=0))
@settings(max_examples=50, deadline=None)
def test_a_flipped_bit_does_not_open(text: bytes, flip: int) -> None:
    """One changed bit anywhere in the ciphertext or its tag is noticed."""
    sealed = KEY.seal(text, b"here")
    damaged = bytearray(sealed.ciphertext)
    damaged[flip % len(damaged)] ^= 1 << flip % 8
    with pytest.raises(CannotOpen):
        KEY.open(Sealed(sealed.key_id, sealed.nonce, bytes(damaged)), b"here")


def test_a_ciphertext_opens_nowhere_else() -> None:
    """Moved to another place, it does not open."""
    with pytest.raises(CannotOpen, match="another place"):
        KEY.open(KEY.seal(b"answer", b"here"), b"there")


async def test_a_ring_seals_with_one_key_and_opens_with_each() -> None:
    """The current key seals for everybody; a key that is not there is named."""
    assert (await RING.sealing(None)).id == "now"
    assert (await RING.sealing(Owner("tenant", "user"))).id == "now"
    assert (await RING.opening("before")).id == "before"
    with pytest.raises(CannotOpen, match="no key 'gone'"):
        await RING.opening("gone")


def test_fingerprints() -> None:
    """The same data has one fingerprint under one key, another under another; neither is its hash."""
    assert KEY.fingerprint(b"x") == KEY.fingerprint(b"x") != KEY.fingerprint(b"y")
    assert KEY.fingerprint(b"x") != DataKey("now", os.urandom(32)).fingerprint(b"x")
    assert KEY.fingerprint(b"x") != hashlib.sha256(b"x").digest()


def test_the_same_text_is_never_sealed_alike() -> None:
    """Each sealing has a nonce of its own."""
    assert len({KEY.seal(b"same", b"here").ciphertext for _ in range(100)}) == 100


@pytest.mark.parametrize(
    ("current", "keys"),
    [
        ("a", {}),
        ("a", {"b": os.urandom(32)}),
        ("a", {"a": os.urandom(31)}),
        ("a", {"a": os.urandom(16)}),
        ("a", {"a": bytes(32)}),
        ("a", {"a": b"0123" * 8}),
        ("a", {"a": bytes(range(32))}),
        ("a", {"a": bytes(range(200, 8, -6))}),
        ("a", {"a": b"correct horse battery staple 123"}),
        ("a", {"a": os.urandom(16).hex().encode()}),
        ("a", {"a": os.urandom(32), "b": b"x" * 32}),
    ],
)
def test_a_weak_key_is_refused(current: str, keys: dict[str, bytes]) -> None:
    """Missing, short and guessable keys are refused, also one that is only kept for opening."""
    with pytest.raises(WeakKey):
        KeyRing(current, keys)


def test_keys_show_nothing() -> None:
    """What lands in a log or a trace names key ids only."""
    assert repr(KEY) == "DataKey('now')"
    assert repr(RING) == "KeyRing(current='now', keys=['before', 'now'])"


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        '{"current": "a"}',
        '{"current": "a", "keys": {"a": "not base64!"}}',
        '{"current": "a", "keys": {"a": "c2hvcnQ="}}',
        '{"current": "a", "keys": {}, "extra": 1}',
    ],
)
def test_a_key_file_that_is_none(tmp_path: Path, content: str) -> None:
    """A file that is malformed, or holds a weak key, is refused at start-up."""
    file = tmp_path / "keys.json"
    file.write_text(content)
    with pytest.raises(WeakKey):
        load_key_ring(file)


def test_no_key_file(tmp_path: Path) -> None:
    """A file that is not there is refused at start-up."""
    with pytest.raises(WeakKey):
        load_key_ring(tmp_path / "none.json")


def test_sealed_survives_json() -> None:
    """What is stored as JSON opens again."""
    sealed = KEY.seal(b"answer", b"here")
    stored = msgspec.json.encode(sealed)
    assert KEY.open(msgspec.json.decode(stored, type=Sealed), b"here") == b"answer"
