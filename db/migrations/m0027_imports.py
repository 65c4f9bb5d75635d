from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from db.ddl import scripts

ID = "0027_imports"
VERSION = "1.38.0"
DESCRIPTION = "CSV files that become items, and how far they have come"

FORWARDS = """
CREATE TABLE imports (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
  user_id uuid NOT NULL,
  file_name text CHECK (length(file_name) <= 120),
  status text NOT NULL DEFAULT 'awaiting_mapping'
    CHECK (status IN ('awaiting_mapping', 'queued', 'running', 'completed', 'failed', 'cancelled')),
  reason text CHECK (length(reason) <= 30),
  shape jsonb NOT NULL,
  columns text[] NOT NULL,
  suggested jsonb NOT NULL,
  sample jsonb NOT NULL,
  mapping jsonb,
  rows integer NOT NULL CHECK (rows > 0),
  reached integer NOT NULL DEFAULT 0,
  imported integer NOT NULL DEFAULT 0,
  failed integer NOT NULL DEFAULT 0,
  errors jsonb NOT NULL DEFAULT '[]',
  error_count integer NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL DEFAULT now(),
  ended_at timestamptz,
  FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);
COMMENT ON COLUMN imports.shape IS 'How the file is read: letters, delimiter, marks of fractions.';
COMMENT ON COLUMN imports.reached IS 'The last row that was seen to: whoever goes on does so after it.';
COMMENT ON COLUMN imports.reason IS 'Why it failed.';
COMMENT ON COLUMN imports.errors IS 'What is wrong with rows, the first thousand of error_count.';
CREATE INDEX imports_user ON imports (tenant_id, user_id, created_at DESC, id DESC);
ALTER TABLE imports ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON imports AS RESTRICTIVE USING (tenant_id = (SELECT app_tenant()));
CREATE POLICY own_rows ON imports USING (user_id = (SELECT app_user()));
GRANT SELECT, INSERT ON imports TO gangway_app;
GRANT UPDATE (status, reason, mapping, reached, imported, failed, errors, error_count, ended_at)
  ON imports TO gangway_app;
"""

BACKWARDS = "DROP TABLE imports;"


async def forwards() -> MigrationManager:
    return scripts(ID, DESCRIPTION, FORWARDS, BACKWARDS)
