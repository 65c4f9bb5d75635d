"""Secrets made once for an embedded stack, in `<GANGWAY_HOME>/secrets`, readable by their owner only."""

import base64
import os
import secrets
from collections.abc import Callable
from pathlib import Path

import msgspec


class SecretFiles:
    """The secrets of one data folder; each is made at its first use and never changed."""

    def __init__(self, home: Path) -> None:
        self.folder = home / "secrets"

    def jwt_secret(self) -> str:
        """What signs access tokens: 43 characters, 256 bits."""
        return self._once("jwt", _random).read_text().strip()

    def password(self, name: str) -> str:
        """A password or key, such as that of a database role."""
        return self._once(name, _random).read_text().strip()

    def key_file(self) -> Path:
        """The data keys: `{"current": id, "keys": {id: base64 of 32 random bytes}}`."""
        return self._once("keys.json", _data_keys)

    def _once(self, name: str, make: Callable[[], str]) -> Path:
        path = self.folder / name
        if not path.exists():
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_private(path, make())
        return path


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read; whole or not at all."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _random() -> str:
    return secrets.token_urlsafe(32)


def _data_keys() -> str:
    key_id = f"k-{secrets.token_hex(4)}"
    key = base64.b64encode(secrets.token_bytes(32)).decode()
    return msgspec.json.encode({"current": key_id, "keys": {key_id: key}}).decode()
