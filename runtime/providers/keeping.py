"""How what a provider gave is kept: sealed with the data key of the person, for the one row that it stands in."""

import msgspec

from onboarding.connections import Kept
from runtime.encryption import DataKey, Keys, Sealed


def place(connection_id: str) -> bytes:
    """What the tokens of a connection are sealed for."""
    return f"connections.sealed_tokens/{connection_id}".encode()


def verifier_place(consent_id: str) -> bytes:
    """What the verifier of a consent is sealed for."""
    return f"consents.sealed_verifier/{consent_id}".encode()


def code_place(consent_id: str) -> bytes:
    """What the code of a consent is sealed for."""
    return f"consents.sealed_code/{consent_id}".encode()


def sealed(key: DataKey, connection_id: str, kept: Kept) -> list[str]:
    """The tokens of a connection, sealed, as JSON has it."""
    return _as_json(key.seal(msgspec.json.encode(kept), place(connection_id)))


async def opened(keys: Keys, connection_id: str, value: object) -> Kept:
    """The tokens of a connection.

    Raises:
        CannotOpen: their key is gone, or they are those of another connection.
        GangwayError: what keeps the data keys is away.
    """
    return msgspec.json.decode(await _opened(keys, value, place(connection_id)), type=Kept)


def sealed_text(key: DataKey, text: str, where: bytes) -> list[str]:
    """A text, sealed for a place."""
    return _as_json(key.seal(text.encode(), where))


async def opened_text(keys: Keys, value: object, where: bytes) -> str:
    """A text that was sealed for a place.

    Raises:
        CannotOpen, GangwayError: see `opened`.
    """
    return (await _opened(keys, value, where)).decode()


def _as_json(value: Sealed) -> list[str]:
    return msgspec.to_builtins(value)


async def _opened(keys: Keys, value: object, where: bytes) -> bytes:
    kept = msgspec.convert(value, Sealed)
    return (await keys.opening(kept.key_id)).open(kept, where)
