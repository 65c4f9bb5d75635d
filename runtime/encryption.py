"""Authenticated encryption at rest: AES-256-GCM with a key id, bound to the place where the ciphertext lives.

A ciphertext that is moved to another row, column or workflow does not open. Keys come from a file:
`{"current": "<key id>", "keys": {"<key id>": "<base64 of 32 bytes>"}}`.
"""

import base64
import binascii
import hmac
import os
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

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


class KeyRing:
    """The keys of a deployment. One seals, all open.

    Raises:
        WeakKey: when the current key is not among them, or one is short or trivially guessable.
    """

    def __init__(self, current: str, keys: dict[str, bytes]) -> None:
        if current not in keys:
            raise WeakKey(f"the current key {current!r} is not in the key file")
        for key_id, key in keys.items():
            if len(key) != KEY_BYTES:
                raise WeakKey(f"key {key_id!r} has {len(key)} bytes, not {KEY_BYTES}")
            if len(set(key)) < KEY_BYTES // 4:
                raise WeakKey(f"key {key_id!r} is not random")
        self._current = current
        self._fingerprint_key = hmac.digest(keys[current], b"gangway fingerprint", "sha256")
        self._keys = {key_id: AESGCM(key) for key_id, key in keys.items()}

    def __repr__(self) -> str:
        return f"KeyRing(current={self._current!r}, keys={sorted(self._keys)})"

    def fingerprint(self, data: bytes) -> bytes:
        """A keyed digest, so that a stored one gives nothing away about what was digested.

        It follows the current key: after a rotation the same data has another fingerprint.
        """
        return hmac.digest(self._fingerprint_key, data, "sha256")

    def seal(self, plaintext: bytes, place: bytes) -> Sealed:
        """Encrypt for one place, with the current key and a fresh nonce."""
        nonce = os.urandom(NONCE_BYTES)
        return Sealed(self._current, nonce, self._keys[self._current].encrypt(nonce, plaintext, place))

    def open(self, sealed: Sealed, place: bytes) -> bytes:
        """Decrypt what was sealed for this place.

        Raises:
            CannotOpen: without saying which of the possible reasons it was.
        """
        key = self._keys.get(sealed.key_id)
        if key is None:
            raise CannotOpen(f"no key {sealed.key_id!r}")
        try:
            return key.decrypt(sealed.nonce, sealed.ciphertext, place)
        except (InvalidTag, ValueError):  # the latter for a nonce that lost its end
            raise CannotOpen("damaged, or sealed for another place") from None


def load_key_ring(file: Path | None) -> KeyRing:
    """Read the key file.

    Raises:
        WeakKey: when there is none, it is malformed, or a key is weak.
    """
    if file is None:
        raise WeakKey("ENCRYPTION_KEY_FILE is not set")

    class KeyFile(msgspec.Struct, forbid_unknown_fields=True):
        current: str
        keys: dict[str, str]

    try:
        content = msgspec.json.decode(file.read_bytes(), type=KeyFile)
        keys = {key_id: base64.b64decode(key, validate=True) for key_id, key in content.keys.items()}
    except (OSError, msgspec.DecodeError, binascii.Error) as error:
        raise WeakKey(f"{file}: {type(error).__name__}") from None
    return KeyRing(content.current, keys)
