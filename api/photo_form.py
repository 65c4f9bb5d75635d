"""How a photo is given: as a file of a form, as an image that is there, or as a data URL."""

import base64
import binascii
from collections.abc import Iterator
from typing import Annotated, Any, TypeVar, cast

from litestar import Request
from msgspec import UNSET, Meta, Struct, UnsetType

from api.body import MULTIPART, UPLOADS_WITHIN_SECONDS, Body, parse_json, read_body, within
from api.capture_shapes import ClientId
from api.deps import Deps, Principal
from api.image_form import AROUND_BYTES, FORM_BYTES, Upload, image_form, too_large, unsupported
from api.images import visible
from api.parameters import UUID_PATTERN
from api.problems import Code, ProblemError
from api.spooling import announced_within
from api.uploads import confirm, store
from db.images import Image
from onboarding.answers import rule
from onboarding.images import declared_kind, kind_of_data_url
from onboarding.payloads import FieldError
from runtime.pictures import in_thread

DATA_URL_BYTES = FORM_BYTES * 4 // 3 + AROUND_BYTES
"""The most that a body can be: a file as text is a third longer."""

HEAD_CHARACTERS = 200
"""Of a data URL, in which it must say what it is."""

CLIENT_ID_CHARACTERS = 100
_WAYS = ("image_id", "object_key", "data_url")
PhotoT = TypeVar("PhotoT", bound="PhotoBody")


class PhotoBody(Body, frozen=True, kw_only=True):
    """A photo, in one of three ways: an image that is there, an upload that was made, or the picture as base64."""

    image_id: Annotated[str, Meta(pattern=UUID_PATTERN)] | UnsetType = UNSET
    object_key: Annotated[str, Meta(min_length=1, max_length=300)] | UnsetType = UNSET
    data_url: Annotated[str, Meta(min_length=1, description="`data:image/jpeg;base64,...`")] | UnsetType = UNSET

    @rule
    def one_way(self) -> Iterator[FieldError]:
        """One of the three, and no other."""
        given = [name for name in _WAYS if isinstance(getattr(self, name), str)]
        for name in given[1:]:
            yield FieldError(field=name, code="only_one", detail="give one of image_id, object_key and data_url")
        if not given:
            detail = "give an image_id, an object_key or a data_url"
            yield FieldError(field="image_id", code="required", detail=detail)


class _Named(Body, frozen=True, kw_only=True):
    client_item_id: ClientId | UnsetType = UNSET


class Given(Struct, frozen=True, kw_only=True):
    """The image of a photo; `made` when this very request has brought it."""

    image: Image
    made: bool
    client_item_id: str | None = None


async def given_photo(
    request: Request[Any, Any, Any],
    deps: Deps,
    principal: Principal,
    kind: type[PhotoBody],
    *,
    named: bool = False,
) -> Given:
    """The photo that a request is about, kept as an image.

    Args:
        request: with a multipart form, or JSON.
        deps: as handlers have them.
        principal: whose photo it is.
        kind: of the JSON body.
        named: whether a form may name it by a `client_item_id`.

    Raises:
        ProblemError: as for an upload, or for a body.
        NotFoundException: no such image is theirs.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type == MULTIPART:
        texts = {"client_item_id": CLIENT_ID_CHARACTERS} if named else {}
        async with image_form(request, deps.settings.image_max_bytes, texts) as upload:
            name = read_body(_Named, dict(upload.texts)).client_item_id or None
            return Given(image=await store(deps, principal, upload), made=True, client_item_id=name)
    if media_type != "application/json" and not media_type.endswith("+json"):
        raise ProblemError(415, Code.UNSUPPORTED_MEDIA_TYPE, f"The body must be {MULTIPART} or JSON.")
    body, content = await _json(request, deps, kind)
    client_item_id = getattr(body, "client_item_id", None) or None
    if isinstance(body.image_id, str):
        image = await visible(request, deps, principal, body.image_id)
    elif isinstance(body.object_key, str):
        image = await confirm(deps, principal, body.object_key)
    else:
        upload = await in_thread(lambda: _upload(str(body.data_url), content, deps.settings.image_max_bytes))
        return Given(image=await store(deps, principal, upload), made=True, client_item_id=client_item_id)
    return Given(image=image, made=False, client_item_id=client_item_id)


async def _json(request: Request[Any, Any, Any], deps: Deps, kind: type[PhotoT]) -> tuple[PhotoT, str]:
    """The body, and what follows the head of its data URL: a text of megabytes is not read as one by people is."""
    announced_within(request.scope, deps.settings.image_max_bytes * 4 // 3 + AROUND_BYTES)
    raw = await within(Request.body(request), UPLOADS_WITHIN_SECONDS)
    data = await in_thread(lambda: parse_json(raw))
    content = ""
    if isinstance(data, dict):
        fields = cast(dict[str, Any], data)
        if isinstance(url := fields.get("data_url"), str):
            head, _, content = url.partition(",")
            fields["data_url"] = head[:HEAD_CHARACTERS]
    return read_body(kind, data), content


def _upload(head: str, content: str, at_most: int) -> Upload:
    media_type = kind_of_data_url(head)
    try:
        if media_type is None:
            raise ValueError(head)
        decoded = base64.b64decode(content.encode("ascii"), validate=True)
    except (binascii.Error, ValueError):
        error = FieldError(field="data_url", code="bad_format", detail="must be data:image/...;base64,...")
        raise ProblemError(400, Code.VALIDATION_ERROR, "The request is not valid.", errors=(error,)) from None
    if len(decoded) > at_most:
        raise too_large(at_most)
    kind = declared_kind(media_type, None)
    if kind is None:
        raise unsupported()
    return Upload(content=decoded, kind=kind, texts={})
