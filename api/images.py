"""Pictures: `/uploads/images`, by which they come, and `/images`, where they are seen."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from litestar import Controller, Request, Response, delete, get, post
from litestar.exceptions import NotFoundException
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta, Struct

from api.body import Body
from api.deps import Deps, Principal, SignedIn, WithDeps
from api.image_form import FORM_BYTES, ImageForm, image_form, too_large, unsupported
from api.phones import session_of
from api.uploads import FORM_SECONDS, confirm, plan, store
from db import images
from db.images import Image
from onboarding.images import declared_kind
from runtime.pictures import THUMBNAIL_KIND
from runtime.storage import Object

LINK_SECONDS = 600
IMAGES = "/api/v1/images"

Size = Annotated[
    Literal["full", "thumbnail"], QueryParameter(description="`thumbnail` fits into 320 by 320 pixels.")
]
Redirect = Annotated[
    bool,
    QueryParameter(
        description="With `false` the answer is the signed address, for a page that cannot follow with its token."
    ),
]


class PresignBody(Body, frozen=True, kw_only=True):
    """A file that is to be uploaded; `size` in bytes."""

    file_name: Annotated[str, Meta(min_length=1, max_length=255)]
    content_type: Annotated[str, Meta(min_length=1, max_length=100)]
    size: Annotated[int, Meta(ge=1, le=2**53)]


class ConfirmBody(Body, frozen=True, kw_only=True):
    """The `object_key` of an upload that was made."""

    object_key: Annotated[str, Meta(min_length=1, max_length=300)]


class ImageOut(Struct, frozen=True, kw_only=True):
    """A picture as it is kept. `image_url` and `thumbnail_url` stay; they lead to signed addresses."""

    id: str
    object_key: str
    image_url: str
    thumbnail_url: str
    width: int
    height: int


class PresignedOut(Struct, frozen=True, kw_only=True):
    """Post `fields`, then the field `file`, to `url`; then confirm `object_key`, under which the image will be."""

    url: str
    fields: dict[str, str]
    object_key: str
    expires_at: datetime


class ImageLinkOut(Struct, frozen=True, kw_only=True):
    """Where a picture can be had until then, by whoever has the address."""

    url: str
    expires_at: datetime


class ImageUploadsController(Controller):
    """Pictures of one's own, on their way in."""

    path = "/uploads/images"
    tags = ("images",)

    @post(
        "/",
        opt={"uploads": FORM_BYTES, "form": ImageForm, "phone": True},
        request_max_body_size=FORM_BYTES,
    )
    async def upload(self, request: Request[Any, Any, Any], deps: WithDeps, principal: SignedIn) -> ImageOut:
        """Upload a picture. It is kept upright, without what its file says of place and camera; HEIC as JPEG."""
        async with image_form(request, deps.settings.image_max_bytes) as upload:
            return shown(await store(deps, principal, upload))

    @post("/presign", opt={"phone": True})
    async def presign(self, deps: WithDeps, principal: SignedIn, data: JSONBody[PresignBody]) -> PresignedOut:
        """A form by which one picture can be uploaded to the store of files itself, for ten minutes."""
        kind = declared_kind(data.content_type, data.file_name)
        if kind is None:
            raise unsupported()
        if data.size > deps.settings.image_max_bytes:
            raise too_large(deps.settings.image_max_bytes)
        until = datetime.now(UTC) + timedelta(seconds=FORM_SECONDS)
        planned = await plan(deps, principal, kind)
        return PresignedOut(
            url=planned.form.url, fields=planned.form.fields, object_key=planned.object_key, expires_at=until
        )

    @post("/confirm", status_code=200, opt={"phone": True})
    async def confirm(self, deps: WithDeps, principal: SignedIn, data: JSONBody[ConfirmBody]) -> ImageOut:
        """Say that a picture was uploaded: it is looked at, and kept as a direct upload is. Twice is once."""
        return shown(await confirm(deps, principal, data.object_key))


class ImagesController(Controller):
    """Pictures of one's own; a phone sees those of its session."""

    path = "/images"
    tags = ("images",)

    @get(
        "/{image_id:uuid}",
        opt={"phone": True},
        responses={
            200: ResponseSpec(ImageLinkOut, description="The signed address.", generate_examples=False),
            302: ResponseSpec(None, description="To the signed address.", generate_examples=False),
        },
    )
    async def read(
        self,
        image_id: FromPath[UUID],
        request: Request[Any, Any, Any],
        deps: WithDeps,
        principal: SignedIn,
        size: Size = "full",
        redirect: Redirect = True,
    ) -> Response[Any]:
        """To the picture: a redirect to an address that is signed for ten minutes."""
        image = await visible(request, deps, principal, str(image_id))
        assert image.thumbnail_key is not None
        key, kind = (
            (image.thumbnail_key, THUMBNAIL_KIND) if size == "thumbnail" else (image.object_key, image.kind)
        )
        until = datetime.now(UTC) + timedelta(seconds=LINK_SECONDS)
        url = await deps.objects.link(key, kind, seconds=LINK_SECONDS)
        headers = {"Cache-Control": f"private, max-age={LINK_SECONDS // 2}", "Vary": "Authorization"}
        if redirect:
            return Response(None, status_code=302, headers={**headers, "Location": url})
        return Response(ImageLinkOut(url=url, expires_at=until), headers=headers)

    @delete("/{image_id:uuid}")
    async def remove(self, image_id: FromPath[UUID], deps: WithDeps, principal: SignedIn) -> None:
        """Delete a picture; what showed it shows none then."""
        caller = principal.caller
        async with deps.database.transaction(caller) as connection:
            image = await images.let_go(connection, str(image_id), caller.user_id)
        if image is None:
            raise NotFoundException
        # What is not deleted here, because S3 or this process goes away, is swept.
        await deps.objects.delete([Object(key=key, size=0) for key in image.keys])
        async with deps.database.transaction(caller) as connection:
            await images.forget(connection, image.id, caller.user_id)


async def visible(request: Request[Any, Any, Any], deps: Deps, principal: Principal, image_id: str) -> Image:
    """An image that whoever asks may see.

    Raises:
        NotFoundException: there is none.
    """
    caller = principal.caller
    async with deps.database.transaction(caller) as connection:
        image = await images.get(connection, image_id, caller.user_id, session_of(request))
    if image is None:
        raise NotFoundException
    return image


def shown(image: Image) -> ImageOut:
    """An image that is ready, as it is told."""
    assert image.width is not None
    assert image.height is not None
    return ImageOut(
        id=image.id,
        object_key=image.object_key,
        image_url=url_of(image.id),
        thumbnail_url=f"{url_of(image.id)}?size=thumbnail",
        width=image.width,
        height=image.height,
    )


def url_of(image_id: str) -> str:
    """The address of a picture, which stays."""
    return f"{IMAGES}/{image_id}"
