"""`GET /users/{id}/export`: everything about one person as a ZIP, put together in a file that has no name."""

import asyncio
import tempfile
import zipfile
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import IO, TypeVar
from urllib.parse import quote
from uuid import UUID

import msgspec
from litestar import Controller, get
from litestar.exceptions import NotFoundException
from litestar.openapi import ResponseSpec
from litestar.params import FromPath
from litestar.response import Stream
from msgspec import Struct, field

from api.deps import Deps, SignedIn, WithDeps
from api.erasures import receipt_of
from api.problems import Code, ProblemError
from db import images, takeout
from db.erasures import eraser
from runtime.storage import CHUNK, Object, prefix_of

AT_ONCE = 4
"""Exports of one process that are being put together: each has a connection, and space on the disk."""

OBJECT_BYTES = 200_000_000
OBJECTS = 10_000
"""Of files in one export; what is beyond is told in the manifest."""

NAMED_AT_MOST = 1000
T = TypeVar("T")

_threads = ThreadPoolExecutor(max_workers=AT_ONCE, thread_name_prefix="takeout")
_places = asyncio.Semaphore(AT_ONCE)


class LeftOut(Struct, frozen=True, kw_only=True):
    """A file that is not in the export: `too_large` or `too_many` beside the others, or `gone`: empty there."""

    key: str
    size: int
    reason: str


class Manifest(Struct, kw_only=True):
    """`manifest.json`: how much is in each file; `left_out` names the first thousand."""

    user_id: str
    created_at: datetime
    items: dict[str, int] = field(default_factory=dict)
    objects: int = 0
    object_bytes: int = 0
    left_out_count: int = 0
    left_out: list[LeftOut] = field(default_factory=list)


class TakeoutController(Controller):
    """A person's own copy."""

    path = "/users"
    tags = ("users",)

    @get(
        "/{user_id:uuid}/export",
        media_type="application/zip",
        responses={
            200: ResponseSpec(
                bytes, media_type="application/zip", description="The archive.", generate_examples=False
            )
        },
    )
    async def export(self, user_id: FromPath[UUID], deps: WithDeps, principal: SignedIn) -> Stream:
        """Everything about oneself, or as an admin about somebody of the tenant: JSON, and files, as a ZIP."""
        person = str(user_id)
        if await receipt_of(deps, principal, person):
            raise NotFoundException
        if _places.locked():
            headers = {"Retry-After": "10"}
            raise ProblemError(429, Code.RATE_LIMITED, "Too many exports at once.", headers=headers)
        async with _places:
            file = await _put_together(deps, principal.caller.tenant_id, person)
        headers = {
            "Content-Disposition": 'attachment; filename="export.zip"',
            "Content-Length": str(file.seek(0, 2)),
            "Cache-Control": "no-store",
        }
        return Stream(_sent(file), media_type="application/zip", headers=headers)


async def _put_together(deps: Deps, tenant_id: str, person: str) -> IO[bytes]:
    file = tempfile.TemporaryFile()  # noqa: SIM115 - closed when it has been sent
    try:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            manifest = Manifest(user_id=person, created_at=datetime.now(UTC))
            await _add_rows(deps, archive, tenant_id, manifest)
            await _add_objects(deps, archive, prefix_of(tenant_id, person), manifest)
            await _add_images(deps, archive, tenant_id, manifest)
            archive.writestr("manifest.json", msgspec.json.format(msgspec.json.encode(manifest), indent=2))
    # Whoever hung up meanwhile wants no archive, and it leaves no file open.
    except BaseException:
        file.close()
        raise
    return file


async def _add_rows(deps: Deps, archive: zipfile.ZipFile, tenant_id: str, manifest: Manifest) -> None:
    person = manifest.user_id
    async with deps.database.transaction(eraser(tenant_id, person)) as connection:
        await takeout.begin(connection)
        for name in takeout.FILES:
            manifest.items[name] = 0
            with archive.open(name, "w") as entry:
                async for page in takeout.pages(connection, name, person):
                    texts = [",\n" if manifest.items[name] else "[\n", ",\n".join(map(_indented, page))]
                    manifest.items[name] += len(page)
                    await _in_thread(lambda: entry.write("".join(texts).encode()))  # noqa: B023 - awaited at once
                entry.write(b"\n]\n" if manifest.items[name] else b"[]\n")


async def _add_objects(deps: Deps, archive: zipfile.ZipFile, prefix: str, manifest: Manifest) -> None:
    async for page in deps.objects.pages(prefix):
        for each in page:
            await _add_object(deps, archive, each, each.key.removeprefix(prefix), manifest)


async def _add_images(deps: Deps, archive: zipfile.ZipFile, tenant_id: str, manifest: Manifest) -> None:
    """Pictures of theirs lie among the tenant's files; their small copies say nothing more."""
    after: str | None = None
    while True:
        async with deps.database.transaction(eraser(tenant_id, manifest.user_id)) as connection:
            page = await images.of_person(connection, manifest.user_id, after)
        for image in page:
            if image.ready:
                each = Object(key=image.object_key, size=image.size or 0)
                await _add_object(deps, archive, each, f"images/{image.object_key.rpartition('/')[2]}", manifest)
        if not page:
            return
        after = page[-1].id


async def _add_object(deps: Deps, archive: zipfile.ZipFile, each: Object, name: str, manifest: Manifest) -> None:
    if manifest.object_bytes + each.size > OBJECT_BYTES:
        _leave_out(manifest, each, "too_large")
        return
    if manifest.objects == OBJECTS:
        _leave_out(manifest, each, "too_many")
        return
    info = zipfile.ZipInfo(f"objects/{name_inside(name)}")
    info.file_size = each.size
    with archive.open(info, "w") as entry:
        copied = await deps.objects.copy(each.key, entry, each.size)
    if copied is None:
        _leave_out(manifest, each, "gone")
    else:
        manifest.objects += 1
        manifest.object_bytes += copied


def _leave_out(manifest: Manifest, left: Object, reason: str) -> None:
    manifest.left_out_count += 1
    if len(manifest.left_out) < NAMED_AT_MOST:
        manifest.left_out.append(LeftOut(key=left.key, size=left.size, reason=reason))


def name_inside(key: str) -> str:
    """An object's key as a path that leads nowhere out of the folder that somebody unpacks.

    >>> name_inside("captures/meal 1.jpg"), name_inside("../../.ssh//x")
    ('captures/meal 1.jpg', '%2E%2E/%2E%2E/.ssh/%/x')
    """
    parts = (quote(part, safe=" !$&'()+,;=@[]") or "%" for part in key.split("/"))
    return "/".join(part.replace(".", "%2E") if part in (".", "..") else part for part in parts)


def _indented(item: str) -> str:
    return msgspec.json.format(item, indent=2)


async def _sent(file: IO[bytes]) -> AsyncGenerator[bytes]:
    try:
        file.seek(0)
        while chunk := await _in_thread(lambda: file.read(CHUNK)):
            yield chunk
    finally:
        file.close()


async def _in_thread(call: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(_threads, call)
