"""Images that nobody finished, or nobody wants: their objects go, then their rows."""

from temporalio import activity

from db import images, tenants
from db.pool import Database
from db.tenant import sweeper
from onboarding.payloads import ImageSweep, SweepReport
from runtime.storage import Object, Objects, upload_of_image

PAGE = 200
"""Each has three objects at most, of which S3 deletes a thousand at once."""


class ImageSweeper:
    """Goes by `upload_until`: after that nothing can come any more, so it races with nobody."""

    def __init__(self, database: Database, objects: Objects) -> None:
        """With the store where the objects are."""
        self._database = database
        self._objects = objects

    @activity.defn(name="sweep_images")
    async def sweep_images(self, _: ImageSweep) -> SweepReport:
        """Delete what is left of uploads; of images that are ready that is at most a second upload."""
        seen = 0
        async with self._database.transaction(sweeper()) as connection:
            everywhere = await tenants.all_ids(connection)
        for tenant_id in everywhere:
            while page := await self._left(tenant_id):
                await self._objects.delete([each for left in page for each in _objects_of(tenant_id, left)])
                async with self._database.transaction(sweeper(tenant_id)) as connection:
                    await images.swept(connection, [each.image.id for each in page])
                seen += len(page)
                activity.heartbeat()
        return SweepReport(seen=seen, changed=seen)

    async def _left(self, tenant_id: str) -> list[images.Left]:
        async with self._database.transaction(sweeper(tenant_id)) as connection:
            return await images.left(connection, PAGE)


def _objects_of(tenant_id: str, left: images.Left) -> list[Object]:
    keys = [upload_of_image(tenant_id, left.user_id, left.image.id)]
    if not left.image.ready:
        keys += left.image.keys
    return [Object(key=key, size=0) for key in keys]
