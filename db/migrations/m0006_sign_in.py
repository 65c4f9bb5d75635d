from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from db.ddl import scripts

ID = "0006_sign_in"
VERSION = "1.38.0"
DESCRIPTION = "Sessions, tokens that are refused, failed sign-ins, password resets"

FORWARDS = """
CREATE TABLE sessions (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
  user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  generation integer NOT NULL DEFAULT 0 CHECK (generation >= 0),
  lifetime_seconds integer NOT NULL CHECK (lifetime_seconds > 0),
  user_agent text CHECK (length(user_agent) <= 200),
  address text CHECK (length(address) <= 64),
  created_at timestamptz NOT NULL DEFAULT now(),
  rotated_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  ended_at timestamptz,
  ended_because text CHECK (ended_because IN ('logout', 'ended', 'reuse', 'password', 'deactivated')),
  CHECK ((ended_at IS NULL) = (ended_because IS NULL))
);
COMMENT ON COLUMN sessions.generation IS 'How often the refresh token was exchanged; only the latest counts.';
CREATE INDEX sessions_user ON sessions (user_id, id DESC);
CREATE INDEX sessions_expiry ON sessions (expires_at);
ALTER TABLE sessions ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON sessions AS RESTRICTIVE USING (tenant_id = (SELECT app_tenant()));
CREATE POLICY own_rows ON sessions USING (user_id = (SELECT app_user()));
CREATE POLICY admin_reads ON sessions FOR SELECT USING ((SELECT app_role()) = 'admin');
CREATE POLICY admin_ends ON sessions FOR UPDATE USING ((SELECT app_role()) = 'admin');
CREATE POLICY sweeper_reads ON sessions FOR SELECT USING ((SELECT app_role()) = 'sweeper');
CREATE POLICY sweeper_deletes ON sessions FOR DELETE USING ((SELECT app_role()) = 'sweeper');
GRANT SELECT, INSERT, DELETE ON sessions TO gangway_app;
GRANT UPDATE (generation, rotated_at, expires_at, ended_at, ended_because) ON sessions TO gangway_app;

CREATE TABLE refused_tokens (
  digest bytea PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
  user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  expires_at timestamptz NOT NULL
);
COMMENT ON TABLE refused_tokens IS 'Access tokens of other issuers that somebody signed out with.';
CREATE INDEX refused_tokens_expiry ON refused_tokens (expires_at);
CREATE INDEX refused_tokens_user ON refused_tokens (user_id);
ALTER TABLE refused_tokens ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON refused_tokens AS RESTRICTIVE USING (tenant_id = (SELECT app_tenant()));
CREATE POLICY own_rows ON refused_tokens USING (user_id = (SELECT app_user()));
CREATE POLICY sweeper_reads ON refused_tokens FOR SELECT USING ((SELECT app_role()) = 'sweeper');
CREATE POLICY sweeper_deletes ON refused_tokens FOR DELETE USING ((SELECT app_role()) = 'sweeper');
GRANT SELECT, INSERT, DELETE ON refused_tokens TO gangway_app;

-- Of no tenant: an e-mail that nobody has is counted too. Keyed digests; logged, so that a crash forgives nothing.
CREATE TABLE sign_in_failures (
  who bytea NOT NULL,
  whence bytea NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON COLUMN sign_in_failures.who IS 'Keyed digest of the e-mail.';
COMMENT ON COLUMN sign_in_failures.whence IS 'Keyed digest of the e-mail and the address.';
CREATE INDEX sign_in_failures_who ON sign_in_failures (who, at);
CREATE INDEX sign_in_failures_at ON sign_in_failures (at);
GRANT SELECT, INSERT, DELETE ON sign_in_failures TO gangway_app;

CREATE TABLE password_resets (
  token_hash bytea PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
  user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL
);
CREATE INDEX password_resets_user ON password_resets (user_id);
CREATE INDEX password_resets_expiry ON password_resets (expires_at);
ALTER TABLE password_resets ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON password_resets AS RESTRICTIVE
  USING (tenant_id = (SELECT app_tenant()) OR (SELECT app_role()) = 'sign_in');
CREATE POLICY sign_in ON password_resets USING ((SELECT app_role()) = 'sign_in');
CREATE POLICY own_rows ON password_resets USING (user_id = (SELECT app_user()));
CREATE POLICY admin_reads ON password_resets FOR SELECT USING ((SELECT app_role()) = 'admin');
CREATE POLICY admin_closes ON password_resets FOR DELETE USING ((SELECT app_role()) = 'admin');
CREATE POLICY sweeper_reads ON password_resets FOR SELECT USING ((SELECT app_role()) = 'sweeper');
CREATE POLICY sweeper_deletes ON password_resets FOR DELETE USING ((SELECT app_role()) = 'sweeper');
GRANT SELECT, INSERT, DELETE ON password_resets TO gangway_app;

-- A first answer that tells of somebody who was not signed in yet goes when they go.
ALTER TABLE idempotency_keys ADD COLUMN about_user uuid REFERENCES users ON DELETE CASCADE;
CREATE INDEX idempotency_keys_about ON idempotency_keys (about_user) WHERE about_user IS NOT NULL;

-- Called once outside a transaction: the settings last for this one statement. The older one, without a session,
-- stays for processes of the version before.
CREATE FUNCTION enter(
  tenant uuid, person uuid, session uuid, token bytea, bucket_key text, seconds integer,
  OUT hits integer, OUT reset_seconds integer, OUT role text, OUT is_active boolean,
  OUT onboarding_completed boolean, OUT timezone text, OUT locale text, OUT default_flow text,
  OUT reminders_enabled boolean, OUT signed_out boolean
) LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
  PERFORM set_config('app.tenant_id', tenant::text, true), set_config('app.user_id', person::text, true),
    set_config('app.role', 'user', true);
  SELECT r.hits, r.reset_seconds INTO hits, reset_seconds FROM rate_hit(bucket_key, seconds) AS r;
  SELECT u.role, u.is_active, u.onboarding_completed, u.timezone, u.locale, t.default_flow,
      u.reminders_enabled,
      CASE WHEN session IS NULL
        THEN EXISTS (SELECT FROM refused_tokens AS x WHERE x.digest = token)
        ELSE NOT EXISTS (
          SELECT FROM sessions AS s WHERE s.id = session AND s.user_id = person AND s.ended_at IS NULL
        )
      END
    INTO role, is_active, onboarding_completed, timezone, locale, default_flow, reminders_enabled, signed_out
    FROM users AS u JOIN tenants AS t ON t.id = u.tenant_id
    WHERE u.id = person AND u.tenant_id = tenant;
END
$$;
-- Asked at the beginning of each transaction of a request: what was true at the door may be so no longer.
CREATE FUNCTION still_in(session uuid, token bytea) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  person record;
BEGIN
  SELECT u.is_active, u.role, CASE WHEN session IS NULL
      THEN NOT EXISTS (SELECT FROM refused_tokens AS x WHERE x.digest = token)
      ELSE EXISTS (SELECT FROM sessions AS s WHERE s.id = session AND s.user_id = u.id AND s.ended_at IS NULL)
    END AS signed_in INTO person
    FROM users AS u WHERE u.id = app_user() AND u.tenant_id = app_tenant();
  IF NOT person.is_active THEN
    RAISE EXCEPTION 'not active' USING ERRCODE = 'GW003';
  ELSIF person.signed_in IS NOT TRUE THEN
    RAISE EXCEPTION 'signed out' USING ERRCODE = 'GW002';
  ELSIF person.role <> app_role() THEN
    RAISE EXCEPTION 'another role' USING ERRCODE = 'GW004';
  END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION still_in FROM PUBLIC;
GRANT EXECUTE ON FUNCTION still_in TO gangway_app;

REVOKE EXECUTE ON FUNCTION enter(uuid, uuid, uuid, bytea, text, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION enter(uuid, uuid, uuid, bytea, text, integer) TO gangway_app;
"""

BACKWARDS = """
DROP FUNCTION still_in;
DROP FUNCTION enter(uuid, uuid, uuid, bytea, text, integer);
ALTER TABLE idempotency_keys DROP COLUMN about_user;
DROP TABLE password_resets;
DROP TABLE sign_in_failures;
DROP TABLE refused_tokens;
DROP TABLE sessions;
"""


async def forwards() -> MigrationManager:
    return scripts(ID, DESCRIPTION, FORWARDS, BACKWARDS)
