"""Statements of which one filter holds for every row: what is left to keep tenants apart are the policies."""

import re
from collections.abc import Iterator

import asyncpg
from msgspec import Struct

from tests.db.tour import Statement

_COLUMN = r"(?:[a-z_]\w*\.)?[a-z_]\w*"
_OPERAND = rf"""(?:
  \$\d+(?:::\w+)?(?:\s*[+-]\s*\d+)?
  | ANY\s*\([^()]*\)
  | lower\(trim\(\$\d+\)\)
  | EXCLUDED\.\w+
  | {_COLUMN}
)(?![\w(.:]|\s*[-+])"""
FILTER = re.compile(rf"(?<![\w$.:])({_COLUMN})\s*(?:=|<=|>=|<>|<|>|IS\ DISTINCT\ FROM)\s*{_OPERAND}", re.VERBOSE)
"""A comparison of a column with a parameter or with another column. It finds assignments too: see `mutants`."""

NO_FILTERS = (
    asyncpg.PostgresSyntaxError,  # `SET (name = $2 OR true)` was an assignment
    asyncpg.DatatypeMismatchError,  # and so was `SET name = (active = $2 OR true)`
)


class Mutant(Struct, frozen=True, kw_only=True):
    """A statement without one filter; one that stands in a function is taken out of it by `define`."""

    without: str
    sql: str
    define: str = ""


async def mutants(admin: asyncpg.Connection, sql: str) -> list[Mutant]:
    """The statement as it is, then without each of its filters in turn."""
    found = [Mutant(without="nothing", sql=sql)]
    for without, text in _opened(sql):
        if await _is_possible(admin, text):
            found.append(Mutant(without=without, sql=text))
    called = [
        await admin.fetchval("SELECT pg_get_functiondef($1::oid)", row["oid"])
        for row in await admin.fetch(FUNCTIONS)
        if re.search(rf"\b{row['proname']}\(", sql)
    ]
    for definition in called:
        head, quote, body = definition.partition("$function$")
        for without, text in _opened(body):
            define = head + quote + text
            if await _is_possible(admin, define):
                found.append(Mutant(without=without, sql=sql, define=define))
    return found


FUNCTIONS = """
SELECT p.oid, p.proname FROM pg_proc AS p
WHERE p.pronamespace = 'public'::regnamespace AND p.prorettype <> 'trigger'::regtype AND NOT p.prosecdef
  AND p.proname NOT LIKE 'app\\_%' AND has_function_privilege('gangway_app', p.oid, 'EXECUTE')
  AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.objid = p.oid AND d.deptype = 'e')
"""
"""Ours that work as their caller, so under the policies; those of the definer stand in test_catalogue.py."""


def _opened(sql: str) -> Iterator[tuple[str, str]]:
    for match in FILTER.finditer(sql):
        yield match[0], f"{sql[: match.start()]}({match[0]} OR true){sql[match.end() :]}"


async def _is_possible(admin: asyncpg.Connection, sql: str) -> bool:
    """Whether PostgreSQL understands it; a filter that is none makes no sense like this."""
    await admin.execute("BEGIN")
    try:
        if sql.startswith("CREATE"):
            await admin.execute(sql)
        else:
            await admin.prepare(sql)
    except NO_FILTERS:
        return False
    finally:
        await admin.execute("ROLLBACK")
    return True


class Trial(Struct, frozen=True, kw_only=True):
    """What a mutant did: what it showed, and whether it wrote."""

    rows: list[asyncpg.Record]
    wrote: bool


async def tried(admin: asyncpg.Connection, mutant: Mutant, statement: Statement) -> Trial:
    """Run a mutant as the app would, in a transaction that stays open: look, then roll it back."""
    context = statement.context
    settings = (
        {}
        if context is None
        else {
            "tenant_id": context.tenant_id,
            "user_id": context.user_id,
            "role": str(context.role),
        }
    )
    local = "".join(f"SET LOCAL app.{name} = '{value}';" for name, value in settings.items() if value)
    await admin.execute(f"BEGIN; {mutant.define}; SET LOCAL ROLE gangway_app; {local}")
    try:
        rows = await admin.fetch(mutant.sql, *statement.arguments)
        if cursor := re.match(r"\s*DECLARE (\w+)", mutant.sql):
            rows = await admin.fetch(f"FETCH ALL FROM {cursor[1]}")
    except asyncpg.PostgresError:
        return Trial(rows=[], wrote=False)
    return Trial(rows=rows, wrote=await admin.fetchval("SELECT pg_current_xact_id_if_assigned() IS NOT NULL"))
