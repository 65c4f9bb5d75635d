"""Objects in S3. boto3 blocks, so calls run in threads of their own, bounded in time and number."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import IO, Any, ClassVar, TypeVar
from urllib.parse import urlsplit
from uuid import UUID

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from msgspec import Struct

from onboarding.errors import GangwayError
from runtime.settings import Settings

CHUNK = 1 << 20
_T = TypeVar("_T")


class StorageUnavailable(GangwayError):
    """S3 is away, or refuses us; trying again may help."""

    code: ClassVar[str] = "storage_unavailable"
    detail: ClassVar[str] = "The store of files is not available at the moment."


class Object(Struct, frozen=True, kw_only=True):
    """A file as a listing shows it; `size` in bytes."""

    key: str
    size: int


class Form(Struct, frozen=True, kw_only=True):
    """A form by which somebody may upload one object: `fields` go before the field `file`."""

    url: str
    fields: dict[str, str]


def prefix_of(tenant_id: str, user_id: str) -> str:
    """`tenants/<tenant>/users/<user>/`: under it lies every file of one person, whoever writes it.

    Export and erasure go by it; of pictures, which lie elsewhere, they go by the rows of `images`.

    Raises:
        ValueError: when an id is no UUID, which could make the prefix that of many.
    """
    return f"tenants/{UUID(tenant_id)}/users/{UUID(user_id)}/"


def upload_of_scan(tenant_id: str, user_id: str, scan_id: str) -> str:
    """Where an upload lies until it is scanned.

    Raises:
        ValueError: when an id is no UUID.
    """
    return f"{prefix_of(tenant_id, user_id)}scans/{UUID(scan_id)}"


def table_of_sync(tenant_id: str, user_id: str, sync_id: str) -> str:
    """Where the table of a sync lies.

    Raises:
        ValueError: when an id is no UUID.
    """
    return f"{prefix_of(tenant_id, user_id)}syncs/{UUID(sync_id)}.csv"


def file_of_import(tenant_id: str, user_id: str, import_id: str) -> str:
    """Where a table lies until it is imported.

    Raises:
        ValueError: when an id is no UUID.
    """
    return f"{prefix_of(tenant_id, user_id)}imports/{UUID(import_id)}"


def upload_of_image(tenant_id: str, user_id: str, image_id: str) -> str:
    """Where a picture lies that somebody uploads by themselves, until it was looked at.

    Raises:
        ValueError: when an id is no UUID.
    """
    return f"{prefix_of(tenant_id, user_id)}uploads/{UUID(image_id)}"


def key_of_image(tenant_id: str, image_id: str, extension: str, at: datetime) -> str:
    """`tenants/<tenant>/<yyyy>/<mm>/<uuid>.<ext>`: where a picture lies that was looked at.

    Raises:
        ValueError: when an id is no UUID.
    """
    return f"tenants/{UUID(tenant_id)}/{at:%Y/%m}/{UUID(image_id)}.{extension}"


def key_of_thumbnail(object_key: str) -> str:
    """Beside its picture."""
    return f"{object_key.rpartition('.')[0]}-320.webp"


def probing_client(settings: Settings) -> Any:
    """A client for any S3 that asks once and does not wait: the next probe is the second attempt."""
    return _client(settings, connect=1, read=1, attempts=1)


class Objects:
    """The bucket of the settings."""

    def __init__(self, settings: Settings, *, threads: int = 4, page: int = 1000) -> None:
        """Nothing is asked yet.

        Args:
            settings: where the bucket is.
            threads: calls at once.
            page: objects in a listing's answer, 1000 at most.
        """
        self._client = _client(settings, connect=2, read=10, attempts=2)
        self._bucket = settings.s3_bucket
        self._page = page
        self._threads = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="storage")

    async def pages(self, prefix: str) -> AsyncGenerator[list[Object]]:
        """What lies under a prefix, page by page, by key.

        Raises:
            StorageUnavailable: S3 is away.
        """
        more: dict[str, str] = {}
        while True:
            answer = await self._call(
                lambda: self._client.list_objects_v2(
                    Bucket=self._bucket,
                    Prefix=prefix,
                    MaxKeys=self._page,
                    **more,  # noqa: B023 - awaited at once
                )
            )
            yield [Object(key=each["Key"], size=each["Size"]) for each in answer.get("Contents", ())]
            if not answer.get("IsTruncated"):
                return
            more = {"ContinuationToken": answer["NextContinuationToken"]}

    async def delete(self, objects: list[Object]) -> None:
        """Delete a page of objects; those that are gone already are no error.

        Raises:
            StorageUnavailable: S3 is away, or keeps some of them.
        """
        keys = [{"Key": each.key} for each in objects]
        answer = await self._call(
            lambda: self._client.delete_objects(Bucket=self._bucket, Delete={"Objects": keys, "Quiet": True})
        )
        if answer.get("Errors"):
            raise StorageUnavailable

    async def put(self, key: str, content: IO[bytes], kind: str = "application/octet-stream") -> None:
        """Write an object, in place of one that has this key: all of it or nothing.

        Args:
            key: of the object.
            content: read from its beginning, in a thread of this class.
            kind: its media type, which whoever gets it is told.

        Raises:
            StorageUnavailable: S3 is away; the object may be there or not.
        """
        await self._call(lambda: self._put(key, content, kind))

    def _put(self, key: str, content: IO[bytes], kind: str) -> None:
        content.seek(0)
        self._client.put_object(Bucket=self._bucket, Key=key, Body=content, ContentType=kind)

    async def form(self, key: str, kind: str, *, at_most: int, seconds: int) -> Form:
        """A form that uploads one object, of this key and media type, of 1 to `at_most` bytes, for some seconds.

        S3 is not asked: it is signed here.
        """
        signed = await self._call(
            lambda: self._client.generate_presigned_post(
                Bucket=self._bucket,
                Key=key,
                Fields={"Content-Type": kind},
                Conditions=[{"Content-Type": kind}, ["content-length-range", 1, at_most]],
                ExpiresIn=seconds,
            )
        )
        return Form(url=signed["url"], fields=signed["fields"])

    async def link(self, key: str, kind: str, *, seconds: int) -> str:
        """An address under which anybody gets an object, for some seconds; signed here, as for `form`."""
        asked = {
            "Bucket": self._bucket,
            "Key": key,
            "ResponseContentType": kind,
            "ResponseContentDisposition": "inline",
            "ResponseCacheControl": f"private, max-age={seconds}",
        }
        return await self._call(
            lambda: self._client.generate_presigned_url("get_object", Params=asked, ExpiresIn=seconds)
        )

    async def copy(self, key: str, into: IO[bytes], at_most: int) -> int | None:
        """Write an object's bytes somewhere, chunk by chunk.

        Args:
            key: of the object.
            into: what is written to, in a thread of this class.
            at_most: bytes; of an object that grew meanwhile no more are taken.

        Returns:
            How many bytes, or None when the object is gone.

        Raises:
            StorageUnavailable: S3 is away, perhaps in the middle.
        """
        return await self._call(lambda: self._copy(key, into, at_most))

    def _copy(self, key: str, into: IO[bytes], at_most: int) -> int | None:
        try:
            body = self._client.get_object(Bucket=self._bucket, Key=key)["Body"]
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in ("NoSuchKey", "404"):
                return None
            raise
        left = at_most
        with body:
            while left and (chunk := body.read(min(CHUNK, left))):
                into.write(chunk)
                left -= len(chunk)
        return at_most - left

    async def _call(self, call: Callable[[], _T]) -> _T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, call)
        except (BotoCoreError, ClientError) as error:
            raise StorageUnavailable from error


def origin_of(settings: Settings) -> str:
    """Scheme and host of the addresses that `Objects` signs, which its library chooses where no server is set."""
    endpoint = settings.s3_endpoint_url or _client(settings, connect=2, read=10, attempts=1).meta.endpoint_url
    parts = urlsplit(endpoint)
    return f"{parts.scheme}://{parts.netloc}"


def _client(settings: Settings, *, connect: float, read: float, attempts: int) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=settings.s3_endpoint_url,
        region_name=settings.s3_region,
        aws_access_key_id=settings.s3_access_key_id,
        aws_secret_access_key=settings.s3_secret_access_key,
        config=Config(
            connect_timeout=connect,
            read_timeout=read,
            # Said here: for addresses that it signs, the library would take an older one, which knows no bounds.
            signature_version="s3v4",
            retries={"total_max_attempts": attempts},
            s3={"addressing_style": "path"},
        ),
    )
