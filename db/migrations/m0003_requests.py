from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from db.ddl import scripts

ID = "0003_requests"
VERSION = "1.38.0"
DESCRIPTION = "What stands around a request: its caller and rate, idempotency keys, notifications"

FORWARDS = """
CREATE TABLE notifications (
  id uuid PRIMARY KEY DEFAULT uuidv7(),
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
  user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  run_id uuid,
  kind text NOT NULL,
  body jsonb NOT NULL DEFAULT '{}',
  dedupe_key text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  read_at timestamptz,
  -- Within a person, so that nobody learns from a conflict what others were told.
  UNIQUE (user_id, dedupe_key)
);
CREATE INDEX notifications_user ON notifications (user_id, created_at DESC, id DESC);
ALTER TABLE notifications ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON notifications AS RESTRICTIVE USING (tenant_id = (SELECT app_tenant()));
CREATE POLICY own_rows ON notifications USING (user_id = (SELECT app_user()));
GRANT SELECT, INSERT, UPDATE (read_at) ON notifications TO gangway_app;

CREATE TABLE idempotency_keys (
  scope text NOT NULL,
  key text NOT NULL,
  tenant_id uuid DEFAULT app_tenant() REFERENCES tenants ON DELETE CASCADE,
  user_id uuid DEFAULT app_user() REFERENCES users ON DELETE CASCADE,
  body_hash bytea NOT NULL,
  status integer,
  headers jsonb,
  body bytea,
  locked_until timestamptz NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (scope, key)
);
COMMENT ON COLUMN idempotency_keys.user_id IS 'NULL, like the tenant, where nobody is signed in yet.';
COMMENT ON COLUMN idempotency_keys.body IS 'The first answer, encrypted by whoever stores it.';
CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);
CREATE INDEX idempotency_keys_user ON idempotency_keys (user_id);
ALTER TABLE idempotency_keys ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON idempotency_keys AS RESTRICTIVE
  USING (tenant_id IS NOT DISTINCT FROM (SELECT app_tenant()) AND (SELECT app_role()) IS NOT NULL);
CREATE POLICY own_rows ON idempotency_keys USING (user_id IS NOT DISTINCT FROM (SELECT app_user()));
CREATE POLICY sweeper_reads ON idempotency_keys FOR SELECT USING ((SELECT app_role()) = 'sweeper');
CREATE POLICY sweeper_deletes ON idempotency_keys FOR DELETE USING ((SELECT app_role()) = 'sweeper');
GRANT SELECT, INSERT, UPDATE, DELETE ON idempotency_keys TO gangway_app;

-- Of no tenant: counts by bucket. Unlogged, since a count that a crash resets costs less than its WAL.
CREATE UNLOGGED TABLE rate_counters (
  bucket text PRIMARY KEY,
  window_start timestamptz NOT NULL,
  hits integer NOT NULL
) WITH (fillfactor = 50);
GRANT SELECT, INSERT, UPDATE, DELETE ON rate_counters TO gangway_app;

CREATE FUNCTION rate_hit(bucket_key text, seconds integer, OUT hits integer, OUT reset_seconds integer)
LANGUAGE sql AS $$
  INSERT INTO rate_counters AS c (bucket, window_start, hits) VALUES (bucket_key, clock_timestamp(), 1)
  ON CONFLICT (bucket) DO UPDATE SET (window_start, hits) = (
    SELECT
      CASE WHEN over THEN EXCLUDED.window_start ELSE c.window_start END,
      CASE WHEN over THEN 1 ELSE c.hits + 1 END
    FROM (SELECT c.window_start + make_interval(secs => seconds) <= EXCLUDED.window_start AS over)
  )
  RETURNING
    c.hits,
    greatest(ceil(extract(epoch FROM c.window_start - clock_timestamp())) + seconds, 0)::integer
$$;

-- Called once outside a transaction: the settings last for this one statement.
CREATE FUNCTION enter(
  tenant uuid, person uuid, bucket_key text, seconds integer,
  OUT hits integer, OUT reset_seconds integer, OUT role text, OUT is_active boolean,
  OUT onboarding_completed boolean, OUT timezone text, OUT locale text, OUT default_flow text,
  OUT reminders_enabled boolean
) LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
  PERFORM set_config('app.tenant_id', tenant::text, true), set_config('app.user_id', person::text, true),
    set_config('app.role', 'user', true);
  SELECT r.hits, r.reset_seconds INTO hits, reset_seconds FROM rate_hit(bucket_key, seconds) AS r;
  SELECT u.role, u.is_active, u.onboarding_completed, u.timezone, u.locale, t.default_flow,
      u.reminders_enabled
    INTO role, is_active, onboarding_completed, timezone, locale, default_flow, reminders_enabled
    FROM users AS u JOIN tenants AS t ON t.id = u.tenant_id
    WHERE u.id = person AND u.tenant_id = tenant;
END
$$;
REVOKE EXECUTE ON FUNCTION rate_hit, enter FROM PUBLIC;
GRANT EXECUTE ON FUNCTION rate_hit, enter TO gangway_app;
"""

BACKWARDS = """
DROP FUNCTION enter;
DROP FUNCTION rate_hit;
DROP TABLE rate_counters;
DROP TABLE idempotency_keys;
DROP TABLE notifications;
"""


async def forwards() -> MigrationManager:
    return scripts(ID, DESCRIPTION, FORWARDS, BACKWARDS)
