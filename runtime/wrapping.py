"""Data keys as they are stored: wrapped by a key-encryption key, for one row.

What is wrapped says by which key: `local:<id in the key file>` or `kms:<ARN of the key>`.
"""

from typing import ClassVar, NamedTuple

from onboarding.errors import GangwayError


class KeysUnavailable(GangwayError):
    """The key-encryption key cannot be used now: AWS KMS is away or refuses, or the key file lacks it."""

    code: ClassVar[str] = "keys_unavailable"
    detail: ClassVar[str] = "What encrypts the data is not available at the moment."


class Wrapped(NamedTuple):
    """A data key that only the key-encryption key `key_id` makes usable."""

    key_id: str
    data: bytes


def place_of_row(row_id: str) -> str:
    """What a wrapped data key is bound to."""
    return f"data_keys.wrapped/{row_id}"
