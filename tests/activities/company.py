"""A company on its way in: somebody's run of the wizard, as it stands in the database."""

import json
import uuid
from typing import Any

import asyncpg

from tests.db.given import Person

ANSWERS: dict[str, dict[str, Any]] = {
    "welcome": {"role": "ceo", "experience_level": "intermediate"},
    "company": {
        "name": "Nimbus & Söhne",
        "industry": "computer_programming",
        "size": "small",
        "description": "A canary SaaS app for bakeries",
    },
    "organization": {
        "team_size": 30,
        "structure": "flat",
        "methodology": "okrs",
        "departments": [{"name": "Sales"}],
    },
}


async def company_run(
    admin: asyncpg.Connection, person: Person, answers: dict[str, Any] | None = None, status: str = "in_progress"
) -> str:
    """A run of `company` with these answers; gives its id."""
    run_id = str(uuid.uuid4())
    await admin.execute(
        """
        INSERT INTO onboarding_sessions (
          id, tenant_id, user_id, flow, flow_version, status, current_step, total_states, step_data, reminders,
          version, seq, completed_at, ended_at
        )
        SELECT $1, $2, $3, 'company', 1, $5::text, 0, 3, $4::text::jsonb, '{"sent": 0, "muted": false}', 1, 1, t, t
        FROM (SELECT CASE WHEN $5::text = 'completed' THEN now() END) AS done (t)
        """,
        run_id,
        person.tenant_id,
        person.user_id,
        json.dumps(ANSWERS if answers is None else answers),
        status,
    )
    return run_id
