"""Key-encryption keys in AWS KMS. boto3 blocks, so calls run in threads of their own, and not for long."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Lock
from typing import Any

from boto3.session import Session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from runtime.encryption import CannotOpen, WeakKey
from runtime.wrapping import KeysUnavailable, Wrapped, place_of_row

PREFIX = "kms:"
AT_ONCE = 8
ANSWER_SECONDS = 4.0
"""With both attempts and a wait for a thread; less than a statement of the database may take."""

_CONFIG = Config(
    connect_timeout=1,
    read_timeout=1.5,
    retries={"mode": "standard", "total_max_attempts": 2},
    max_pool_connections=AT_ONCE,
)
_NOT_ITS_OWN = {"InvalidCiphertextException", "IncorrectKeyException"}


class Kms:
    """Wraps data keys under a key of AWS KMS. Credentials and endpoint are found by boto3 itself.

    Args:
        key_id: the current key: id, ARN or alias. None where KMS only unwraps what it wrapped before.

    Raises:
        WeakKey: boto3 cannot tell the region, or is set up wrongly.
    """

    def __init__(self, key_id: str | None) -> None:
        self._key_id = key_id
        self._session = Session()
        self._clients: dict[str | None, Any] = {}
        self._making = Lock()
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="kms")
        if key_id is not None:
            try:
                self._client(_region(key_id))
            except BotoCoreError as error:
                raise WeakKey(f"KMS_KEY_ID: {error}") from None

    def __repr__(self) -> str:
        return f"Kms({self._key_id!r})"

    async def current(self) -> str:
        """The ARN of the current key, by way of wrapping nothing: that needs no other permission."""
        return (await self.wrap(b"\0", "none")).key_id

    def is_current(self, key_id: str) -> bool:
        """Always so: the current key is a setting, which does not change while the process runs."""
        return key_id.startswith(PREFIX)

    async def wrap(self, key: bytes, row_id: str) -> Wrapped:
        """Wrap with the current key."""
        assert self._key_id is not None
        answer = await self._call(
            "encrypt", self._key_id, KeyId=self._key_id, Plaintext=key, EncryptionContext=_context(row_id)
        )
        return Wrapped(PREFIX + answer["KeyId"], answer["CiphertextBlob"])

    async def unwrap(self, wrapped: Wrapped, row_id: str) -> bytes:
        """Unwrap with the key that wrapped, in its own region."""
        arn = wrapped.key_id.removeprefix(PREFIX)
        answer = await self._call(
            "decrypt", arn, KeyId=arn, CiphertextBlob=wrapped.data, EncryptionContext=_context(row_id)
        )
        return answer["Plaintext"]

    def close(self) -> None:
        """Let go of threads and connections, without waiting for an answer."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        for client in self._clients.values():
            client.close()

    async def _call(self, operation: str, key_id: str, **arguments: Any) -> dict[str, Any]:
        call = partial(self._blocking, operation, _region(key_id), arguments)
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await asyncio.get_running_loop().run_in_executor(self._threads, call)
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            if code in _NOT_ITS_OWN:
                raise CannotOpen("damaged, or wrapped for another row") from None
            raise KeysUnavailable(f"AWS KMS says {code}") from error
        except (BotoCoreError, OSError) as error:  # TimeoutError is one of the latter
            raise KeysUnavailable(f"AWS KMS: {type(error).__name__}") from error

    def _blocking(self, operation: str, region: str | None, arguments: dict[str, Any]) -> dict[str, Any]:
        return getattr(self._client(region), operation)(**arguments)

    def _client(self, region: str | None) -> Any:
        with self._making:  # a session is not for several threads at once; the clients it makes are
            if region not in self._clients:
                self._clients[region] = self._session.client("kms", region_name=region, config=_CONFIG)
            return self._clients[region]


def _region(key_id: str) -> str | None:
    """Of an ARN its own, of anything else the one that boto3 is set up with."""
    parts = key_id.split(":")
    return parts[3] if parts[0] == "arn" and len(parts) > 3 else None


def _context(row_id: str) -> dict[str, str]:
    return {"place": place_of_row(row_id)}
