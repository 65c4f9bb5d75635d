"""The keys of an issuer, as they stand in its JSON Web Key Set (RFC 7517)."""

from collections.abc import Collection
from typing import Any

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from msgspec import Struct

PUBLIC_ALGORITHMS = ("RS256", "ES256", "EdDSA")
"""One for each kind of key, so that a key never signs in two ways."""

RSA_BITS = range(2048, 8193)
"""Shorter ones can be broken; longer ones cost more to check than they are worth."""

KEYS_AT_MOST = 100

Keys = dict[str | None, jwt.PyJWK]
"""By `kid`; one that has none stands under None."""


class _KeySet(Struct):
    keys: list[dict[str, Any]]


def keys_of(document: bytes, algorithms: Collection[str]) -> Keys:
    """The keys of a set that may sign with one of the algorithms; all others are ignored.

    Of two with the same `kid` the first counts.

    Raises:
        msgspec.DecodeError: the document is no key set.
    """
    keys: Keys = {}
    for described in msgspec.json.decode(document, type=_KeySet).keys[:KEYS_AT_MOST]:
        key = _suitable(described, algorithms)
        if key is not None:
            keys.setdefault(key.key_id, key)
    return keys


def _suitable(described: dict[str, Any], algorithms: Collection[str]) -> jwt.PyJWK | None:
    operations = described.get("key_ops")
    if (
        described.get("kty") not in ("RSA", "EC", "OKP")  # not `oct`: a secret that is published is none
        or "d" in described  # nor is this a secret any more
        or described.get("use", "sig") != "sig"
        or described.get("alg") not in (None, *algorithms)
        or (operations is not None and (not isinstance(operations, list) or "verify" not in operations))
        or not isinstance(described.get("kid"), str | None)
    ):
        return None
    try:
        key = jwt.PyJWK(described)
    # The numbers of a key may be of any type and value.
    except (jwt.PyJWTError, ValueError, TypeError, KeyError, AttributeError):
        return None
    if isinstance(key.key, RSAPublicKey) and key.key.key_size not in RSA_BITS:
        return None
    return key if key.algorithm_name in algorithms else None
