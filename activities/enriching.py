"""What the code of a captured item stands for, written into the item and the review list."""

from temporalio import activity

from db import captures, items, lookups
from db.pool import Connection, Database
from db.runs import PersonGone
from onboarding.access import Caller, Role
from onboarding.lookups import Product
from onboarding.payloads import CaptureCode, CaptureRef, Enrich


class Enricher:
    """Acts as the item's person; an item that is gone, or whose person is, needs nothing."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @activity.defn(name="capture_code")
    async def capture_code(self, item: CaptureRef) -> CaptureCode:
        """The code that is to be looked up."""
        async with self._database.transaction(_caller(item)) as connection:
            gtin = await lookups.captured(connection, item.session_id, item.item_id, item.user_id)
        return CaptureCode(gtin=gtin)

    @activity.defn(name="enrich_capture")
    async def enrich_capture(self, order: Enrich) -> None:
        """Write what was found, or that nothing was. Doing it again changes nothing."""
        async with self._database.transaction(_caller(order.item)) as connection:
            known = await lookups.cached(connection, order.gtin) if order.outcome == "found" else None
            product = known.product if known else None
            try:
                await self._write(connection, order.item, product)
            except PersonGone:
                activity.logger.info("the person of a captured item is gone")

    async def _write(self, connection: Connection, item: CaptureRef, product: Product | None) -> None:
        details = {
            name: value
            for name in ("name", "brand", "image_url", "category")
            if product and (value := getattr(product, name)) is not None
        }
        outcome = "done" if product else "failed"
        enriched = await captures.enrich(connection, item.session_id, item.item_id, item.user_id, details, outcome)
        if enriched and product:
            # As the item is now: what its person cleared is no gap of the list either.
            await items.offer(connection, item.tenant_id, item.user_id, [captures.offer_of(enriched)])


def _caller(item: CaptureRef) -> Caller:
    return Caller(tenant_id=item.tenant_id, user_id=item.user_id, role=Role.USER)
