"""Encryption at rest."""

import os
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.encryption import CannotOpen, KeyRing, Sealed, WeakKey, load_key_ring

KEYS = KeyRing("now", {"now": os.urandom(32), "before": os.urandom(32)})


@given(text=st.binary(max_size=200), place=st.binary(max_size=40))
@settings(max_examples=50)
def test_what_was_sealed_opens_in_its_place(text: bytes, place: bytes) -> None:
    """Any bytes come back, and never stand readable in the ciphertext."""
    sealed = KEYS.seal(text, place)
    assert KEYS.open(sealed, place) == text
    assert len(text) < 8 or text not in sealed.ciphertext


@given(text=st.binary(max_size=50), flip=st.integers(min_value=0))
@settings(max_examples=50)
def test_a_flipped_bit_does_not_open(text: bytes, flip: int) -> None:
    """One changed bit anywhere in the ciphertext or its tag is noticed."""
    sealed = KEYS.seal(text, b"here")
    damaged = bytearray(sealed.ciphertext)
    damaged[flip % len(damaged)] ^= 1 << flip % 8
    with pytest.raises(CannotOpen):
        KEYS.open(Sealed(sealed.key_id, sealed.nonce, bytes(damaged)), b"here")


def test_a_ciphertext_opens_nowhere_else() -> None:
    """Moved to another place, it does not open."""
    with pytest.raises(CannotOpen, match="another place"):
        KEYS.open(KEYS.seal(b"answer", b"here"), b"there")


def test_a_missing_key_is_named() -> None:
    """A ciphertext whose key is gone says which key it wants."""
    sealed = KEYS.seal(b"answer", b"here")
    with pytest.raises(CannotOpen, match="no key 'gone'"):
        KEYS.open(Sealed("gone", sealed.nonce, sealed.ciphertext), b"here")


def test_the_same_text_is_never_sealed_alike() -> None:
    """Each sealing has a nonce of its own."""
    assert len({KEYS.seal(b"same", b"here").ciphertext for _ in range(100)}) == 100


@pytest.mark.parametrize(
    ("current", "keys"),
    [
        ("a", {}),
        ("a", {"b": os.urandom(32)}),
        ("a", {"a": os.urandom(31)}),
        ("a", {"a": os.urandom(16)}),
        ("a", {"a": bytes(32)}),
        ("a", {"a": b"0123" * 8}),
        ("a", {"a": os.urandom(32), "b": b"x" * 32}),
    ],
)
def test_a_weak_key_is_refused(current: str, keys: dict[str, bytes]) -> None:
    """Missing, short and guessable keys are refused, also one that is only kept for opening."""
    with pytest.raises(WeakKey):
        KeyRing(current, keys)


def test_a_key_ring_shows_no_key() -> None:
    """What lands in a log or a trace names key ids only."""
    assert repr(KEYS) == "KeyRing(current='now', keys=['before', 'now'])"


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
    """A setting that is missing, or names no file, is refused at start-up."""
    with pytest.raises(WeakKey, match="ENCRYPTION_KEY_FILE"):
        load_key_ring(None)
    with pytest.raises(WeakKey):
        load_key_ring(tmp_path / "none.json")


def test_sealed_survives_json() -> None:
    """What is stored as JSON opens again."""
    sealed = KEYS.seal(b"answer", b"here")
    stored = msgspec.json.encode(sealed)
    assert KEYS.open(msgspec.json.decode(stored, type=Sealed), b"here") == b"answer"
