from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from db.ddl import scripts

ID = "0015_operations"
VERSION = "1.38.0"
DESCRIPTION = "Events from outside, the AWS accounts that they come from, and how a tenant is monitored"

# An event from outside keeps the id of its envelope, so that redelivery finds it there; two tenants may be sent
# the same one, so an id is unique within its tenant.
FORWARDS = """
ALTER TABLE events
  DROP CONSTRAINT events_pkey,
  ADD PRIMARY KEY (tenant_id, id),
  ADD COLUMN account text CHECK (account ~ '^[0-9]{12}$'),
  ADD COLUMN region text CHECK (length(region) <= 40),
  ADD COLUMN resources jsonb NOT NULL DEFAULT '[]',
  ADD COLUMN acknowledged_at timestamptz,
  ADD COLUMN acknowledged_by uuid,
  ADD COLUMN notes text,
  ADD COLUMN deleted_at timestamptz,
  ADD COLUMN deleted_by uuid,
  ADD CHECK (length(source) <= 100 AND length(detail_type) <= 200),
  ADD FOREIGN KEY (tenant_id, acknowledged_by) REFERENCES users (tenant_id, id)
    ON DELETE SET NULL (acknowledged_by),
  ADD FOREIGN KEY (tenant_id, deleted_by) REFERENCES users (tenant_id, id) ON DELETE SET NULL (deleted_by);
COMMENT ON COLUMN events.published_at IS 'When whoever tells of it says that it happened.';
DROP INDEX events_tenant;
CREATE INDEX events_age ON events (tenant_id, created_at, id);
CREATE INDEX events_acknowledged_by ON events (acknowledged_by) WHERE acknowledged_by IS NOT NULL;
CREATE INDEX events_deleted_by ON events (deleted_by) WHERE deleted_by IS NOT NULL;
CREATE POLICY monitor_reads ON events FOR SELECT USING ((SELECT app_role()) IN ('ingest', 'monitor', 'sweeper'));
CREATE POLICY staff_notes ON events FOR UPDATE USING ((SELECT app_role()) IN ('manager', 'admin'));
CREATE POLICY sweeper_deletes ON events FOR DELETE USING ((SELECT app_role()) = 'sweeper');
GRANT DELETE, UPDATE (acknowledged_at, acknowledged_by, notes, deleted_at, deleted_by) ON events TO gangway_app;

CREATE TABLE aws_accounts (
  id uuid PRIMARY KEY DEFAULT uuidv7(),
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
  account_id text NOT NULL CHECK (account_id ~ '^[0-9]{12}$'),
  account_name text NOT NULL CHECK (length(account_name) BETWEEN 2 AND 100),
  region text NOT NULL,
  role_arn text,
  external_id text NOT NULL,
  access_key_id text,
  sealed_secret jsonb,
  ingest_token_hash bytea NOT NULL UNIQUE,
  is_active boolean NOT NULL DEFAULT true,
  status text NOT NULL DEFAULT 'untested' CHECK (status IN ('untested', 'connected', 'failed')),
  status_detail text,
  last_tested_at timestamptz,
  pulled_until timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (tenant_id, account_id),
  UNIQUE (tenant_id, id),
  CHECK ((access_key_id IS NULL) = (sealed_secret IS NULL))
);
COMMENT ON COLUMN aws_accounts.sealed_secret IS 'The secret access key, sealed; never shown.';
COMMENT ON COLUMN aws_accounts.pulled_until IS 'Up to when alarms were pulled.';
ALTER TABLE aws_accounts ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON aws_accounts AS RESTRICTIVE
  USING (tenant_id = (SELECT app_tenant()) OR (SELECT app_role()) = 'sign_in');
CREATE POLICY admin_rows ON aws_accounts USING ((SELECT app_role()) = 'admin');
CREATE POLICY monitor_reads ON aws_accounts FOR SELECT USING ((SELECT app_role()) = 'monitor');
CREATE POLICY monitor_notes ON aws_accounts FOR UPDATE USING ((SELECT app_role()) = 'monitor');
CREATE POLICY sign_in_reads ON aws_accounts FOR SELECT USING ((SELECT app_role()) = 'sign_in');
GRANT SELECT, INSERT, DELETE ON aws_accounts TO gangway_app;
GRANT UPDATE (account_name, region, role_arn, access_key_id, sealed_secret, ingest_token_hash, is_active, status,
  status_detail, last_tested_at, pulled_until, updated_at) ON aws_accounts TO gangway_app;

CREATE TABLE monitoring_configs (
  tenant_id uuid PRIMARY KEY REFERENCES tenants ON DELETE CASCADE,
  version integer NOT NULL DEFAULT 1,
  services jsonb NOT NULL DEFAULT '[]',
  global_settings jsonb NOT NULL DEFAULT '{}',
  sealed_slack_webhook jsonb,
  updated_by uuid,
  updated_at timestamptz NOT NULL DEFAULT now(),
  FOREIGN KEY (tenant_id, updated_by) REFERENCES users (tenant_id, id) ON DELETE SET NULL (updated_by)
);
COMMENT ON TABLE monitoring_configs IS 'One without a row goes by the defaults, version 0.';
COMMENT ON COLUMN monitoring_configs.sealed_slack_webhook IS 'Its address is a secret: whoever has it may post.';
CREATE INDEX monitoring_configs_updated_by ON monitoring_configs (updated_by);
ALTER TABLE monitoring_configs ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON monitoring_configs AS RESTRICTIVE
  USING (tenant_id = (SELECT app_tenant()) OR (SELECT app_role()) = 'sign_in');
CREATE POLICY anybody_reads ON monitoring_configs FOR SELECT USING ((SELECT app_role()) IS NOT NULL);
CREATE POLICY admin_writes ON monitoring_configs USING ((SELECT app_role()) = 'admin');
GRANT SELECT, INSERT, UPDATE ON monitoring_configs TO gangway_app;
"""

BACKWARDS = """
DROP TABLE monitoring_configs;
DROP TABLE aws_accounts;
DROP POLICY monitor_reads ON events;
DROP POLICY staff_notes ON events;
DROP POLICY sweeper_deletes ON events;
REVOKE DELETE, UPDATE (acknowledged_at, acknowledged_by, notes, deleted_at, deleted_by) ON events FROM gangway_app;
DROP INDEX events_age;
-- Two tenants may hold the same id by now, which the older schema cannot tell apart.
-- Policies bind the owner too, so they step aside for a moment.
ALTER TABLE events NO FORCE ROW LEVEL SECURITY;
DELETE FROM events AS e USING events AS o WHERE o.id = e.id AND o.tenant_id < e.tenant_id;
ALTER TABLE events FORCE ROW LEVEL SECURITY;
ALTER TABLE events
  DROP CONSTRAINT events_pkey,
  ADD PRIMARY KEY (id),
  DROP CONSTRAINT events_check,
  DROP COLUMN account, DROP COLUMN region, DROP COLUMN resources, DROP COLUMN acknowledged_at,
  DROP COLUMN acknowledged_by, DROP COLUMN notes, DROP COLUMN deleted_at, DROP COLUMN deleted_by;
CREATE INDEX events_tenant ON events (tenant_id, id DESC);
"""


async def forwards() -> MigrationManager:
    return scripts(ID, DESCRIPTION, FORWARDS, BACKWARDS)
