"""How a picture gets into the store of files: looked at first, and written down before any object is there."""

import io
from datetime import UTC, datetime

import structlog
from litestar.exceptions import NotFoundException
from msgspec import Struct
from uuid_utils.compat import uuid7

from api.deps import Deps, Principal
from api.image_form import Upload, too_large
from api.problems import Code, ProblemError
from db import images
from db.images import Image
from db.runs import PersonGone
from onboarding.images import EXTENSIONS, Kind
from runtime.pictures import THUMBNAIL_KIND, ImageUnreadable, OtherKind, Picture, cleaned
from runtime.storage import (
    Form,
    Object,
    StorageUnavailable,
    key_of_image,
    key_of_thumbnail,
    upload_of_image,
)

FORM_SECONDS = 600
"""For which a form that was signed may be used."""

log = structlog.get_logger()


class Planned(Struct, frozen=True, kw_only=True):
    """An upload that somebody may make by themselves, to another key than the one that the image will have."""

    form: Form
    object_key: str


async def store(deps: Deps, principal: Principal, upload: Upload) -> Image:
    """Keep a picture that came with a request.

    Raises:
        ProblemError: 400 for one that cannot be read, 415 for one of another kind than it is said to be.
        StorageUnavailable: nothing is kept; what is there of it is swept.
    """
    try:
        picture = await cleaned(upload.content, upload.kind)
    except OtherKind as error:
        raise ProblemError(415, Code.UNSUPPORTED_MEDIA_TYPE, error.detail) from None
    except ImageUnreadable as error:
        raise unreadable(error) from None
    image = await _begin(deps, principal, picture.kind)
    return await _keep(deps, principal, image, picture, uploaded=False)


async def plan(deps: Deps, principal: Principal, kind: Kind) -> Planned:
    """Let somebody upload a picture by themselves; it is one once it was confirmed."""
    image = await _begin(deps, principal, kind)
    caller = principal.caller
    form = await deps.objects.form(
        upload_of_image(caller.tenant_id, caller.user_id, image.id),
        kind,
        at_most=deps.settings.image_max_bytes,
        seconds=FORM_SECONDS,
    )
    return Planned(form=form, object_key=image.object_key)


async def confirm(deps: Deps, principal: Principal, object_key: str) -> Image:
    """Look at what somebody uploaded, and keep it; twice is once.

    Raises:
        NotFoundException: no such upload is theirs, or its time is over.
        ProblemError: 409 while nothing is uploaded; 400 and 413 for what is no picture, which is deleted.
        StorageUnavailable: it can be confirmed again.
    """
    caller = principal.caller
    async with deps.database.transaction(caller) as connection:
        image = await images.by_key(connection, object_key, caller.user_id, principal.phone_of)
        held = image is not None and not image.ready and await images.hold(connection, image.id, caller.user_id)
    if image is not None and image.ready:
        return image
    if image is None or not held:
        raise NotFoundException
    key = upload_of_image(caller.tenant_id, caller.user_id, image.id)
    try:
        picture = await _looked_at(deps, key, image.kind)
    except ProblemError as error:
        if error.code is not Code.IMAGE_NOT_UPLOADED:
            await deps.objects.delete([Object(key=key, size=0)])
        elif done := await _ready(deps, principal, image):
            return done  # by the same request, sent twice at once
        raise
    kept = await _keep(deps, principal, image, picture, uploaded=True)
    try:
        await deps.objects.delete([Object(key=key, size=0)])
    except StorageUnavailable:
        log.warning("an upload is left for the sweep", image_id=image.id)
    return kept


def unreadable(error: ImageUnreadable) -> ProblemError:
    """400 for what is no picture."""
    return ProblemError(400, Code.IMAGE_UNREADABLE, error.detail)


async def _looked_at(deps: Deps, key: str, kind: Kind) -> Picture:
    at_most = deps.settings.image_max_bytes
    content = io.BytesIO()
    size = await deps.objects.copy(key, content, at_most + 1)
    if size is None:
        detail = "Nothing was uploaded yet: send the form first."
        raise ProblemError(409, Code.IMAGE_NOT_UPLOADED, detail)
    if size > at_most:
        raise too_large(at_most)
    try:
        return await cleaned(content.getvalue(), kind)
    except ImageUnreadable as error:
        raise unreadable(error) from None


async def _ready(deps: Deps, principal: Principal, image: Image) -> Image | None:
    async with deps.database.transaction(principal.caller) as connection:
        return await images.get(connection, image.id, principal.caller.user_id)


async def _begin(deps: Deps, principal: Principal, kind: Kind) -> Image:
    caller, image_id = principal.caller, str(uuid7())
    object_key = key_of_image(caller.tenant_id, image_id, EXTENSIONS[kind], datetime.now(UTC))
    thumbnail_key = key_of_thumbnail(object_key)
    async with deps.database.transaction(caller) as connection:
        await images.begin(
            connection,
            image_id=image_id,
            tenant_id=caller.tenant_id,
            user_id=caller.user_id,
            object_key=object_key,
            thumbnail_key=thumbnail_key,
            kind=kind,
            session_id=principal.phone_of,
        )
    return Image(
        id=image_id,
        object_key=object_key,
        thumbnail_key=thumbnail_key,
        kind=kind,
        ready=False,
        size=None,
        width=None,
        height=None,
    )


async def _keep(deps: Deps, principal: Principal, image: Image, picture: Picture, *, uploaded: bool) -> Image:
    """Objects, then the row. Where the row must not be any more, or is another's doing, the objects follow it."""
    assert image.thumbnail_key is not None
    await deps.objects.put(image.object_key, io.BytesIO(picture.content), picture.kind)
    await deps.objects.put(image.thumbnail_key, io.BytesIO(picture.thumbnail), THUMBNAIL_KIND)
    caller = principal.caller
    async with deps.database.transaction(caller) as connection:
        await images.settle(
            connection,
            image.id,
            caller.user_id,
            kind=picture.kind,
            size=len(picture.content),
            width=picture.width,
            height=picture.height,
            uploaded=uploaded,
        )
    kept = await _ready(deps, principal, image)
    if kept is None:
        # They are being erased: their files were listed before these were there.
        await deps.objects.delete([Object(key=key, size=0) for key in image.keys])
        raise PersonGone
    return kept
