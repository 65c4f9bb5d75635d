from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from db.ddl import scripts

ID = "0007_people"
VERSION = "1.38.0"
DESCRIPTION = "People of other issuers, changes by admins, invitations, what tenants set, mails, events"

# Who has which role is guarded here too, whatever the code above forgets: nobody changes their own, nobody but an
# admin of the tenant changes another's, and a tenant that has an active admin keeps one.
FORWARDS = """
ALTER TABLE users
  ALTER COLUMN email DROP NOT NULL,
  ADD COLUMN issuer text CHECK (length(issuer) <= 300),
  ADD COLUMN subject text CHECK (length(subject) <= 300),
  ADD CONSTRAINT users_issuer_check1 CHECK ((issuer IS NULL) = (subject IS NULL)),
  ADD CONSTRAINT users_known CHECK (email IS NOT NULL OR issuer IS NOT NULL);
COMMENT ON COLUMN users.issuer IS 'Who signs this person in when it is not Gangway; they may give no e-mail.';
CREATE UNIQUE INDEX users_issuer_subject ON users (issuer, subject) WHERE issuer IS NOT NULL;
CREATE INDEX users_tenant ON users (tenant_id, id DESC);
CREATE POLICY admin_changes ON users FOR UPDATE USING ((SELECT app_role()) IN ('admin', 'operator'));
CREATE POLICY operator_reads ON users FOR SELECT USING ((SELECT app_role()) = 'operator');
CREATE POLICY operator_adds ON users FOR INSERT WITH CHECK ((SELECT app_role()) = 'operator');
CREATE POLICY issuer_reads ON users FOR SELECT USING ((SELECT app_role()) = 'issuer');
CREATE POLICY issuer_adds ON users FOR INSERT
  WITH CHECK ((SELECT app_role()) = 'issuer' AND issuer IS NOT NULL AND password_hash IS NULL);
GRANT UPDATE (email, role, is_active) ON users TO gangway_app;

CREATE FUNCTION guard_user() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  doer text := app_role();
BEGIN
  -- Without a role it is the database's own administrator: the app sees no row then.
  IF doer IS NULL THEN
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
  END IF;
  IF TG_OP = 'UPDATE' AND (NEW.role, NEW.is_active) IS NOT DISTINCT FROM (OLD.role, OLD.is_active) THEN
    RETURN NEW;
  END IF;
  IF TG_OP = 'UPDATE' AND (doer NOT IN ('admin', 'operator') OR OLD.id IS NOT DISTINCT FROM app_user()) THEN
    RAISE EXCEPTION 'nobody changes who they are themselves' USING ERRCODE = 'insufficient_privilege';
  END IF;
  -- An admin who has never signed in keeps no tenant: their invitation may run out.
  IF OLD.role = 'admin' AND OLD.is_active AND (OLD.password_hash IS NOT NULL OR OLD.issuer IS NOT NULL) AND (
    TG_OP = 'DELETE' OR NEW.role <> 'admin' OR NOT NEW.is_active
  ) THEN
    -- One after the other: two admins who remove each other at once must not both succeed.
    PERFORM pg_advisory_xact_lock(hashtextextended('last admin' || OLD.tenant_id, 0));
    IF NOT EXISTS (
      SELECT FROM users
      WHERE tenant_id = OLD.tenant_id AND id <> OLD.id AND role = 'admin' AND is_active
        AND (password_hash IS NOT NULL OR issuer IS NOT NULL)
    ) THEN
      RAISE EXCEPTION 'the last admin' USING ERRCODE = 'GW001';
    END IF;
  END IF;
  RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END
$$;
CREATE TRIGGER guard_user BEFORE UPDATE OR DELETE ON users FOR EACH ROW EXECUTE FUNCTION guard_user();

ALTER TABLE tenants
  ADD COLUMN ai_budget_run numeric CHECK (ai_budget_run >= 0),
  ADD COLUMN ai_budget_day numeric CHECK (ai_budget_day >= 0),
  ADD COLUMN ai_budget_month numeric CHECK (ai_budget_month >= 0),
  ADD COLUMN allowed_connections text[] NOT NULL DEFAULT '{gmail,quickbooks,xero}',
  ADD COLUMN updated_at timestamptz NOT NULL DEFAULT now();
COMMENT ON COLUMN tenants.ai_budget_run IS 'Dollars; NULL is the default of the deployment.';
CREATE POLICY admin_changes ON tenants FOR UPDATE
  USING (id = (SELECT app_tenant()) AND (SELECT app_role()) = 'admin');
CREATE POLICY operator_reads ON tenants FOR SELECT USING ((SELECT app_role()) = 'operator');
CREATE POLICY operator_adds ON tenants FOR INSERT WITH CHECK ((SELECT app_role()) = 'operator');
GRANT UPDATE (name, default_flow, ai_budget_run, ai_budget_day, ai_budget_month, allowed_connections, updated_at)
  ON tenants TO gangway_app;

CREATE TABLE invitations (
  id uuid PRIMARY KEY DEFAULT uuidv7(),
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
  email text NOT NULL CHECK (email = lower(email)),
  role text NOT NULL CHECK (role IN ('user', 'manager', 'admin')),
  token_hash bytea NOT NULL UNIQUE,
  invited_by uuid REFERENCES users ON DELETE SET NULL,
  user_id uuid REFERENCES users ON DELETE CASCADE,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  accepted_at timestamptz,
  revoked_at timestamptz
);
COMMENT ON COLUMN invitations.user_id IS 'The account that waits for it, then the one that took it up.';
CREATE UNIQUE INDEX invitations_open ON invitations (tenant_id, email)
  WHERE accepted_at IS NULL AND revoked_at IS NULL;
CREATE INDEX invitations_tenant ON invitations (tenant_id, id DESC);
CREATE INDEX invitations_user ON invitations (user_id);
CREATE INDEX invitations_invited_by ON invitations (invited_by);
ALTER TABLE invitations ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON invitations AS RESTRICTIVE
  USING (tenant_id = (SELECT app_tenant()) OR (SELECT app_role()) = 'sign_in');
-- Who has a link has the role: a manager makes none to more than their own, and renews none.
CREATE POLICY staff_reads ON invitations FOR SELECT USING ((SELECT app_role()) IN ('manager', 'admin'));
CREATE POLICY staff_adds ON invitations FOR INSERT
  WITH CHECK ((SELECT app_role()) = 'admin' OR ((SELECT app_role()) = 'manager' AND role <> 'admin'));
CREATE POLICY staff_changes ON invitations FOR UPDATE
  USING ((SELECT app_role()) = 'admin' OR ((SELECT app_role()) = 'manager' AND role <> 'admin'));
CREATE POLICY sign_in_reads ON invitations FOR SELECT USING ((SELECT app_role()) = 'sign_in');
CREATE POLICY sign_in_takes ON invitations FOR UPDATE USING ((SELECT app_role()) = 'sign_in');
CREATE POLICY sweeper_reads ON invitations FOR SELECT USING ((SELECT app_role()) = 'sweeper');
CREATE POLICY sweeper_deletes ON invitations FOR DELETE USING ((SELECT app_role()) = 'sweeper');
GRANT SELECT, INSERT, DELETE ON invitations TO gangway_app;
GRANT UPDATE (role, token_hash, user_id, invited_by, expires_at, accepted_at, revoked_at)
  ON invitations TO gangway_app;

-- Another role than `user` is given by an open invitation to that very e-mail, and by nothing else.
DROP POLICY registers ON users;
CREATE POLICY registers ON users FOR INSERT WITH CHECK (
  (SELECT app_role()) = 'sign_in' AND issuer IS NULL AND (role = 'user' OR EXISTS (
    SELECT FROM invitations AS i
    WHERE i.tenant_id = users.tenant_id AND i.email = users.email AND i.role = users.role
      AND i.accepted_at IS NULL AND i.revoked_at IS NULL AND i.expires_at > now()
  ))
);
CREATE POLICY takes_up ON users FOR UPDATE
  USING ((SELECT app_role()) = 'sign_in' AND password_hash IS NULL AND issuer IS NULL AND EXISTS (
    SELECT FROM invitations AS i
    WHERE i.user_id = users.id AND i.tenant_id = users.tenant_id AND i.email = users.email AND i.role = users.role
      AND i.accepted_at IS NULL AND i.revoked_at IS NULL AND i.expires_at > now()
  ))
  WITH CHECK ((SELECT app_role()) = 'sign_in');

CREATE TABLE mails (
  id uuid PRIMARY KEY DEFAULT uuidv7(),
  tenant_id uuid REFERENCES tenants ON DELETE CASCADE,
  user_id uuid REFERENCES users ON DELETE CASCADE,
  invitation_id uuid REFERENCES invitations ON DELETE CASCADE,
  sealed bytea NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE mails IS 'Mails that have not gone out yet; one that has is deleted.';
COMMENT ON COLUMN mails.tenant_id IS 'NULL for a mail to nobody, which is written so that asking takes as long.';
CREATE INDEX mails_age ON mails (created_at);
CREATE INDEX mails_user ON mails (user_id);
CREATE INDEX mails_invitation ON mails (invitation_id);
ALTER TABLE mails ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON mails AS RESTRICTIVE
  USING (tenant_id = (SELECT app_tenant()) OR (SELECT app_role()) IN ('sign_in', 'postman'));
CREATE POLICY anybody_writes ON mails FOR INSERT WITH CHECK ((SELECT app_role()) IS NOT NULL);
CREATE POLICY postman ON mails USING ((SELECT app_role()) = 'postman');
CREATE POLICY own_reads ON mails FOR SELECT USING (user_id = (SELECT app_user()));
GRANT SELECT, INSERT, DELETE ON mails TO gangway_app;

CREATE TABLE events (
  id uuid PRIMARY KEY DEFAULT uuidv7(),
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
  source text NOT NULL,
  detail_type text NOT NULL,
  detail jsonb NOT NULL DEFAULT '{}',
  severity text NOT NULL CHECK (severity IN ('critical', 'high', 'medium', 'low', 'unknown')),
  severity_level integer NOT NULL CHECK (severity_level BETWEEN 0 AND 5),
  run_id uuid,
  published_at timestamptz NOT NULL DEFAULT now(),
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX events_tenant ON events (tenant_id, id DESC);
ALTER TABLE events ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON events AS RESTRICTIVE
  USING (tenant_id = (SELECT app_tenant()) OR (SELECT app_role()) = 'sign_in');
CREATE POLICY tenant_reads ON events FOR SELECT USING ((SELECT app_user()) IS NOT NULL);
CREATE POLICY anybody_writes ON events FOR INSERT WITH CHECK ((SELECT app_role()) IS NOT NULL);
GRANT SELECT, INSERT ON events TO gangway_app;
"""

BACKWARDS = """
DROP TABLE events;
DROP TABLE mails;
DROP POLICY takes_up ON users;
DROP POLICY registers ON users;
CREATE POLICY registers ON users FOR INSERT WITH CHECK ((SELECT app_role()) = 'sign_in' AND role = 'user');
DROP TABLE invitations;
DROP POLICY operator_adds ON tenants;
DROP POLICY operator_reads ON tenants;
DROP POLICY admin_changes ON tenants;
REVOKE UPDATE (name, default_flow, ai_budget_run, ai_budget_day, ai_budget_month, allowed_connections, updated_at)
  ON tenants FROM gangway_app;
ALTER TABLE tenants
  DROP COLUMN ai_budget_run, DROP COLUMN ai_budget_day, DROP COLUMN ai_budget_month,
  DROP COLUMN allowed_connections, DROP COLUMN updated_at;
DROP TRIGGER guard_user ON users;
DROP FUNCTION guard_user();
REVOKE UPDATE (email, role, is_active) ON users FROM gangway_app;
DROP POLICY issuer_adds ON users;
DROP POLICY issuer_reads ON users;
DROP POLICY operator_adds ON users;
DROP POLICY operator_reads ON users;
DROP POLICY admin_changes ON users;
DROP INDEX users_tenant;
-- The version before knows nobody without an e-mail. The owner sees rows only where nothing is forced.
ALTER TABLE users NO FORCE ROW LEVEL SECURITY;
UPDATE users SET email = id || '@unknown.invalid' WHERE email IS NULL;
ALTER TABLE users FORCE ROW LEVEL SECURITY;
ALTER TABLE users DROP CONSTRAINT users_known, ALTER COLUMN email SET NOT NULL;
ALTER TABLE users DROP COLUMN issuer, DROP COLUMN subject;
"""


async def forwards() -> MigrationManager:
    return scripts(ID, DESCRIPTION, FORWARDS, BACKWARDS)
