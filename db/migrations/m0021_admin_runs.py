from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from db.ddl import scripts
from db.migrations.m0005_project import FORWARDS as PROJECT
from db.migrations.m0010_chat import replaced, with_staff

ID = "0021_admin_runs"
VERSION = "1.38.0"
DESCRIPTION = "Runs as staff look for them, and which run another one was forked from"


_REST = "version, seq,\n        completed_at, ended_at, created_at"
"""What follows in the columns of a new row, and not in those of a change to one."""


def _with_forks(sql: str) -> str:
    """`project`, writing where a run and its first event come from; that never changes."""
    for before, after in (
        ("staff uuid,", "staff uuid, forked_from uuid,"),
        (f"staff, {_REST}", f"staff, forked_from, {_REST}"),
        ("state, actor, channel, created_at)", "state, actor, channel, forked_from, created_at)"),
        ("e.actor, e.channel, e.at", "e.actor, e.channel, e.forked_from, e.at"),
        ("channel text, at timestamptz", "channel text, forked_from uuid, at timestamptz"),
    ):
        assert before in sql, before
        sql = sql.replace(before, after)
    return sql


FORWARDS = f"""
ALTER TABLE onboarding_sessions ADD forked_from uuid;
COMMENT ON COLUMN onboarding_sessions.forked_from IS 'The run whose first answers it began with; no foreign key,
since runs are archived.';
ALTER TABLE onboarding_events ADD forked_from uuid;
CREATE INDEX onboarding_sessions_flow ON onboarding_sessions
  (flow, status, tenant_id, created_at DESC, id DESC);
CREATE POLICY operator_reads ON onboarding_sessions FOR SELECT USING ((SELECT app_role()) = 'operator');
CREATE POLICY operator_reads ON onboarding_archive FOR SELECT USING ((SELECT app_role()) = 'operator');
{_with_forks(with_staff(replaced(PROJECT)))}
"""

BACKWARDS = f"""
{with_staff(replaced(PROJECT))}
DROP POLICY operator_reads ON onboarding_archive;
DROP POLICY operator_reads ON onboarding_sessions;
DROP INDEX onboarding_sessions_flow;
ALTER TABLE onboarding_events DROP forked_from;
ALTER TABLE onboarding_sessions DROP forked_from;
"""


async def forwards() -> MigrationManager:
    return scripts(ID, DESCRIPTION, FORWARDS, BACKWARDS)
