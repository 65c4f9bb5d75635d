"""Photos of things: what was read on them here, what a model saw in them, and what is told of both."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from onboarding.gtin import CODE_CHARACTERS, read_code
from onboarding.items import NAME_CHARACTERS

SURE = 0.7
"""With less confidence somebody must look at what was seen."""

_READ = 0.6
"""That a number of the trade was read says which thing it is, and not what it is called."""

_Line = Annotated[str, Meta(max_length=300)]


class Barcode(Struct, frozen=True, kw_only=True):
    """A code on a thing; `gtin` has fourteen digits, and is None for one that names no goods."""

    text: str
    format: str
    gtin: str | None = None


class Seen(Struct, frozen=True, kw_only=True):
    """What a model says of a photo. It may say anything: bounds are all that is sure of it."""

    suggested_name: Annotated[str, Meta(max_length=NAME_CHARACTERS, description="What it is, as on a price tag.")]
    suggested_supplier: Annotated[str, Meta(max_length=200, description="Its brand or maker; empty if unknown.")]
    barcodes: Annotated[
        list[Annotated[str, Meta(max_length=CODE_CHARACTERS)]],
        Meta(max_length=10, description="Digits printed below barcodes, as they are read."),
    ]
    extracted_text: Annotated[list[_Line], Meta(max_length=30, description="Printed lines, the largest first.")]
    is_internal_item: Annotated[
        bool, Meta(description="Made in house or relabelled: no brand, a handwritten or own label.")
    ]
    confidence: Annotated[float, Meta(ge=0, le=1)]
    notes: Annotated[str, Meta(max_length=500, description="What somebody should check; empty if nothing.")]


class Analysis(Struct, frozen=True, kw_only=True):
    """What is known of a photo. `degraded`: no model has looked at it; `source` says who told most."""

    suggested_name: str | None = None
    suggested_supplier: str | None = None
    detected_barcodes: tuple[Barcode, ...] = ()
    extracted_text: tuple[str, ...] = ()
    is_internal_item: bool = False
    confidence: float = 0.0
    notes: str | None = None
    source: Literal["local", "ai"] = "local"
    degraded: bool = True

    @property
    def gtin(self) -> str | None:
        """The number of the thing, where there is one and no other."""
        found = {code.gtin for code in self.detected_barcodes if code.gtin}
        return found.pop() if len(found) == 1 else None

    @property
    def unsure(self) -> bool:
        """Whether somebody must look."""
        return not self.suggested_name or self.confidence < SURE


def read_here(codes: tuple[Barcode, ...]) -> Analysis:
    """What is told without a model."""
    return Analysis(detected_barcodes=codes, confidence=_READ if any(code.gtin for code in codes) else 0.0)


def looked_at(here: Analysis, seen: Seen) -> Analysis:
    """What is told with a model's help. A number that it read counts where its check digit is right.

    >>> seen = Seen(suggested_name=" Mug ", suggested_supplier="", barcodes=["4006381333931", "123"],
    ...     extracted_text=["", "ACME"], is_internal_item=False, confidence=0.9, notes="")
    >>> told = looked_at(read_here(()), seen)
    >>> told.suggested_name, told.suggested_supplier, told.gtin, told.extracted_text, told.source
    ('Mug', None, '04006381333931', ('ACME',), 'ai')
    """
    known = {code.gtin for code in here.detected_barcodes}
    more: dict[str, Barcode] = {}
    for text in seen.barcodes:
        code = read_code(text)
        if code.gtin and code.gtin not in known:
            more[code.gtin] = Barcode(text=code.text, format="unknown", gtin=code.gtin)
    return Analysis(
        suggested_name=seen.suggested_name.strip() or None,
        suggested_supplier=seen.suggested_supplier.strip() or None,
        detected_barcodes=(*here.detected_barcodes, *more.values()),
        extracted_text=tuple(line.strip() for line in seen.extracted_text if line.strip()),
        is_internal_item=seen.is_internal_item,
        confidence=seen.confidence,
        notes=seen.notes.strip() or None,
        source="ai",
        degraded=False,
    )
