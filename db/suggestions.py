"""Suggestions: asked, answered part by part, settled once, and what people made of them."""

from datetime import datetime
from typing import Any, ClassVar

import asyncpg
import msgspec
from msgspec import Struct, field

from db.pool import Connection, rows_of
from onboarding.errors import GangwayError
from onboarding.suggesting.facts import Facts, Inputs, facts_of
from onboarding.suggesting.rules import by_rules
from onboarding.suggesting.shapes import (
    FIELD_OF,
    AskedKind,
    Kind,
    OkrSuggestion,
    Source,
    Suggestions,
    Verdict,
    joined,
    kinds_of,
    numbered,
    source_of,
)

KEPT_DAYS = 90
"""After so long a suggestion is dropped, unless its run is still open."""

_COLUMNS = """
  s.id::text, s.user_id::text, s.run_id::text, s.kind, s.locale, s.inputs, s.items, s.sources, s.source,
  s.budget_exhausted, s.created_at
"""


class SuggestionNotFound(GangwayError):
    """There is no such suggestion, or none with such an item, or not for whoever asks."""

    code: ClassVar[str] = "suggestion_not_found"
    detail: ClassVar[str] = "There is no such suggestion."


class Suggestion(Struct, frozen=True, kw_only=True):
    """A suggestion. Until it is settled `source` is None, and `items` are what there is so far, without ids."""

    id: str
    user_id: str
    run_id: str | None
    kind: AskedKind
    locale: str
    inputs: Inputs
    items: Suggestions
    sources: dict[Kind, Source]
    source: Source | None
    budget_exhausted: bool
    created_at: datetime
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def facts(self) -> Facts:
        """What it is made from."""
        return facts_of(self.answers, self.inputs, self.locale)


async def ask(
    conn: Connection,
    *,
    suggestion_id: str,
    tenant_id: str,
    user_id: str,
    run_id: str | None,
    kind: AskedKind,
    locale: str,
    inputs: Inputs,
) -> None:
    """Write down what is asked for."""
    await conn.execute(
        """
        INSERT INTO suggestions (id, tenant_id, user_id, run_id, kind, locale, inputs)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        """,
        suggestion_id,
        tenant_id,
        user_id,
        run_id,
        kind,
        locale,
        msgspec.to_builtins(inputs),
    )


async def get(conn: Connection, suggestion_id: str, user_id: str) -> Suggestion | None:
    """A person's suggestion, with the answers of its run as they are now."""
    return await _found(conn, suggestion_id, user_id, "")


async def keep(
    conn: Connection, suggestion_id: str, user_id: str, kind: Kind, source: Source, items: Suggestions
) -> bool:
    """Keep what was found of one kind; False when the suggestion is settled, or gone."""
    status = await conn.execute(
        """
        UPDATE suggestions SET items = items || $3, sources = sources || jsonb_build_object($4::text, $5::text)
        WHERE id = $1 AND user_id = $2 AND source IS NULL
        """,
        suggestion_id,
        user_id,
        msgspec.to_builtins(items),
        kind,
        source,
    )
    return rows_of(status) == 1


async def exhausted(conn: Connection, suggestion_id: str, user_id: str) -> None:
    """Note that there was no money for it."""
    await conn.execute(
        "UPDATE suggestions SET budget_exhausted = true WHERE id = $1 AND user_id = $2", suggestion_id, user_id
    )


async def settle(conn: Connection, suggestion_id: str, user_id: str) -> Suggestion | None:
    """Answer with what there is, and by rules for kinds that nothing was found of. Whoever is first settles it.

    What was settled is what its run recommends from then on.

    Returns:
        What everybody is answered with; None when it is gone, with its person.
    """
    found = await _found(conn, suggestion_id, user_id, "FOR UPDATE OF s")
    if found is None or found.source is not None:
        return found
    items, sources = found.items, dict(found.sources)
    for kind in kinds_of(found.kind):
        if kind not in sources:
            items, sources[kind] = joined(items, by_rules(kind, found.facts)), "rules"
    items, source = numbered(suggestion_id, items), source_of(sources)
    await conn.execute(
        "UPDATE suggestions SET items = $2, sources = $3, source = $4, settled_at = now() WHERE id = $1",
        suggestion_id,
        msgspec.to_builtins(items),
        sources,
        source,
    )
    if found.run_id is not None:
        await _recommend(conn, found.run_id, suggestion_id, items)
    return msgspec.structs.replace(found, items=items, sources=sources, source=source)


async def judge(
    conn: Connection,
    *,
    suggestion_id: str,
    item_id: str,
    tenant_id: str,
    user_id: str,
    verdict: Verdict,
    value: dict[str, Any] | None,
) -> None:
    """Write down what a person made of an item of their suggestion, instead of what they made of it before.

    Raises:
        SuggestionNotFound: it has gone meanwhile.
    """
    try:
        await conn.execute(
            """
            INSERT INTO suggestion_feedback (suggestion_id, item_id, tenant_id, user_id, verdict, value)
            VALUES ($1, $2, $3, $4, $5, $6)
            ON CONFLICT (suggestion_id, item_id) DO UPDATE
            SET verdict = EXCLUDED.verdict, value = EXCLUDED.value, updated_at = now()
            """,
            suggestion_id,
            item_id,
            tenant_id,
            user_id,
            verdict,
            value,
        )
    except asyncpg.ForeignKeyViolationError as error:
        raise SuggestionNotFound from error


async def accepted_okrs(conn: Connection, run_id: str) -> list[OkrSuggestion]:
    """The objectives that were accepted in a run, edited ones as they were edited, in the order of acceptance.

    One that was suggested twice, and accepted twice, is there once.
    """
    rows = await conn.fetch(
        """
        SELECT coalesce(f.value, o.item) AS okr
        FROM suggestions AS s
        CROSS JOIN LATERAL jsonb_array_elements(s.items -> 'suggested_okrs') AS o (item)
        JOIN suggestion_feedback AS f ON f.suggestion_id = s.id AND f.item_id = (o.item ->> 'id')::uuid
        WHERE s.run_id = $1 AND s.source IS NOT NULL AND f.verdict <> 'rejected'
        ORDER BY f.created_at, f.item_id
        """,
        run_id,
    )
    accepted = [msgspec.convert(row["okr"], OkrSuggestion) for row in rows]
    return list({msgspec.structs.replace(okr, id=""): okr for okr in accepted}.values())


async def purge(conn: Connection, limit: int = 5000) -> int:
    """Drop some old suggestions whose runs are not open, of the sweeper's tenant; returns how many."""
    status = await conn.execute(
        f"""
        DELETE FROM suggestions WHERE id IN (
          SELECT s.id FROM suggestions AS s
          WHERE s.created_at < now() - interval '{KEPT_DAYS} days' AND NOT EXISTS (
            SELECT FROM onboarding_sessions AS r WHERE r.id = s.run_id AND r.status = 'in_progress'
          )
          LIMIT $1
        )
        """,
        limit,
    )
    return rows_of(status)


async def _found(conn: Connection, suggestion_id: str, user_id: str, lock: str) -> Suggestion | None:
    row = await conn.fetchrow(
        f"""
        SELECT {_COLUMNS}, coalesce(r.step_data, '{{}}') AS answers
        FROM suggestions AS s LEFT JOIN onboarding_sessions AS r ON r.id = s.run_id AND r.user_id = s.user_id
        WHERE s.id = $1 AND s.user_id = $2 {lock}
        """,
        suggestion_id,
        user_id,
    )
    return msgspec.convert(dict(row), Suggestion) if row else None


async def _recommend(conn: Connection, run_id: str, suggestion_id: str, items: Suggestions) -> None:
    """The newest suggestions of each kind are those of the run, with the ids by which feedback finds them."""
    stored = msgspec.to_builtins(items)
    fields = {kind: name for kind, name in FIELD_OF.items() if kind != "industry" and name in stored}
    if not fields:
        return
    await conn.execute(
        """
        UPDATE onboarding_sessions SET ai_recommendations = coalesce(ai_recommendations, '{}') || $2
          || jsonb_build_object(
            'suggestion_ids', coalesce(ai_recommendations -> 'suggestion_ids', '{}') || $3
          )
        WHERE id = $1
        """,
        run_id,
        {name: stored[name] for name in fields.values()},
        dict.fromkeys(fields, suggestion_id),
    )
