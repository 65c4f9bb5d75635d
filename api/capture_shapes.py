"""What capture sessions and their items look like outside."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

from api.body import Body
from api.paging import Page
from db.capture_sessions import CaptureSession, Kind, State
from db.captures import BARCODES_AT_MOST, PHOTOS_AT_MOST, SCANS_AT_ONCE, AddedBy, Captured, CaptureItem, Scan
from onboarding.answers import rule
from onboarding.gtin import CODE_CHARACTERS, read_code
from onboarding.moments import moment, no_moment
from onboarding.payloads import FieldError
from onboarding.reading import has_markup

KINDS: tuple[Kind, ...] = ("barcode", "photo")
QUANTITY_AT_MOST = 100_000
EDITABLE = ("name", "brand", "category", "note")
"""Details that people write; beside them there is the quantity."""

_SEPARATOR = "\x1d"
"""Between the parts of a GS1 element string; scanners send it."""


def unreadable(text: str) -> tuple[str, str] | None:
    """What is wrong with a code, if anything."""
    bare = text.replace(_SEPARATOR, "").strip()
    if not bare.isprintable():
        return "control_character", "must not contain control characters"
    if has_markup(bare):
        return "markup", "must be plain text without tags"
    return None if _read(text).code else ("too_short", "has nothing in it")


Barcode = Annotated[
    str, Meta(min_length=1, max_length=CODE_CHARACTERS, extra={"verbatim": True, "check": unreadable})
]
Symbology = Annotated[str, Meta(pattern="^[A-Za-z0-9][A-Za-z0-9_ -]*$", max_length=30)]
Origin = Annotated[str, Meta(pattern="^[A-Za-z0-9][A-Za-z0-9_.-]*$", max_length=30)]
ClientId = Annotated[str, Meta(pattern="^[A-Za-z0-9_.:-]+$", min_length=1, max_length=100)]
Moment = Annotated[str, Meta(max_length=40, extra={"check": no_moment})]


class OpenBody(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the session is for. Both kinds by default."""

    run_id: Annotated[str, Meta(pattern="^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")] | None = None
    kinds: Annotated[
        list[Kind],
        Meta(min_length=1, max_length=2, extra={"unique": True}, extra_json_schema={"uniqueItems": True}),
    ] = field(default_factory=lambda: list[Kind](KINDS))


class ScanBody(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A code as it was read; `barcode_type` as scanners call it: `ean_13`, `upc_e`, `code_128`, `qr_code`.

    `client_item_id` is the device's own name for this scan: sent again it does not count again.
    """

    barcode: Barcode
    barcode_type: Symbology | None = None
    scanned_at: Moment | None = None
    source: Origin | None = None
    client_item_id: ClientId | None = None


class ScansBody(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One code, or under `barcodes` up to 50."""

    barcode: Barcode | UnsetType = UNSET
    barcode_type: Symbology | None = None
    scanned_at: Moment | None = None
    source: Origin | None = None
    client_item_id: ClientId | None = None
    barcodes: Annotated[list[ScanBody], Meta(min_length=1, max_length=SCANS_AT_ONCE)] | UnsetType = UNSET

    @rule
    def one_or_many(self) -> Iterator[FieldError]:
        """One of both, and not the details of one beside many."""
        if self.barcodes is UNSET:
            if self.barcode is UNSET:
                yield FieldError(field="barcode", code="required", detail="is required, or `barcodes`")
            return
        for name in ("barcode", "barcode_type", "scanned_at", "source", "client_item_id"):
            if getattr(self, name) not in (None, UNSET):
                yield FieldError(field=name, code="not_allowed", detail="does not go with `barcodes`")

    def scans(self) -> list[Scan]:
        """All of them."""
        return [_read_scan(each) for each in ([self] if self.barcodes is UNSET else self.barcodes)]


class ItemChanges(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What somebody says of an item; null clears a text. A wrong code is deleted and scanned anew."""

    name: Annotated[
        Annotated[str, Meta(min_length=1, max_length=300)] | UnsetType | None, Meta(extra={"clears": True})
    ] = UNSET
    brand: Annotated[
        Annotated[str, Meta(min_length=1, max_length=300)] | UnsetType | None, Meta(extra={"clears": True})
    ] = UNSET
    category: Annotated[
        Annotated[str, Meta(min_length=1, max_length=100)] | UnsetType | None, Meta(extra={"clears": True})
    ] = UNSET
    note: Annotated[
        Annotated[str, Meta(min_length=1, max_length=1000, extra={"lines": True})] | UnsetType | None,
        Meta(extra={"clears": True}),
    ] = UNSET
    quantity: Annotated[int, Meta(ge=1, le=QUANTITY_AT_MOST)] | UnsetType = UNSET

    def details(self) -> dict[str, str | None]:
        """The texts that are given."""
        given = {name: getattr(self, name) for name in EDITABLE}
        return {name: text for name, text in given.items() if text is not UNSET}


class LimitsOut(Struct, frozen=True, kw_only=True):
    """How much a session takes."""

    barcodes: int
    photos: int
    barcodes_at_once: int
    image_bytes: int


class CountsOut(Struct, frozen=True, kw_only=True):
    """How many items there are."""

    barcodes: int
    photos: int


class SessionOut(Struct, frozen=True, kw_only=True):
    """A session. It lasts until `expires_at`, which moves with its use, up to `ends_at`."""

    session_id: str
    run_id: str | None
    status: State
    kinds: list[Kind]
    version: int
    counts: CountsOut
    limits: LimitsOut
    created_at: datetime
    expires_at: datetime
    ends_at: datetime
    closed_at: datetime | None


class OpenedOut(SessionOut, frozen=True, kw_only=True):
    """A session with the links for a phone, told this once: the token stands in their fragment.

    A link is null when the session does not take its kind; `qr_svg` draws the first that there is.
    """

    mobile_barcode_url: str | None
    mobile_photo_url: str | None
    qr_svg: str


class CaptureItemOut(Struct, frozen=True, kw_only=True):
    """A barcode or a photo. `version` is the `ETag` for `If-Match`, and the offset for `since`.

    `edited` names what a person wrote: no lookup writes it over.
    """

    id: str
    kind: Kind
    barcode: str | None
    barcode_type: str | None
    gtin: str | None
    quantity: int
    name: str | None
    brand: str | None
    category: str | None
    note: str | None
    image_id: str | None
    image_url: str | None
    thumbnail_url: str | None
    added_by: AddedBy
    source: str | None
    enrichment: Literal["none", "pending", "done", "failed"]
    edited: list[str]
    edited_at: datetime | None
    version: int
    scanned_at: datetime | None
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None


class CapturedOut(CaptureItemOut, frozen=True, kw_only=True):
    """What became of a scan: `duplicate` when its item was there already, `repeated` when it was sent before."""

    duplicate: bool
    repeated: bool


class CapturedListOut(Struct, frozen=True, kw_only=True):
    """What became of several, in their order."""

    items: list[CapturedOut]


class CaptureItemPage(Page[CaptureItemOut], frozen=True, kw_only=True):
    """Items of a session, as it was at `version`."""

    version: int


def session_fields(session: CaptureSession, image_bytes: int) -> dict[str, Any]:
    """A session as it is shown."""
    return {
        "session_id": session.id,
        "run_id": session.run_id,
        "status": session.status,
        "kinds": session.kinds,
        "version": session.version,
        "counts": CountsOut(barcodes=session.barcodes, photos=session.photos),
        "limits": LimitsOut(
            barcodes=BARCODES_AT_MOST,
            photos=PHOTOS_AT_MOST,
            barcodes_at_once=SCANS_AT_ONCE,
            image_bytes=image_bytes,
        ),
        "created_at": session.created_at,
        "expires_at": session.expires_at,
        "ends_at": session.ends_at,
        "closed_at": session.closed_at,
    }


def item_fields(item: CaptureItem) -> dict[str, Any]:
    """An item as it is shown."""
    picture = f"/api/v1/images/{item.image_id}" if item.image_id else None
    return {
        "id": item.id,
        "kind": item.kind,
        "barcode": item.code,
        "barcode_type": item.code_type,
        "gtin": item.gtin,
        "quantity": item.quantity,
        **{name: item.details.get(name) for name in EDITABLE},
        "image_id": item.image_id,
        "image_url": picture or item.details.get("image_url"),
        "thumbnail_url": picture and f"{picture}?size=thumbnail",
        "added_by": item.added_by,
        "source": item.source,
        "enrichment": item.enrichment,
        "edited": item.edited,
        "edited_at": item.edited_at,
        "version": item.version,
        "scanned_at": item.scanned_at,
        "created_at": item.created_at,
        "updated_at": item.updated_at,
        "deleted_at": item.deleted_at,
    }


def item_out(item: CaptureItem) -> CaptureItemOut:
    """An item."""
    return CaptureItemOut(**item_fields(item))


def captured_out(captured: Captured) -> CapturedOut:
    """What became of a scan or a photo."""
    return CapturedOut(**item_fields(captured.item), duplicate=captured.duplicate, repeated=captured.repeated)


def _read_scan(body: ScanBody | ScansBody) -> Scan:
    assert body.barcode is not UNSET
    read = _read(body.barcode, body.barcode_type)
    return Scan(
        key=read.key,
        code=read.code,
        gtin=read.gtin,
        code_type=read.code_type,
        source=body.source,
        scanned_at=moment(body.scanned_at, "UTC") if body.scanned_at else None,
        client_item_id=body.client_item_id,
    )


def _read(text: str, symbology: str | None = None) -> Scan:
    """A code by what it says; where it names no goods, its separators are spaces."""
    named = re.sub(r"[ -]+", "_", symbology.lower()) if symbology else None
    named = {"unknown": None, "upce": "upc_e", "ean8": "ean_8"}.get(named or "unknown", named)
    code = read_code(text, named)
    shown = " ".join(code.text.replace(_SEPARATOR, " ").split())
    return Scan(key=code.gtin or shown, code=shown, gtin=code.gtin, code_type=named)
