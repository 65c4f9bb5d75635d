"""Key-encryption keys in a file: `{"current": "<key id>", "keys": {"<key id>": "<base64 of 32 bytes>"}}`.

The file is looked at each time and read again when it has changed, so running processes follow a rotation.
"""

import base64
import os
import secrets
from pathlib import Path

import msgspec
import structlog

from runtime.encryption import KEY_BYTES, NONCE_BYTES, KeyFileContent, KeyRing, Sealed, WeakKey, load_key_ring
from runtime.wrapping import KeysUnavailable, Wrapped, place_of_row

PREFIX = "local:"

log = structlog.get_logger()


class KeyFile:
    """Wraps data keys with AES-256-GCM under the current key of a file.

    Raises:
        WeakKey: when there is no such file, it is malformed, or a key in it is weak.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen = self._look()
        self._ring = load_key_ring(path)

    @property
    def ring(self) -> KeyRing:
        """The keys as the file has them now. One that became unusable is not followed, and said so once."""
        seen = self._look()
        if seen != self._seen:
            self._seen = seen
            try:
                self._ring = load_key_ring(self._path)
            except WeakKey as error:
                log.warning("the key file is not usable; the keys before go on", error=str(error))
        return self._ring

    async def current(self) -> str:
        """The id of the current key."""
        return PREFIX + self.ring.current.id

    def is_current(self, key_id: str) -> bool:
        """Whether the file has this key as its current one now."""
        return key_id == PREFIX + self.ring.current.id

    async def wrap(self, key: bytes, row_id: str) -> Wrapped:
        """Wrap with the current key."""
        sealed = self.ring.current.seal(key, place_of_row(row_id).encode())
        return Wrapped(PREFIX + sealed.key_id, sealed.nonce + sealed.ciphertext)

    async def unwrap(self, wrapped: Wrapped, row_id: str) -> bytes:
        """Unwrap with the key that wrapped."""
        key_id, ring = wrapped.key_id.removeprefix(PREFIX), self.ring
        if key_id not in ring:
            raise KeysUnavailable(f"the key file lacks the key {key_id!r}")
        sealed = Sealed(key_id, wrapped.data[:NONCE_BYTES], wrapped.data[NONCE_BYTES:])
        return ring.key(key_id).open(sealed, place_of_row(row_id).encode())

    def mint(self) -> None:
        """Add a random key and make it the current one. Whoever calls sees to it that nobody else does.

        Raises:
            OSError: the file cannot be replaced by one that its readers can read; it is as it was then.
            WeakKey: the file is not usable as it is now.
        """
        path = self._path.resolve()
        load_key_ring(path)
        content = msgspec.json.decode(path.read_bytes(), type=KeyFileContent)
        content.current = f"k-{secrets.token_hex(4)}"
        content.keys[content.current] = base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()
        _replace(path, msgspec.json.format(msgspec.json.encode(content)) + b"\n")

    def _look(self) -> tuple[int, ...]:
        try:
            found = self._path.stat()
        except OSError:
            return ()
        return (found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def _replace(path: Path, content: bytes) -> None:
    """Another file in its place, on disk before it is seen, for the eyes of the same user only."""
    before = path.stat()
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            if (before.st_uid, before.st_gid) != (os.geteuid(), os.getegid()):
                os.fchown(file.fileno(), before.st_uid, before.st_gid)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
