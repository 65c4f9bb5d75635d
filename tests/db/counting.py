"""How often the rows of data keys are asked for."""

from db.data_keys import DataKeyStore, WrappedKey


class Counting(DataKeyStore):
    """Counts what it is asked."""

    asked = 0

    async def of(self, owner: tuple[str, str] | None) -> WrappedKey | None:
        self.asked += 1
        return await super().of(owner)

    async def by_id(self, id: str) -> WrappedKey | None:
        self.asked += 1
        return await super().by_id(id)
