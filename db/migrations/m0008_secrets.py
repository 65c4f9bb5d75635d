from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from db.ddl import scripts

ID = "0008_secrets"
VERSION = "1.38.0"
DESCRIPTION = "Data keys, one a person, and the erasure of a person"

FORWARDS = """
CREATE TABLE data_keys (
  id uuid PRIMARY KEY,
  tenant_id uuid REFERENCES tenants ON DELETE CASCADE,
  user_id uuid UNIQUE NULLS NOT DISTINCT REFERENCES users ON DELETE CASCADE,
  key_id text NOT NULL,
  wrapped bytea NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  wrapped_at timestamptz NOT NULL DEFAULT now(),
  CHECK ((tenant_id IS NULL) = (user_id IS NULL))
);
COMMENT ON COLUMN data_keys.user_id IS 'NULL for the one key of what belongs to no person.';
COMMENT ON COLUMN data_keys.key_id IS 'The key-encryption key that it is wrapped with.';
CREATE INDEX data_keys_key ON data_keys (key_id, id);
ALTER TABLE data_keys ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY keeper ON data_keys USING ((SELECT app_role()) = 'keeper');
CREATE POLICY own_reads ON data_keys FOR SELECT
  USING (user_id = (SELECT app_user()) AND tenant_id = (SELECT app_tenant()));
GRANT SELECT, INSERT, UPDATE (key_id, wrapped, wrapped_at) ON data_keys TO gangway_app;

CREATE TABLE erasures (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
  user_id uuid NOT NULL UNIQUE,
  requested_by uuid NOT NULL,
  status text NOT NULL DEFAULT 'running' CHECK (status IN ('running', 'completed')),
  counts jsonb NOT NULL DEFAULT '{}',
  subject bytea,
  created_at timestamptz NOT NULL DEFAULT now(),
  completed_at timestamptz,
  CHECK ((status = 'completed') = (completed_at IS NOT NULL))
);
COMMENT ON TABLE erasures IS 'Receipts: ids and counts; no foreign key, since they outlive the person.';
COMMENT ON COLUMN erasures.subject IS 'Digest of issuer and subject, of who signed in elsewhere.';
CREATE INDEX erasures_tenant ON erasures (tenant_id);
CREATE INDEX erasures_running ON erasures (tenant_id, created_at) WHERE status = 'running';
CREATE INDEX erasures_subject ON erasures (subject) WHERE subject IS NOT NULL;
ALTER TABLE erasures ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON erasures AS RESTRICTIVE
  USING (tenant_id = (SELECT app_tenant()) OR (SELECT app_role()) = 'sign_in');
CREATE POLICY sign_in_reads ON erasures FOR SELECT USING ((SELECT app_role()) = 'sign_in');
CREATE POLICY own_rows ON erasures FOR SELECT USING (user_id = (SELECT app_user()));
CREATE POLICY requester_reads ON erasures FOR SELECT USING (requested_by = (SELECT app_user()));
CREATE POLICY own_adds ON erasures FOR INSERT WITH CHECK (user_id = (SELECT app_user()));
CREATE POLICY admin_reads ON erasures FOR SELECT USING ((SELECT app_role()) = 'admin');
CREATE POLICY admin_adds ON erasures FOR INSERT WITH CHECK ((SELECT app_role()) = 'admin');
CREATE POLICY eraser ON erasures USING ((SELECT app_role()) = 'eraser' AND user_id = (SELECT app_user()));
CREATE POLICY sweeper_reads ON erasures FOR SELECT USING ((SELECT app_role()) = 'sweeper');
GRANT SELECT, INSERT ON erasures TO gangway_app;
GRANT UPDATE (status, counts, completed_at, subject) ON erasures TO gangway_app;

-- The eraser acts for one person of one tenant. Whatever refers to them goes with their row; the archive has no
-- foreign keys, and invitations know people by their e-mail.
CREATE POLICY eraser_reads ON users FOR SELECT USING ((SELECT app_role()) = 'eraser');
CREATE POLICY eraser ON users FOR DELETE USING ((SELECT app_role()) = 'eraser' AND id = (SELECT app_user()));
GRANT DELETE ON users TO gangway_app;
CREATE POLICY eraser ON onboarding_archive
  USING ((SELECT app_role()) = 'eraser' AND user_id = (SELECT app_user()));
GRANT DELETE ON onboarding_archive TO gangway_app;
CREATE POLICY eraser ON invitations USING ((SELECT app_role()) = 'eraser');
-- What staff were answered to invitations holds e-mails and links of others; it goes with any of them.
CREATE POLICY eraser ON idempotency_keys
  USING ((SELECT app_role()) = 'eraser' AND split_part(scope, ' ', 2) LIKE '/api/invitations%');
"""

BACKWARDS = """
DROP POLICY eraser ON idempotency_keys;
DROP POLICY eraser ON invitations;
DROP POLICY eraser ON onboarding_archive;
REVOKE DELETE ON onboarding_archive FROM gangway_app;
DROP POLICY eraser ON users;
DROP POLICY eraser_reads ON users;
REVOKE DELETE ON users FROM gangway_app;
DROP TABLE erasures;
DROP TABLE data_keys;
"""


async def forwards() -> MigrationManager:
    return scripts(ID, DESCRIPTION, FORWARDS, BACKWARDS)
