from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from db.ddl import scripts

ID = "0034_mail_jobs"
VERSION = "1.38.0"
DESCRIPTION = "Looking through a mailbox: for suppliers, and for their orders"

# Which messages were read stands here one by one, so that a job that is taken up again, a later one, and a sync
# read none twice. What a message said does not stay; only ids, and the order if it was one.
FORWARDS = """
CREATE TABLE mail_jobs (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
  user_id uuid NOT NULL,
  connection_id uuid NOT NULL,
  kind text NOT NULL CHECK (kind IN ('discovery', 'orders')),
  status text NOT NULL DEFAULT 'queued'
    CHECK (status IN ('queued', 'running', 'completed', 'failed', 'cancelled')),
  code text CHECK (code ~ '^[a-z0-9_]{1,64}$'),
  domains text[] NOT NULL DEFAULT '{}' CHECK (cardinality(domains) <= 100),
  place jsonb,
  messages integer NOT NULL DEFAULT 0 CHECK (messages >= 0),
  orders integer NOT NULL DEFAULT 0 CHECK (orders >= 0),
  failed integer NOT NULL DEFAULT 0 CHECK (failed >= 0),
  version integer NOT NULL DEFAULT 0 CHECK (version >= 0),
  found jsonb NOT NULL DEFAULT '[]',
  created_at timestamptz NOT NULL DEFAULT now(),
  ended_at timestamptz,
  UNIQUE (tenant_id, id),
  CHECK ((status IN ('queued', 'running')) = (ended_at IS NULL)),
  FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, connection_id) REFERENCES connections (tenant_id, id) ON DELETE CASCADE
);
COMMENT ON COLUMN mail_jobs.place IS 'From where it goes on.';
COMMENT ON COLUMN mail_jobs.found IS 'Of a discovery: the suppliers.';
COMMENT ON COLUMN mail_jobs.version IS 'The number of its last change.';
CREATE INDEX mail_jobs_connection ON mail_jobs (tenant_id, connection_id, created_at, id);
CREATE INDEX mail_jobs_user ON mail_jobs (tenant_id, user_id);
CREATE UNIQUE INDEX mail_jobs_open ON mail_jobs (tenant_id, connection_id, kind)
  WHERE status IN ('queued', 'running');
ALTER TABLE mail_jobs ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON mail_jobs AS RESTRICTIVE USING (tenant_id = (SELECT app_tenant()));
CREATE POLICY own_rows ON mail_jobs USING (user_id = (SELECT app_user()));
GRANT SELECT, INSERT, UPDATE (status, code, place, messages, orders, failed, version, found, ended_at)
  ON mail_jobs TO gangway_app;

CREATE TABLE mail_messages (
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
  connection_id uuid NOT NULL,
  message_id text NOT NULL CHECK (length(message_id) BETWEEN 1 AND 100),
  user_id uuid NOT NULL,
  outcome text NOT NULL CHECK (outcome IN ('order', 'no_order', 'unreadable')),
  read_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, connection_id, message_id),
  FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, connection_id) REFERENCES connections (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX mail_messages_user ON mail_messages (tenant_id, user_id);
ALTER TABLE mail_messages ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON mail_messages AS RESTRICTIVE USING (tenant_id = (SELECT app_tenant()));
CREATE POLICY own_rows ON mail_messages USING (user_id = (SELECT app_user()));
GRANT SELECT, INSERT ON mail_messages TO gangway_app;
"""

BACKWARDS = """
DROP TABLE mail_messages;
DROP TABLE mail_jobs;
"""


async def forwards() -> MigrationManager:
    return scripts(ID, DESCRIPTION, FORWARDS, BACKWARDS)
