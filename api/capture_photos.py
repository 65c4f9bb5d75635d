"""Photos of a capture session: `POST /capture/sessions/{capture_id}/photos`."""

from typing import Any
from uuid import UUID

import structlog
from litestar import Controller, Request, Response, post
from litestar.exceptions import NotFoundException
from litestar.openapi import ResponseSpec
from litestar.params import FromPath
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from api.capture_shapes import CapturedOut, ClientId, captured_out
from api.deps import Deps, Principal, SignedIn, WithDeps
from api.gateway import WorkflowsUnavailable
from api.image_form import ImageForm
from api.phones import session_of
from api.photo_form import DATA_URL_BYTES, PhotoBody, given_photo
from api.photos import order_of
from db import captures, images, photos
from db.captures import Captured
from db.images import Image
from runtime.storage import Object, StorageUnavailable

log = structlog.get_logger()


class CapturePhotoForm(ImageForm, frozen=True, kw_only=True):
    """A photo, and what the device calls it: sent again under that name, it is once."""

    client_item_id: ClientId | UnsetType = UNSET


class CapturePhotoBody(PhotoBody, frozen=True, kw_only=True):
    """A photo, and what the device calls it: sent again under that name, it is once."""

    client_item_id: ClientId | UnsetType = UNSET


class CapturePhotosController(Controller):
    """Photos, of the owner or of a phone."""

    path = "/capture/sessions/{capture_id:uuid}/photos"
    tags = ("capture",)

    @post(
        "/",
        opt={"uploads": DATA_URL_BYTES, "form": CapturePhotoForm, "json": CapturePhotoBody, "phone": True},
        request_max_body_size=DATA_URL_BYTES,
        responses={200: ResponseSpec(CapturedOut, description="It was there already.", generate_examples=False)},
    )
    async def add(
        self, capture_id: FromPath[UUID], request: Request[Any, Any, Any], deps: WithDeps, principal: SignedIn
    ) -> Response[CapturedOut]:
        """Add a photo to a session. What is seen in it comes later, and fills what nobody has written."""
        phone = session_of(request)
        caller = principal.caller
        async with deps.database.transaction(caller) as connection:
            # Before a picture is decoded for nothing.
            is_there = await photos.session_there(connection, str(capture_id), caller.user_id)
        if not is_there or phone not in (None, str(capture_id)):
            raise NotFoundException
        given = await given_photo(request, deps, principal, CapturePhotoBody, named=True)
        try:
            async with deps.database.transaction(caller) as connection:
                captured = await captures.add_photo(
                    connection,
                    str(capture_id),
                    caller.user_id,
                    image_id=given.image.id,
                    client_item_id=given.client_item_id,
                    added_by="phone" if phone else "owner",
                )
                if not captured.duplicate:
                    await photos.begin(connection, caller.tenant_id, caller.user_id, given.image.id)
        # Refused or cancelled: a picture that no session shows does not stay.
        except BaseException:
            if given.made:
                await _drop(deps, principal, given.image)
            raise
        if given.made and captured.item.image_id != given.image.id:
            await _drop(deps, principal, given.image)  # it was sent before, with another copy of the picture
        item = captured.item
        # One that is sent again may be so because Temporal, or the process that took it, had gone away.
        if item.enrichment == "pending" and item.image_id and item.deleted_at is None:
            await _have_analysed(deps, principal, str(capture_id), captured)
        return Response(captured_out(captured), status_code=200 if captured.duplicate else 201)


async def _have_analysed(deps: Deps, principal: Principal, session_id: str, captured: Captured) -> None:
    """Taking photos does not wait for Temporal: without it they stay without a name, for somebody to write."""
    caller, item = principal.caller, captured.item
    assert item.image_id is not None
    order = order_of(deps, caller.tenant_id, caller.user_id, item.image_id)
    try:
        await deps.gateway.analyse(replace(order, session_id=session_id, item_id=item.id))
    except WorkflowsUnavailable:
        log.warning("a photo is not analysed: workflows are away", item_id=item.id)


async def _drop(deps: Deps, principal: Principal, image: Image) -> None:
    """A picture that nothing shows goes; what stays of it, because something is away, is swept."""
    caller = principal.caller
    async with deps.database.transaction(caller) as connection:
        gone = await images.let_go(connection, image.id, caller.user_id)
    if gone is None:
        return
    try:
        await deps.objects.delete([Object(key=key, size=0) for key in gone.keys])
    except StorageUnavailable:
        log.warning("a picture is left for the sweep", image_id=image.id)
        return
    async with deps.database.transaction(caller) as connection:
        await images.forget(connection, image.id, caller.user_id)
