from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from db.ddl import scripts

ID = "0019_config_changes"
VERSION = "1.38.0"
DESCRIPTION = "Who changed how a tenant is monitored; saves that were refused, and runs that staff were told of"

# `created_at` is by the clock and not by the transaction, so that it has the order of the ids: whoever waited for
# their turn changed something later than who was first.
FORWARDS = """
CREATE TABLE config_changes (
  id uuid PRIMARY KEY DEFAULT uuidv7(),
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
  changed_by uuid,
  kind text NOT NULL CHECK (kind IN ('monitoring', 'aws_account')),
  subject_id uuid,
  before jsonb,
  after jsonb,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  FOREIGN KEY (tenant_id, changed_by) REFERENCES users (tenant_id, id) ON DELETE SET NULL (changed_by)
);
COMMENT ON COLUMN config_changes.subject_id IS 'The account; NULL for what a tenant has one of.';
COMMENT ON COLUMN config_changes.before IS 'Without secrets; NULL where it was made with this change.';
COMMENT ON COLUMN config_changes.after IS 'Without secrets; NULL where it was deleted with this change.';
CREATE INDEX config_changes_tenant ON config_changes (tenant_id, id);
CREATE INDEX config_changes_changed_by ON config_changes (changed_by);
ALTER TABLE config_changes ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON config_changes AS RESTRICTIVE USING (tenant_id = (SELECT app_tenant()));
CREATE POLICY admin_reads ON config_changes FOR SELECT USING ((SELECT app_role()) = 'admin');
CREATE POLICY admin_notes ON config_changes FOR INSERT
  WITH CHECK ((SELECT app_role()) = 'admin' AND changed_by = (SELECT app_user()));
-- The address of whoever is erased goes from the lists of recipients, those of before included.
CREATE POLICY eraser_reads ON config_changes FOR SELECT USING ((SELECT app_role()) = 'eraser');
CREATE POLICY eraser_changes ON config_changes FOR UPDATE USING ((SELECT app_role()) = 'eraser');
CREATE POLICY eraser_changes ON monitoring_configs FOR UPDATE USING ((SELECT app_role()) = 'eraser');
-- So do kept answers to whoever changed the lists.
CREATE POLICY eraser_forgets ON idempotency_keys
  USING ((SELECT app_role()) = 'eraser' AND split_part(scope, ' ', 2) LIKE '/api/config/monitoring%');
-- Append-only but for that.
GRANT SELECT, INSERT, UPDATE (before, after) ON config_changes TO gangway_app;

-- Unlogged, like counts: one that a crash resets costs less than its WAL.
CREATE UNLOGGED TABLE refused_saves (
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
  bucket timestamptz NOT NULL,
  refused integer NOT NULL DEFAULT 1,
  PRIMARY KEY (tenant_id, bucket)
) WITH (fillfactor = 50);
COMMENT ON COLUMN refused_saves.bucket IS 'When these five minutes began.';
ALTER TABLE refused_saves ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON refused_saves AS RESTRICTIVE USING (tenant_id = (SELECT app_tenant()));
CREATE POLICY people_count ON refused_saves USING ((SELECT app_role()) IN ('user', 'manager', 'admin'));
CREATE POLICY monitor_reads ON refused_saves FOR SELECT USING ((SELECT app_role()) = 'monitor');
CREATE POLICY sweeper ON refused_saves USING ((SELECT app_role()) = 'sweeper');
GRANT SELECT, INSERT, UPDATE (refused), DELETE ON refused_saves TO gangway_app;

CREATE TABLE stuck_runs (
  run_id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL,
  last_activity_at timestamptz NOT NULL,
  FOREIGN KEY (tenant_id, run_id) REFERENCES onboarding_sessions (tenant_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE stuck_runs IS 'Of which silence of a run staff were told; it goes with the run.';
ALTER TABLE stuck_runs ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON stuck_runs AS RESTRICTIVE USING (tenant_id = (SELECT app_tenant()));
CREATE POLICY monitor ON stuck_runs USING ((SELECT app_role()) = 'monitor');
GRANT SELECT, INSERT, UPDATE (last_activity_at) ON stuck_runs TO gangway_app;

CREATE INDEX onboarding_sessions_quiet ON onboarding_sessions (tenant_id, last_activity_at, id)
  WHERE status = 'in_progress';
CREATE POLICY monitor_watches ON onboarding_sessions FOR SELECT USING ((SELECT app_role()) = 'monitor');
CREATE POLICY monitor_watches ON onboarding_events FOR SELECT USING ((SELECT app_role()) = 'monitor');
"""

BACKWARDS = """
DROP POLICY monitor_watches ON onboarding_events;
DROP POLICY monitor_watches ON onboarding_sessions;
DROP INDEX onboarding_sessions_quiet;
DROP TABLE stuck_runs;
DROP TABLE refused_saves;
DROP POLICY eraser_forgets ON idempotency_keys;
DROP POLICY eraser_changes ON monitoring_configs;
DROP TABLE config_changes;
"""


async def forwards() -> MigrationManager:
    return scripts(ID, DESCRIPTION, FORWARDS, BACKWARDS)
