"""Events in pages: any filters, any order, as fast on the last page as on the first.

What an index has in the order of the list is read from there. Where more is asked for, the nearest rows are looked
through; where those have too few that fit, there are few at all or they are far away, and all that fit are found
by indexes and put in order.
"""

from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from uuid import UUID

import msgspec
from msgspec import Struct

from db.events import COLUMNS, Event
from db.pool import Connection
from onboarding.monitoring import LEVELS, Severity

Order = Literal["created_at", "-created_at", "published_at", "-published_at", "severity", "-severity"]

BEGINNING, END = datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
NEAR = 2000
FEW = 10_000
TOTAL_AT_MOST = 100_000
WORDS_AT_MOST = 8
PAGE_BYTES = 4_000_000
"""Of details and resources after which a page ends: one event may have 256 KB of them."""

_KEYS = {
    "created_at": ("created_at",),
    "published_at": ("published_at",),
    "severity": ("severity_level", "created_at"),
}
_INDEXED = ("detail_type", "source", "account", "region")
"""What has an index with `created_at` behind it, the most telling first."""


class Filter(Struct, frozen=True, kw_only=True):
    """Which events. `since` and `until` are of `created_at`, both included; each word of `search` begins one."""

    account: str | None = None
    region: str | None = None
    source: str | None = None
    detail_type: str | None = None
    severities: tuple[Severity, ...] = ()
    search: str | None = None
    since: datetime | None = None
    until: datetime | None = None


class Spot(Struct, frozen=True, kw_only=True):
    """Behind which event a page begins; `moment` is `published_at` where the list is ordered by that."""

    level: int
    moment: datetime
    id: str


class Listed(Struct, frozen=True, kw_only=True):
    """A page of events, and whether there are more."""

    events: list[Event]
    more: bool


def spot_of(event: Event, order: Order) -> Spot:
    """Where an event stands in a list."""
    moment = event.published_at if order.endswith("published_at") else event.created_at
    return Spot(level=event.severity_level, moment=moment, id=event.id)


async def listed(
    conn: Connection,
    tenant_id: str,
    which: Filter,
    order: Order = "-created_at",
    *,
    after: Spot | None = None,
    limit: int = 20,
) -> Listed:
    """A page of the tenant's events, fewer where they are large.

    Those of one severity level are in the order of `created_at`.
    """
    words = await _words(conn, which)
    if words == []:
        return Listed(events=[], more=False)
    while True:
        ids = await _ids(conn, tenant_id, which, order, words, after, limit + 1)
        events = await _read(conn, tenant_id, ids[:limit])
        # All that were found may have been deleted before they were read: then there are others.
        if events or not ids:
            return Listed(events=events, more=bool(events) and events[-1].id != str(ids[-1]))


async def count(conn: Connection, tenant_id: str, which: Filter) -> int:
    """How many events that are, `TOTAL_AT_MOST` at most: more are not counted."""
    words = await _words(conn, which)
    if words == []:
        return 0
    few = bool(words) and await _are_few(conn, tenant_id, words or [])
    query = _Query(tenant_id, which, "-created_at", words or [], None)
    return await conn.fetchval(query.counting(by_word=few), *query.arguments)


async def related(conn: Connection, tenant_id: str, event: Event, *, limit: int = 20) -> list[Event]:
    """Events of the same resources, of the same run, or of the same kind and account, newest first.

    Of the same kind the newest `NEAR` are looked at. There are fewer where they are large.
    """
    rows = await conn.fetch(
        f"""
        SELECT id FROM events WHERE tenant_id = $1 AND deleted_at IS NULL AND id <> $2 AND id = ANY(ARRAY(
          (SELECT event_id FROM event_words WHERE tenant_id = $1 AND word = ANY(event_terms('', $3))
            ORDER BY created_at DESC, event_id DESC LIMIT $8)
          UNION
          (SELECT id FROM events WHERE tenant_id = $1 AND deleted_at IS NULL AND run_id = $4
            ORDER BY created_at DESC, id DESC LIMIT $8)
          UNION
          (SELECT id FROM (
            SELECT id, source, account, created_at FROM events
            WHERE tenant_id = $1 AND deleted_at IS NULL AND detail_type = $5
            ORDER BY created_at DESC, id DESC LIMIT {NEAR}
          ) AS alike WHERE source = $6 AND account IS NOT DISTINCT FROM $7
            ORDER BY created_at DESC, id DESC LIMIT $8)
        )) ORDER BY created_at DESC, id DESC LIMIT $9
        """,
        tenant_id,
        event.id,
        event.resources,
        event.run_id,
        event.detail_type,
        event.source,
        event.account,
        limit + 1,
        limit,
    )
    return await _read(conn, tenant_id, [row["id"] for row in rows])


async def _ids(
    conn: Connection,
    tenant_id: str,
    which: Filter,
    order: Order,
    words: list[str] | None,
    after: Spot | None,
    limit: int,
) -> list[UUID]:
    """Of a page's events, in its order."""
    query = _Query(tenant_id, which, order, words or [], after)
    row = await conn.fetchrow(query.near(limit), *query.arguments)
    assert row is not None
    if not row["more"] or len(row["ids"]) >= limit:
        return row["ids"]
    few = words is None or await _are_few(conn, tenant_id, words)
    query = _Query(tenant_id, which, order, words or [], after)
    return [found["id"] for found in await conn.fetch(query.far(limit, by_word=few), *query.arguments)]


async def _read(conn: Connection, tenant_id: str, ids: list[UUID]) -> list[Event]:
    """Those with these ids that are not deleted, in this order, up to the one with which `PAGE_BYTES` are full."""
    rows = await conn.fetch(
        f"""
        SELECT {COLUMNS} FROM (
          SELECT e.*, w.place, coalesce(sum(octet_length(e.detail::text) + octet_length(e.resources::text)) OVER (
            ORDER BY w.place ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
          ), 0) AS before
          FROM unnest($2::uuid[]) WITH ORDINALITY AS w (id, place)
          JOIN events AS e ON e.tenant_id = $1 AND e.id = w.id AND e.deleted_at IS NULL
        ) AS e WHERE before < $3 ORDER BY place
        """,
        tenant_id,
        ids,
        PAGE_BYTES,
    )
    return [msgspec.convert(dict(row), Event) for row in rows]


async def _words(conn: Connection, which: Filter) -> list[str] | None:
    """What to search for, the most telling word first; None for everything, nothing for a search without words."""
    if which.search is None:
        return None
    words: list[str] = await conn.fetchval("SELECT event_words($1, $2)", which.search, WORDS_AT_MOST)
    return sorted(words, key=len, reverse=True)


async def _are_few(conn: Connection, tenant_id: str, words: list[str]) -> bool:
    """Whether the first word leads to so few events that each may be looked at."""
    found = await conn.fetchval(
        f"SELECT count(*) FROM (SELECT FROM event_words WHERE {_BEGINS} LIMIT {FEW + 1}) AS w", tenant_id, words[0]
    )
    return found <= FEW


_BEGINS = "tenant_id = $1 AND word >= $2::text AND word < $2::text || chr(1114111)"


class _Query:
    """The statements of one list, with only the conditions that it has: each is planned for what it asks."""

    def __init__(self, tenant_id: str, which: Filter, order: Order, words: list[str], after: Spot | None) -> None:
        self.arguments: list[Any] = [tenant_id]
        self._keys = _KEYS[order.removeprefix("-")]
        self._down = order.startswith("-")
        self._way = "DESC" if self._down else "ASC"
        self._which = which
        self._words = words
        self._levels = [level for level, name in LEVELS.items() if name in which.severities] or list(LEVELS)
        self._after = after
        self._edged = False
        self._first, self._rest = self._conditions()

    def near(self, limit: int) -> str:
        """The ids of those of the nearest rows that fit, and whether there are `more` rows behind."""
        depth = NEAR if self._rest else int(limit)
        rows = self._levels_in_turn(depth) if self._by_level else self._nearest(self._start(), depth)
        return f"""
            WITH near AS MATERIALIZED ({rows})
            SELECT (SELECT count(*) FROM near) = {depth} AS more, ARRAY(
              SELECT id FROM near WHERE fits ORDER BY {self._order()} LIMIT {int(limit)}
            ) AS ids
        """

    def _nearest(self, begin: list[str], depth: int) -> str:
        fits = " AND ".join(self._rest) or "true"
        where = " AND ".join((_THERE, *self._first, *begin))
        rows = f"SELECT id, {', '.join(self._keys)}, {fits} AS fits FROM events WHERE {where}"
        return f"{rows} ORDER BY {self._order()} LIMIT {depth}"

    def _levels_in_turn(self, depth: int) -> str:
        """The same, level by level: so an index has each in the order of the list, whatever dates there are."""
        levels, after = sorted(self._levels, reverse=self._down), self._after
        edge = (END if self._down else BEGINNING) if self._edge is None else self._edge
        # The moment behind it, with the id that comes before all others, or after them.
        behind = edge + timedelta(microseconds=1 if self._down else -1)
        moments, ids = [behind] * len(LEVELS), [UUID(int=0 if self._down else 2**128 - 1)] * len(LEVELS)
        if after is not None:
            levels = [each for each in levels if (each <= after.level if self._down else each >= after.level)]
            if after.level in levels[:1] and self._is_within(after):
                moments[0], ids[0] = after.moment, UUID(after.id)
        given = [
            self._given(levels, "integer[]"),
            self._given(moments[: len(levels)], "timestamptz[]"),
            self._given(ids[: len(levels)], "uuid[]"),
        ]
        begin = ["severity_level = l.level", f"(created_at, id) {'<' if self._down else '>'} (l.moment, l.id)"]
        return f"""
            SELECT n.* FROM unnest({", ".join(given)}) WITH ORDINALITY AS l (level, moment, id, place)
            CROSS JOIN LATERAL ({self._nearest(begin, depth)}) AS n
            ORDER BY l.place, {self._order("n.")} LIMIT {depth}
        """

    def far(self, limit: int, *, by_word: bool) -> str:
        """The ids of the first that fit, of all."""
        if by_word and self._words and self._keys == ("created_at",):
            return self._by_word(limit)
        alone = self._words and not by_word and not self._first and len(self._rest) == len(self._words)
        where = " AND ".join((*self._all(by_word), *self._beginning()))
        keys = ", ".join(self._keys)
        # Ordered by an index it would look at one row after the other, and here that is a long way.
        fence = "NOT MATERIALIZED" if alone else "MATERIALIZED"
        return f"""
            WITH found AS {fence} (SELECT id, {keys} FROM events WHERE {where})
            SELECT id FROM found ORDER BY {self._order()} LIMIT {int(limit)}
        """

    def _by_word(self, limit: int) -> str:
        """Events of a rare word in the order in which they are listed: no more are looked at than it takes."""
        begins = _BEGINS.replace("$2::text", self._given(self._words[0], "text"))
        before = [each.replace("id)", "event_id)", 1) for each in self._beginning()]
        order = f"created_at {self._way}, event_id {self._way}"
        return f"""
            SELECT e.id FROM (
              SELECT DISTINCT created_at, event_id FROM event_words WHERE {" AND ".join((begins, *before))}
              ORDER BY {order} OFFSET 0
            ) AS w CROSS JOIN LATERAL (
              SELECT id FROM events WHERE {" AND ".join(("id = w.event_id", *self._all(by_word=False)))}
            ) AS e
            ORDER BY w.created_at {self._way}, w.event_id {self._way} LIMIT {int(limit)}
        """

    def counting(self, *, by_word: bool) -> str:
        """How many fit."""
        where = " AND ".join(self._all(by_word))
        return f"SELECT count(*) FROM (SELECT FROM events WHERE {where} LIMIT {TOTAL_AT_MOST}) AS e"

    @property
    def _by_level(self) -> bool:
        return self._keys[0] == "severity_level"

    def _all(self, by_word: bool) -> list[str]:
        """Every condition; the events of a rare word are looked up one by one."""
        word = []
        if by_word and self._words:
            begins = _BEGINS.replace("$2::text", self._given(self._words[0], "text"))
            word = [f"id = ANY(ARRAY(SELECT event_id FROM event_words WHERE {begins}))"]
        levels = []
        if self._by_level and self._which.severities:
            levels = [f"severity_level = ANY({self._given(self._levels, 'integer[]')})"]
        return [_THERE, *self._first, *self._at_edge(), *self._rest, *word, *levels]

    def _order(self, of: str = "") -> str:
        return ", ".join(f"{of}{key} {self._way}" for key in (*self._keys, "id"))

    def _given(self, value: object, kind: str) -> str:
        self.arguments.append(value)
        return f"${len(self.arguments)}::{kind}"

    def _conditions(self) -> tuple[list[str], list[str]]:
        """Those that an index has in the order of the list, and all others."""
        which, first, rest = self._which, list[str](), list[str]()
        other = which.since if self._down else which.until
        if other is not None:
            condition = f"created_at {'>=' if self._down else '<='} {self._given(other, 'timestamptz')}"
            (first if self._keys[-1] == "created_at" else rest).append(condition)
        if self._keys[-1] != "created_at":
            rest += self._at_edge()
        equal = [
            f"{name} = {self._given(value, 'text')}"
            for name in _INDEXED
            if (value := getattr(which, name)) is not None
        ]
        if which.severities and not self._by_level:
            one = len(which.severities) == 1
            name = self._given(which.severities[0] if one else list(which.severities), "text" if one else "text[]")
            (equal if one else rest).append(f"severity = {name}" if one else f"severity = ANY({name})")
        if self._keys == ("created_at",):
            first, equal = [*first, *equal[:1]], equal[1:]
        rest += equal + [f"strpos(words, ' ' || {self._given(word, 'text')}) > 0" for word in self._words]
        return first, rest

    @property
    def _edge(self) -> datetime | None:
        """The date at which a list begins that has one, in the order of `created_at`."""
        return self._which.until if self._down else self._which.since

    def _is_within(self, after: Spot) -> bool:
        """Whether a cursor lies behind that date: then it says more."""
        return self._edge is None or (after.moment <= self._edge if self._down else after.moment >= self._edge)

    def _at_edge(self) -> list[str]:
        if self._edge is None or self._edged:
            return []
        self._edged = True
        return [f"created_at {'<=' if self._down else '>='} {self._given(self._edge, 'timestamptz')}"]

    def _start(self) -> list[str]:
        """Where the rows in the order of an index begin: it is entered by one of two conditions on its key."""
        if self._keys != ("created_at",) or self._after is None:
            return [*self._at_edge(), *self._beginning()]
        return self._beginning() if self._is_within(self._after) else self._at_edge()

    def _beginning(self) -> list[str]:
        after = self._after
        if after is None:
            return []
        given = [(self._given(after.level, "integer"))] if self._by_level else []
        given += [self._given(after.moment, "timestamptz"), self._given(after.id, "uuid")]
        sign = "<" if self._down else ">"
        return [f"({', '.join((*self._keys, 'id'))}) {sign} ({', '.join(given)})"]


_THERE = "tenant_id = $1 AND deleted_at IS NULL"
