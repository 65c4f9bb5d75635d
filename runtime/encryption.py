"""Authenticated encryption at rest: AES-256-GCM with a key id, bound to the place where the ciphertext lives.

A ciphertext that is moved to another row, column or workflow does not open. People have a data key each
(`runtime/data_keys.py`); the keys that wrap those come from a file or from AWS KMS (`runtime/wrapping.py`).
"""

import base64
import hmac
import os
from itertools import pairwise
from pathlib import Path
from typing import Protocol

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from runtime.addresses import Owner

KEY_BYTES = 32
NONCE_BYTES = 12


class WeakKey(Exception):
    """A key file is missing, malformed, or holds a key that must not be used."""


class CannotOpen(Exception):
    """A ciphertext is damaged, belongs to another place, or its key is gone."""


class Sealed(msgspec.Struct, frozen=True, array_like=True):
    """A ciphertext and the id of the key that opens it."""

    key_id: str
    nonce: bytes
    ciphertext: bytes


class DataKey:
    """One key. It seals and opens, and shows itself to nobody."""

    __slots__ = ("_key", "id")

    def __init__(self, id: str, key: bytes) -> None:
        self.id = id
        # Not the cipher: made for each use it costs a microsecond, kept 2.5 kB for each of thousands of keys.
        self._key = key

    def __repr__(self) -> str:
        return f"DataKey({self.id!r})"

    def seal(self, plaintext: bytes, place: bytes) -> Sealed:
        """Encrypt for one place, with a fresh nonce."""
        nonce = os.urandom(NONCE_BYTES)
        return Sealed(self.id, nonce, AESGCM(self._key).encrypt(nonce, plaintext, place))

    def open(self, sealed: Sealed, place: bytes) -> bytes:
        """Decrypt what was sealed for this place.

        Raises:
            CannotOpen: without saying which of the possible reasons it was.
        """
        try:
            return AESGCM(self._key).decrypt(sealed.nonce, sealed.ciphertext, place)
        except (InvalidTag, ValueError):  # the latter for a nonce that lost its end
            raise CannotOpen("damaged, or sealed for another place") from None

    def fingerprint(self, data: bytes) -> bytes:
        """A keyed digest, so that a stored one gives nothing away about what was digested."""
        return hmac.digest(hmac.digest(self._key, b"gangway fingerprint", "sha256"), data, "sha256")


class Keys(Protocol):
    """Where the key for a payload comes from."""

    async def sealing(self, owner: Owner | None) -> DataKey:
        """The key that seals what belongs to a person, or to nobody.

        Raises:
            GangwayError: the person is gone, or what keeps the keys is away.
        """
        ...

    async def opening(self, key_id: str) -> DataKey:
        """The key that something was sealed with.

        Raises:
            CannotOpen: there is no such key, or not any more.
            GangwayError: what keeps the keys is away.
        """
        ...


class KeyRing:
    """The keys of a file. One seals, all open.

    Raises:
        WeakKey: when the current key is not among them, or one is short or trivially guessable.
    """

    def __init__(self, current: str, keys: dict[str, bytes]) -> None:
        if current not in keys:
            raise WeakKey(f"the current key {current!r} is not in the key file")
        for key_id, key in keys.items():
            if len(key) != KEY_BYTES:
                raise WeakKey(f"key {key_id!r} has {len(key)} bytes, not {KEY_BYTES}")
            if _is_guessable(key):
                raise WeakKey(f"key {key_id!r} is not random")
        self._current = current
        self._keys = {key_id: DataKey(key_id, key) for key_id, key in keys.items()}

    def __repr__(self) -> str:
        return f"KeyRing(current={self._current!r}, keys={sorted(self._keys)})"

    def __contains__(self, key_id: str) -> bool:
        return key_id in self._keys

    @property
    def current(self) -> DataKey:
        """The key that seals."""
        return self._keys[self._current]

    def key(self, key_id: str) -> DataKey:
        """One of the keys.

        Raises:
            CannotOpen: it is not among them.
        """
        try:
            return self._keys[key_id]
        except KeyError:
            raise CannotOpen(f"no key {key_id!r}") from None

    async def sealing(self, owner: Owner | None) -> DataKey:  # noqa: ARG002 - the same key for everybody
        """The current key; see `Keys`."""
        return self.current

    async def opening(self, key_id: str) -> DataKey:
        """One of the keys; see `Keys`."""
        return self.key(key_id)


def _is_guessable(key: bytes) -> bool:
    """Few different bytes, text such as a password or hexadecimal digits, or a row like 0, 1, 2."""
    steps = {(after - before) % 256 for before, after in pairwise(key)}
    return min(len(set(key)), len(steps)) < KEY_BYTES // 4 or all(0x20 <= byte < 0x7F for byte in key)


class KeyFileContent(msgspec.Struct, forbid_unknown_fields=True):
    """What a key file holds: the id of the key that seals, and all keys by id, 32 bytes each in base64."""

    current: str
    keys: dict[str, str]


def load_key_ring(file: Path) -> KeyRing:
    """Read a key file.

    Raises:
        WeakKey: when there is none, it is malformed, or a key is weak.
    """
    try:
        content = msgspec.json.decode(file.read_bytes(), type=KeyFileContent)
        keys = {key_id: base64.b64decode(key, validate=True) for key_id, key in content.keys.items()}
    except (OSError, ValueError) as error:  # what msgspec and base64 raise, and what is no UTF-8
        raise WeakKey(f"{file}: {type(error).__name__}") from None
    return KeyRing(content.current, keys)
