"""Which key-encryption keys a deployment has: a key file, AWS KMS, or on the way from one to the other both."""

from runtime.encryption import CannotOpen, DataKey, WeakKey
from runtime.key_file import KeyFile
from runtime.kms import PREFIX as KMS_PREFIX
from runtime.kms import Kms
from runtime.settings import Settings
from runtime.wrapping import KeysUnavailable, Wrapped


class KeyEncryption:
    """Wraps with KMS where `KMS_KEY_ID` is set, else with the key file; unwraps what either wrapped.

    Raises:
        WeakKey: neither is set, or what is set cannot be used.
    """

    def __init__(self, settings: Settings) -> None:
        path, key_id = settings.encryption_key_file, settings.kms_key_id
        self._file = KeyFile(path) if path else None
        self._kms = Kms(key_id) if key_id else None
        current = self._kms or self._file
        if current is None:
            raise WeakKey("ENCRYPTION_KEY_FILE is not set, nor KMS_KEY_ID")
        self._current: Kms | KeyFile = current

    async def current(self) -> str:
        """The id of the current key.

        Raises:
            KeysUnavailable: it is away.
        """
        return await self._current.current()

    def is_current(self, key_id: str) -> bool:
        """Whether a key just wrapped with may still be used for that; waits for nobody."""
        return self._current.is_current(key_id)

    async def wrap(self, key: bytes, row_id: str) -> Wrapped:
        """Wrap the data key of one row with the current key.

        Raises:
            KeysUnavailable: it is away.
        """
        return await self._current.wrap(key, row_id)

    async def unwrap(self, wrapped: Wrapped, row_id: str) -> bytes:
        """The data key of one row.

        Raises:
            KeysUnavailable: the key that wrapped it is away.
            CannotOpen: it is damaged, or another row's.
        """
        if wrapped.key_id.startswith(KMS_PREFIX):
            if self._kms is None:  # KMS wrapped before, and does not any more
                self._kms = Kms(None)
            return await self._kms.unwrap(wrapped, row_id)
        if self._file is None:
            raise KeysUnavailable(f"wrapped with {wrapped.key_id!r}, and ENCRYPTION_KEY_FILE is not set")
        return await self._file.unwrap(wrapped, row_id)

    def mint(self) -> bool:
        """Give the key file a new current key. False where KMS wraps: its keys are made there."""
        if not isinstance(self._current, KeyFile):
            return False
        self._current.mint()
        return True

    def of_before(self, key_id: str) -> DataKey:
        """A key of the file itself, with which version 0.1 sealed.

        Raises:
            CannotOpen: the file has no such key.
        """
        if self._file is None:
            raise CannotOpen(f"no key {key_id!r}")
        return self._file.ring.key(key_id)

    def close(self) -> None:
        """Let go of threads and connections."""
        if self._kms is not None:
            self._kms.close()
