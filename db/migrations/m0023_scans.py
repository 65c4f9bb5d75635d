from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from db.ddl import scripts

ID = "0023_scans"
VERSION = "1.38.0"
DESCRIPTION = "Risk scans that were answered, and those that are under way"

# A scan has a row in `scans` once it was answered, and none when it failed. Until then, and until the upload is
# gone, it has one in `scan_orders`: whoever comes to ask for it, and whoever takes leftovers away, goes by that.
FORWARDS = """
CREATE TABLE scans (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
  user_id uuid NOT NULL,
  filename text CHECK (length(filename) <= 120),
  data jsonb NOT NULL,
  size integer NOT NULL,
  source text NOT NULL CHECK (source IN ('llm', 'model')),
  created_at timestamptz NOT NULL DEFAULT now(),
  FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);
COMMENT ON COLUMN scans.filename IS 'None for a text.';
COMMENT ON COLUMN scans.size IS 'Bytes of data as JSON: how much of it goes on one page of a list.';
CREATE INDEX scans_user ON scans (tenant_id, user_id, created_at DESC, id DESC);
ALTER TABLE scans ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON scans AS RESTRICTIVE USING (tenant_id = (SELECT app_tenant()));
CREATE POLICY own_rows ON scans USING (user_id = (SELECT app_user()));
GRANT SELECT, INSERT, DELETE ON scans TO gangway_app;

CREATE TABLE scan_orders (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
  user_id uuid NOT NULL,
  filename text CHECK (length(filename) <= 120),
  force_llm boolean,
  created_at timestamptz NOT NULL DEFAULT now(),
  sent_at timestamptz,
  failure jsonb,
  FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);
COMMENT ON COLUMN scan_orders.sent_at IS 'When the service was asked, which is done once.';
COMMENT ON COLUMN scan_orders.failure IS 'Why there is no answer, until somebody was told or an hour is over.';
CREATE INDEX scan_orders_user ON scan_orders (tenant_id, user_id);
CREATE INDEX scan_orders_age ON scan_orders (tenant_id, created_at, id);
ALTER TABLE scan_orders ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON scan_orders AS RESTRICTIVE USING (tenant_id = (SELECT app_tenant()));
CREATE POLICY own_rows ON scan_orders USING (user_id = (SELECT app_user()));
CREATE POLICY sweeper_reads ON scan_orders FOR SELECT USING ((SELECT app_role()) = 'sweeper');
CREATE POLICY sweeper_deletes ON scan_orders FOR DELETE USING ((SELECT app_role()) = 'sweeper');
GRANT SELECT, INSERT, DELETE, UPDATE (created_at, sent_at, failure) ON scan_orders TO gangway_app;
"""

BACKWARDS = """
DROP TABLE scan_orders;
DROP TABLE scans;
"""


async def forwards() -> MigrationManager:
    return scripts(ID, DESCRIPTION, FORWARDS, BACKWARDS)
