"""Organizations: what completed company runs end in, with their owner and departments. As the person."""

from datetime import datetime
from typing import Any

import asyncpg
import msgspec
from msgspec import Struct, field
from msgspec.structs import asdict
from uuid_utils.compat import uuid7

from db.pool import Connection, rows_of
from db.runs import PersonGone
from onboarding.errors import RunNotFound
from onboarding.suggesting.shapes import OkrSuggestion

_FIELDS = (
    *("name", "industry", "size", "description", "logo", "website", "team_size"),
    *("structure", "methodology", "collaboration_style", "integrations", "okrs"),
)
_DEPARTMENTS = """
  coalesce((
    SELECT jsonb_agg(jsonb_build_object(
      'id', d.id, 'name', d.name, 'description', d.description, 'parent', p.name
    ) ORDER BY d.position)
    FROM departments AS d LEFT JOIN departments AS p ON p.id = d.parent_id
    WHERE d.organization_id = o.id
  ), '[]') AS departments
"""


class NewDepartment(Struct, frozen=True, kw_only=True):
    """A department to make; `parent` is the place in the list of the one that it belongs to."""

    name: str
    description: str | None = None
    parent: int | None = None


class Founding(Struct, frozen=True, kw_only=True):
    """An organization to make, from a person's completed company run."""

    run_id: str
    tenant_id: str
    user_id: str
    name: str
    industry: str
    size: str
    team_size: int
    structure: str
    methodology: str
    collaboration_style: str
    description: str | None = None
    logo: str | None = None
    website: str | None = None
    integrations: tuple[str, ...] = ()
    okrs: tuple[OkrSuggestion, ...] = ()
    departments: tuple[NewDepartment, ...] = ()


class Department(Struct, frozen=True, kw_only=True):
    """A department; `parent` is the name of the one that it belongs to."""

    id: str
    name: str
    description: str | None
    parent: str | None


class Organization(Struct, frozen=True, kw_only=True):
    """An organization with its departments in the order in which they were given."""

    id: str
    run_id: str
    created_by: str | None
    name: str
    industry: str
    size: str
    description: str | None
    logo: str | None
    website: str | None
    team_size: int
    structure: str
    methodology: str
    collaboration_style: str
    integrations: list[str]
    okrs: list[OkrSuggestion]
    created_at: datetime
    updated_at: datetime
    departments: list[Department] = field(default_factory=list)


async def create(conn: Connection, founding: Founding) -> bool:
    """Make the organization of a run, the person its owner, and its departments, in the caller's transaction.

    Returns:
        Whether this call made it; False when the run has one already. Of several at once, one makes it and the
        others wait for its end.

    Raises:
        RunNotFound: it is no completed company run of the caller's.
        PersonGone: the person was deleted meanwhile.
    """
    try:
        return await _create(conn, founding)
    except asyncpg.InsufficientPrivilegeError as error:
        raise RunNotFound from error
    except asyncpg.ForeignKeyViolationError as error:
        raise PersonGone from error


async def _create(conn: Connection, founding: Founding) -> bool:
    id, names = str(uuid7()), ", ".join(_FIELDS)
    made = await conn.execute(
        f"""
        INSERT INTO organizations (id, tenant_id, created_by, run_id, {names})
        SELECT $1, $2, $3, $4, {names} FROM jsonb_populate_record(NULL::organizations, $5)
        ON CONFLICT (run_id) DO NOTHING
        """,
        id,
        founding.tenant_id,
        founding.user_id,
        founding.run_id,
        {name: getattr(founding, name) for name in _FIELDS},
    )
    if not rows_of(made):
        return False
    await conn.execute(
        """
        INSERT INTO organization_members (organization_id, user_id, tenant_id, role) VALUES ($1, $2, $3, 'owner')
        """,
        id,
        founding.user_id,
        founding.tenant_id,
    )
    await conn.execute(
        """
        INSERT INTO departments (id, tenant_id, organization_id, parent_id, name, description, position)
        SELECT d.id, $1, $2, d.parent_id, d.name, d.description, d.position
        FROM jsonb_populate_recordset(NULL::departments, $3) AS d
        """,
        founding.tenant_id,
        id,
        _rows(founding.departments),
    )
    return True


async def of_run(conn: Connection, run_id: str) -> Organization | None:
    """The organization that a run ended in: to its founder, its members, and staff of the tenant."""
    row = await conn.fetchrow(
        f"""
        SELECT o.id::text, o.run_id::text, o.created_by::text, {", ".join(f"o.{name}" for name in _FIELDS)},
          o.created_at, o.updated_at, {_DEPARTMENTS}
        FROM organizations AS o WHERE o.run_id = $1
        """,
        run_id,
    )
    return msgspec.convert(dict(row), Organization) if row else None


def _rows(departments: tuple[NewDepartment, ...]) -> list[dict[str, Any]]:
    ids = [str(uuid7()) for _ in departments]
    return [
        {
            **asdict(each),
            "id": id,
            "position": position,
            "parent_id": None if each.parent is None else ids[each.parent],
        }
        for position, (id, each) in enumerate(zip(ids, departments, strict=True), 1)
    ]
