"""Purchase orders of QuickBooks: all of the last twelve months once, then what has changed.

Once everything was read, change data capture tells of changes and deletions; it knows those of the last 30 days.
Behind that, changed orders are found by a query. Who was away for longer does not hear of orders that were deleted
before those 30 days: QuickBooks keeps no list of them, and they stay as they are.
"""

from collections.abc import AsyncGenerator, Sequence
from datetime import date, datetime, timedelta
from typing import Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from onboarding.connections import Cursor
from onboarding.orders import ORDERS_AT_ONCE, Batch
from runtime.providers.asking import Api, Away, NotFound, Refused
from runtime.providers.quickbooks_shapes import Changes, Entry, Page, entries, is_in_order, skus_of
from runtime.providers.reading import moment, newest, parts

BACKFILL = timedelta(days=365)
LOOK_BACK = timedelta(days=29)
"""A day less than QuickBooks looks back: its clock and ours may differ."""

OVERLAP = timedelta(minutes=2)
"""Changes are asked for again from so long before the last one: they do not come to light in their order."""

LAG = timedelta(days=1)
"""Where nothing changes for long, the cursor follows the clock of QuickBooks at this distance."""

CHANGES_AT_MOST = 1000
"""As many as an answer tells; whether there are more it does not."""

PAGES_AT_MOST = 1000
ROUNDS_AT_MOST = 100
REALM_DIGITS = 40


class _Place(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How far it is.

    In a `backfill` orders are read by when they were made, the newest first, so that those which come meanwhile
    shift nothing; in a `query` by when they changed, the oldest first. A page goes on at the time `key`, and only
    where a whole page is of one time behind the first `skip` of it: an order that is deleted meanwhile moves no
    other one past a page. Then `changes` are asked for, from `since` on.
    """

    phase: Literal["backfill", "query", "changes"]
    first_day: date | None = None
    since: datetime | None = None
    key: datetime | None = None
    skip: int = 0
    page: int = 0


class Orders:
    """The orders of one company, for one run."""

    def __init__(self, api: Api, realm: str, now: datetime) -> None:
        """With the API as its connection sees it; `now` says where twelve months and 30 days begin, nothing else.

        Raises:
            Refused: the realm is no number: it stands in a path.
        """
        if not 0 < len(realm) <= REALM_DIGITS or not (realm.isascii() and realm.isdigit()):
            raise Refused("realm_missing")
        self._api, self._path, self._now = api, f"/v3/company/{realm}", now
        self._skus: dict[str, str | None] = {}
        self._queried: datetime | None = None

    async def batches(self, cursor: Cursor | None) -> AsyncGenerator[Batch]:
        """All there is behind the cursor; see `Provider.batches`."""
        place = _placed(cursor) or _Place(phase="backfill", first_day=(self._now - BACKFILL).date())
        if place.phase == "changes" and place.since and place.since < self._now - LOOK_BACK:
            place = _query_from(place.since)
        async for after, batch in self._pages(place):
            place = after
            yield batch
        # Where there is no order, and QuickBooks did not say what time it is, the next run begins anew.
        if place.phase == "changes" and place.since:
            async for batch in self._changes(place.since):
                yield batch

    async def _pages(self, place: _Place) -> AsyncGenerator[tuple[_Place, Batch]]:
        """The pages of a backfill or a query, and how far it is behind each."""
        before: list[str | None] = []
        while place.phase != "changes":
            page = await self._page(place)
            found = entries(page.found.orders)
            names = [each.name for each in found]
            if names and names == before:
                raise Refused("no_progress")
            before = names
            if place.phase == "query":
                self._queried = self._believed(newest(self._queried, *(each.changed for each in found)), None)
            elif place.since is None:
                # What changes from now on is read as a change, whichever page it stands on.
                time = moment(page.time)
                place = replace(place, since=time or self._believed(_newest(found), None))
            place = _behind(place, found)
            yield place, await self._batch(found, place)

    async def _page(self, place: _Place) -> Page:
        if place.phase == "backfill":
            name, sign, direction = "MetaData.CreateTime", "<=", "DESC"
        else:
            name, sign, direction = "MetaData.LastUpdatedTime", ">=", "ASC"
        tests = [f"TxnDate >= '{place.first_day}'"] if place.first_day else []
        tests += [f"{name} {sign} '{place.key.isoformat()}'"] if place.key else []
        where = f"WHERE {' AND '.join(tests)}" if tests else ""
        return await self._select("PurchaseOrder", where, f"ORDERBY {name} {direction}", place.skip)

    async def _select(self, table: str, where: str, order: str = "", skip: int = 0) -> Page:
        page = f"STARTPOSITION {skip + 1} MAXRESULTS {ORDERS_AT_ONCE}"
        query = " ".join(part for part in ("SELECT * FROM", table, where, order, page) if part)
        return await self._api.get(f"{self._path}/query", Page, params={"query": query})

    async def _changes(self, since: datetime) -> AsyncGenerator[Batch]:
        """What change data capture tells, answer by answer; where it does not tell all, a query does."""
        asked = since - OVERLAP
        for _ in range(ROUNDS_AT_MOST):
            answer = await self._captured(max(asked, self._now - LOOK_BACK))
            if answer is None:
                break
            found = entries(answer.orders)
            last, time = _newest(found), moment(answer.time)
            whole = len(found) < CHANGES_AT_MOST
            if whole:
                since = newest(since, self._believed(last, time), time and time - LAG) or since
            on = not whole and is_in_order(found) and last is not None and last > asked
            if on and last:
                asked = since = last
            async for batch in self._parts(found, since if whole or on else None):
                yield batch
            if whole:
                return
            if not on:
                break
        if self._queried is None:
            async for _, batch in self._pages(_query_from(since)):
                yield batch
        yield Batch(cursor=_cursor(_Place(phase="changes", since=newest(self._queried, since))))

    async def _captured(self, since: datetime) -> Changes | None:
        """None where it does not tell: that is too long ago, or too much has changed."""
        params = {"entities": "PurchaseOrder", "changedSince": since.isoformat()}
        try:
            return await self._api.get(f"{self._path}/cdc", Changes, params=params)
        except NotFound:
            raise
        except Refused as refused:
            if refused.code == "http_400":
                return None
            raise
        except Away as away:
            if away.code == "too_long":
                return None
            raise

    async def _parts(self, found: Sequence[Entry], since: datetime | None) -> AsyncGenerator[Batch]:
        """Of one answer, of which the last moves the cursor."""
        divided = parts(found, ORDERS_AT_ONCE)
        for part in divided[:-1]:
            yield await self._batch(part, None)
        yield await self._batch(divided[-1], _Place(phase="changes", since=since) if since else None)

    async def _batch(self, found: Sequence[Entry], place: _Place | None) -> Batch:
        there = [each for each in found if each.name and not each.deleted]
        skus = await self._skus_of({item for each in there for item in each.item_ids})
        return Batch(
            orders=tuple(each.order(skus) for each in there),
            gone=tuple(each.name for each in found if each.name and each.deleted),
            failed=sum(each.name is None for each in found),
            cursor=_cursor(place) if place else None,
        )

    async def _skus_of(self, item_ids: set[str]) -> dict[str, str]:
        """The numbers of items: an order has their names only."""
        unknown = sorted(each for each in item_ids - self._skus.keys() if each.isalnum())
        for part in parts(unknown, ORDERS_AT_ONCE) if unknown else ():
            listed = ", ".join(f"'{each}'" for each in part)
            page = await self._select("Item", f"WHERE Id IN ({listed})")
            self._skus |= dict.fromkeys(part) | skus_of(page.found.items)
        return {each: sku for each in item_ids if (sku := self._skus.get(each))}

    def _believed(self, at: datetime | None, time: datetime | None) -> datetime | None:
        """The time of a change; one that is still to come would hide all others until then."""
        return min(at, time or self._now + LAG) if at else None


def _behind(place: _Place, found: Sequence[Entry]) -> _Place:
    """How far it is behind a page."""
    if len(found) < ORDERS_AT_ONCE or place.page + 1 >= PAGES_AT_MOST:
        return _Place(phase="changes", since=place.since)
    backwards = place.phase == "backfill"
    times = [each.made if backwards else each.changed for each in found]
    last = next((each for each in reversed(times) if each), None)
    forward = last is not None and (place.key is None or (last < place.key if backwards else last > place.key))
    if not forward:
        return replace(place, skip=place.skip + len(found), page=place.page + 1)
    one_time = all(each == last for each in times)
    return replace(place, key=last, skip=len(found) if one_time else 0, page=place.page + 1)


def _newest(found: Sequence[Entry]) -> datetime | None:
    return newest(*(each.changed for each in found))


def _query_from(since: datetime) -> _Place:
    return _Place(phase="query", since=since, key=since - OVERLAP)


def _placed(cursor: Cursor | None) -> _Place | None:
    try:
        return msgspec.convert(cursor, _Place) if cursor else None
    except msgspec.ValidationError:
        return None  # written by another version: what is there stays, and is read once more


def _cursor(place: _Place) -> Cursor:
    return msgspec.to_builtins(place)
