from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from db.ddl import scripts

ID = "0029_syncs"
VERSION = "1.38.0"
DESCRIPTION = "Approved items on their way out, and what became of each"

# Which items a sync takes is written down when it begins, and what became of each as soon as it is known: whoever
# goes on after a crash sends those that are pending, and no other.
FORWARDS = """
ALTER TABLE items ADD synced_at timestamptz;
GRANT UPDATE (synced_at) ON items TO gangway_app;

CREATE TABLE item_syncs (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
  user_id uuid NOT NULL,
  target text NOT NULL CHECK (target IN ('sink', 'csv')),
  status text NOT NULL DEFAULT 'running' CHECK (status IN ('running', 'completed', 'failed', 'cancelled')),
  code text CHECK (code ~ '^[a-z0-9_]{1,64}$'),
  created_at timestamptz NOT NULL DEFAULT now(),
  ended_at timestamptz,
  UNIQUE (tenant_id, id),
  CHECK ((status = 'running') = (ended_at IS NULL)),
  FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);
COMMENT ON COLUMN item_syncs.code IS 'Why it failed.';
CREATE INDEX item_syncs_user ON item_syncs (tenant_id, user_id, created_at, id);
CREATE UNIQUE INDEX item_syncs_running ON item_syncs (tenant_id, user_id) WHERE status = 'running';
ALTER TABLE item_syncs ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON item_syncs AS RESTRICTIVE USING (tenant_id = (SELECT app_tenant()));
CREATE POLICY own_rows ON item_syncs USING (user_id = (SELECT app_user()));
GRANT SELECT, INSERT, UPDATE (status, code, ended_at) ON item_syncs TO gangway_app;

CREATE TABLE item_sync_results (
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
  sync_id uuid NOT NULL,
  item_id uuid NOT NULL,
  user_id uuid NOT NULL,
  number integer NOT NULL CHECK (number BETWEEN 1 AND 20000),
  version integer NOT NULL CHECK (version > 0),
  status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'sent', 'failed')),
  code text CHECK (code ~ '^[a-z0-9_]{1,64}$'),
  attempts integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
  PRIMARY KEY (tenant_id, sync_id, item_id),
  FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, sync_id) REFERENCES item_syncs (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, item_id) REFERENCES items (tenant_id, id) ON DELETE CASCADE
);
COMMENT ON COLUMN item_sync_results.number IS 'Its place in the sync, the oldest item first.';
COMMENT ON COLUMN item_sync_results.version IS 'The version of the item that was last sent, or is to be.';
CREATE INDEX item_sync_results_number ON item_sync_results (tenant_id, sync_id, number);
CREATE INDEX item_sync_results_item ON item_sync_results (tenant_id, item_id);
CREATE INDEX item_sync_results_user ON item_sync_results (tenant_id, user_id);
ALTER TABLE item_sync_results ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON item_sync_results AS RESTRICTIVE USING (tenant_id = (SELECT app_tenant()));
CREATE POLICY own_rows ON item_sync_results USING (user_id = (SELECT app_user()));
GRANT SELECT, INSERT, UPDATE (version, status, code, attempts) ON item_sync_results TO gangway_app;
"""

BACKWARDS = """
DROP TABLE item_sync_results;
DROP TABLE item_syncs;
ALTER TABLE items DROP synced_at;
"""


async def forwards() -> MigrationManager:
    return scripts(ID, DESCRIPTION, FORWARDS, BACKWARDS)
