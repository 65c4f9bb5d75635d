"""Key files for tests."""

import base64
import os
from collections.abc import Sequence
from pathlib import Path

import msgspec


def write_key_file(path: Path, names: Sequence[str] = ("first",), *, current: str | None = None) -> Path:
    """A key file with a random key of each name; the last one is current, unless another is named."""
    keys = {name: base64.b64encode(os.urandom(32)).decode() for name in names}
    path.write_bytes(msgspec.json.encode({"current": current or names[-1], "keys": keys}))
    path.chmod(0o600)
    return path
