from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from db.ddl import scripts

ID = "0001_identity"
VERSION = "1.38.0"
DESCRIPTION = "Tenants and users; what the policies of row level security go by"

# The policies of every table that holds a tenant's rows: one restrictive on the tenant, then permissive ones
# that say who of the tenant. `(SELECT ...)` makes the setting a constant of the query. FORCE binds the owner.
FORWARDS = """
GRANT SELECT ON migration TO gangway_app;

CREATE FUNCTION app_tenant() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
  RETURN nullif(current_setting('app.tenant_id', true), '')::uuid;
CREATE FUNCTION app_user() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
  RETURN nullif(current_setting('app.user_id', true), '')::uuid;
CREATE FUNCTION app_role() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
  RETURN nullif(current_setting('app.role', true), '');

CREATE TABLE tenants (
  id uuid PRIMARY KEY DEFAULT uuidv7(),
  external_id text NOT NULL UNIQUE CHECK (external_id <> ''),
  name text NOT NULL,
  default_flow text NOT NULL DEFAULT 'fitness',
  created_at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE tenants ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON tenants FOR SELECT USING (id = (SELECT app_tenant()));
CREATE POLICY internal_reads ON tenants FOR SELECT USING ((SELECT app_role()) IN ('sign_in', 'sweeper'));
CREATE POLICY sign_in_adds ON tenants FOR INSERT WITH CHECK ((SELECT app_role()) = 'sign_in');
GRANT SELECT, INSERT ON tenants TO gangway_app;

CREATE TABLE users (
  id uuid PRIMARY KEY DEFAULT uuidv7(),
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
  email text NOT NULL CHECK (email = lower(email)),
  password_hash text,
  full_name text,
  role text NOT NULL DEFAULT 'user' CHECK (role IN ('user', 'manager', 'admin')),
  timezone text NOT NULL DEFAULT 'UTC',
  locale text NOT NULL DEFAULT 'en' CHECK (locale IN ('en', 'es')),
  age integer CHECK (age BETWEEN 13 AND 100),
  sex text CHECK (sex IN ('female', 'male', 'other')),
  height_cm double precision CHECK (height_cm BETWEEN 100 AND 250),
  weight_kg double precision CHECK (weight_kg BETWEEN 30 AND 300),
  is_active boolean NOT NULL DEFAULT true,
  onboarding_completed boolean NOT NULL DEFAULT false,
  reminders_enabled boolean NOT NULL DEFAULT true,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (tenant_id, email)
);
-- Signing in with a password names no tenant, so such an e-mail is unique over all of them.
CREATE UNIQUE INDEX users_sign_in_email ON users (email) WHERE password_hash IS NOT NULL;
ALTER TABLE users ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON users AS RESTRICTIVE
  USING (tenant_id = (SELECT app_tenant()) OR (SELECT app_role()) = 'sign_in');
CREATE POLICY own_row ON users FOR SELECT USING (id = (SELECT app_user()));
CREATE POLICY own_row_changes ON users FOR UPDATE USING (id = (SELECT app_user()));
CREATE POLICY staff_reads ON users FOR SELECT USING ((SELECT app_role()) IN ('manager', 'admin'));
CREATE POLICY admin_adds ON users FOR INSERT WITH CHECK ((SELECT app_role()) = 'admin');
CREATE POLICY sign_in_reads ON users FOR SELECT USING ((SELECT app_role()) = 'sign_in');
CREATE POLICY registers ON users FOR INSERT WITH CHECK ((SELECT app_role()) = 'sign_in' AND role = 'user');
GRANT SELECT, INSERT ON users TO gangway_app;
-- Not the role, the tenant or whether the account is active: nobody changes these for themselves.
GRANT UPDATE (password_hash, full_name, timezone, locale, age, sex, height_cm, weight_kg,
              onboarding_completed, reminders_enabled, updated_at) ON users TO gangway_app;
"""

BACKWARDS = """
DROP TABLE users;
DROP TABLE tenants;
DROP FUNCTION app_role();
DROP FUNCTION app_user();
DROP FUNCTION app_tenant();
REVOKE SELECT ON migration FROM gangway_app;
"""


async def forwards() -> MigrationManager:
    return scripts(ID, DESCRIPTION, FORWARDS, BACKWARDS)
