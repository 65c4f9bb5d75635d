"""What is in a photo: `POST /photos/analyze`."""

from typing import Any, Literal

from litestar import Controller, Request, post
from msgspec import Struct

from api.deps import Deps, SignedIn, WithDeps
from api.gateway import WorkflowsUnavailable
from api.image_form import ImageForm
from api.images import url_of
from api.limits import spending
from api.photo_form import DATA_URL_BYTES, PhotoBody, given_photo
from db import photos
from onboarding.payloads import PhotoOrder
from onboarding.photos import Analysis, Barcode

MODEL_SECONDS = 20.0
"""For a model that looks at a photo, where the settings do not give it less: somebody waits."""

PATIENCE_SECONDS = 12.0
"""Beyond that: for the way to a worker and back, and for what is read there."""


class AnalysisOut(Struct, frozen=True, kw_only=True):
    """What is in a photo. With `degraded` no model has looked at it, and only codes were read."""

    image_id: str
    image_url: str
    suggested_name: str | None
    suggested_supplier: str | None
    detected_barcodes: tuple[Barcode, ...]
    extracted_text: tuple[str, ...]
    is_internal_item: bool
    confidence: float
    notes: str | None
    source: Literal["local", "ai"]
    degraded: bool


class PhotosController(Controller):
    """Photos of one's own."""

    path = "/photos"
    tags = ("images",)

    @post(
        "/analyze",
        status_code=200,
        opt={"uploads": DATA_URL_BYTES, "form": ImageForm, "json": PhotoBody, "phone": True},
        request_max_body_size=DATA_URL_BYTES,
    )
    async def analyze(self, request: Request[Any, Any, Any], deps: WithDeps, principal: SignedIn) -> AnalysisOut:
        """Say what is in a photo: codes are read here, then a model is asked, if there is one.

        A photo that comes with the request is kept as an image. One that was looked at before costs nothing again.
        """
        async with spending(deps, principal, "photo"):
            image = (await given_photo(request, deps, principal, PhotoBody)).image
            caller = principal.caller
            async with deps.database.transaction(caller) as connection:
                await photos.begin(connection, caller.tenant_id, caller.user_id, image.id)
            order = order_of(deps, caller.tenant_id, caller.user_id, image.id)
            await deps.gateway.analyse(order)
            await deps.gateway.analysed(order, order.timeout_seconds + PATIENCE_SECONDS)
            async with deps.database.transaction(caller) as connection:
                standing = await photos.standing(connection, image.id, caller.user_id)
        if standing is None or standing.result is None:
            raise WorkflowsUnavailable
        return told(image.id, standing.result)


def order_of(deps: Deps, tenant_id: str, user_id: str, image_id: str) -> PhotoOrder:
    """To analyse an image."""
    return PhotoOrder(
        image_id=image_id,
        tenant_id=tenant_id,
        user_id=user_id,
        timeout_seconds=min(deps.settings.ai_timeout_seconds, MODEL_SECONDS),
    )


def told(image_id: str, found: Analysis) -> AnalysisOut:
    """What was found, as it is told."""
    return AnalysisOut(
        image_id=image_id,
        image_url=url_of(image_id),
        suggested_name=found.suggested_name,
        suggested_supplier=found.suggested_supplier,
        detected_barcodes=found.detected_barcodes,
        extracted_text=found.extracted_text,
        is_internal_item=found.is_internal_item,
        confidence=found.confidence,
        notes=found.notes,
        source=found.source,
        degraded=found.degraded,
    )
