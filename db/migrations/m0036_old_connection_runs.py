from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from db.ddl import scripts

ID = "0036_old_connection_runs"
VERSION = "1.38.0"
DESCRIPTION = "Runs of connections are forgotten in time: a connection makes some eighty a day"

FORWARDS = """
CREATE INDEX connection_runs_ended ON connection_runs (tenant_id, ended_at) WHERE ended_at IS NOT NULL;
CREATE POLICY sweeper_reads ON connection_runs FOR SELECT USING ((SELECT app_role()) = 'sweeper');
CREATE POLICY sweeper_deletes ON connection_runs FOR DELETE USING ((SELECT app_role()) = 'sweeper');
GRANT DELETE ON connection_runs TO gangway_app;
"""

BACKWARDS = """
REVOKE DELETE ON connection_runs FROM gangway_app;
DROP POLICY sweeper_deletes ON connection_runs;
DROP POLICY sweeper_reads ON connection_runs;
DROP INDEX connection_runs_ended;
"""


async def forwards() -> MigrationManager:
    return scripts(ID, DESCRIPTION, FORWARDS, BACKWARDS)
