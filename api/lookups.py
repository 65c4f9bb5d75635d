"""What a code of goods stands for: `/barcodes/{code}`, and `/barcode/lookup?code=`."""

from typing import Annotated

from litestar import Controller, get
from litestar.params import FromPath, QueryParameter
from msgspec import Struct

from api.deps import Deps, WithDeps
from api.errors import unavailable
from api.gateway import WorkflowsUnavailable
from api.problems import Code, ProblemError
from db import lookups
from onboarding.gtin import CODE_CHARACTERS, read_code
from onboarding.lookups import Product
from onboarding.payloads import FieldError

WAIT_SECONDS = 4.9
"""For all catalogues together; what little remains of five seconds is for what is around them."""

AsQuery = Annotated[
    str | None, QueryParameter(name="code", description="Required: the code as it was scanned or typed.")
]


class ProductOut(Struct, frozen=True, kw_only=True):
    """A product as a catalogue, `source`, has it."""

    product: Product


class LookupsController(Controller):
    """Products by their codes."""

    path = "/"
    tags = ("capture",)

    @get("/barcodes/{code:str}", opt={"phone": True})
    async def by_path(self, code: FromPath[str], deps: WithDeps) -> ProductOut:
        """The product of a code: an EAN, UPC, ISBN, or a GS1 element string with a GTIN in it."""
        return await _looked_up(deps, code)

    @get("/barcode/lookup", opt={"phone": True})
    async def by_query(self, deps: WithDeps, code: AsQuery = None) -> ProductOut:
        """The same, for codes that fit no path."""
        if code is None:
            error = FieldError(field="code", code="required", detail="is required")
            raise ProblemError(400, Code.VALIDATION_ERROR, "The request is not valid.", errors=(error,))
        return await _looked_up(deps, code)


async def _looked_up(deps: Deps, given: str) -> ProductOut:
    """From memory, or by asking.

    Raises:
        ProblemError: 400 for no code of goods, 404 when nobody knows it, 503 when somebody could not be asked.
    """
    gtin = read_code(given).gtin if len(given) <= CODE_CHARACTERS else None
    if gtin is None:
        detail = "This is no code of goods: its length or its check digit is wrong."
        raise ProblemError(400, Code.BARCODE_INVALID, detail)
    known = await _known(deps, gtin)
    if known is None:
        outcome = await _ask(deps, gtin)
        known = await _known(deps, gtin)
        if known is None and outcome != "unknown":
            raise unavailable(Code.LOOKUP_UNAVAILABLE, "Not every catalogue could be asked; try again shortly.")
    if known is None or known.product is None:
        raise ProblemError(404, Code.PRODUCT_NOT_FOUND, "No catalogue knows this code.")
    return ProductOut(product=known.product)


async def _known(deps: Deps, gtin: str) -> lookups.Cached | None:
    async with deps.database.transaction(None) as connection:
        return await lookups.cached(connection, gtin)


async def _ask(deps: Deps, gtin: str) -> str:
    try:
        return (await deps.gateway.look_up(gtin, WAIT_SECONDS)).outcome
    except WorkflowsUnavailable:
        return "away"
