from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from db.ddl import scripts

ID = "0002_runs"
VERSION = "1.38.0"
DESCRIPTION = "Runs with their events, and the profiles that they end in"

FORWARDS = """
CREATE TABLE onboarding_sessions (
  id uuid PRIMARY KEY DEFAULT uuidv7(),
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
  user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  flow text NOT NULL,
  flow_version integer NOT NULL,
  status text NOT NULL DEFAULT 'in_progress' CHECK (status IN ('in_progress', 'completed', 'abandoned')),
  abandoned_reason text CHECK (abandoned_reason IN ('expired', 'deleted', 'restarted', 'erased')),
  current_step integer NOT NULL,
  total_states integer NOT NULL,
  step_data jsonb NOT NULL DEFAULT '{}',
  skipped jsonb NOT NULL DEFAULT '[]',
  needs_review jsonb NOT NULL DEFAULT '[]',
  prefill jsonb NOT NULL DEFAULT '{}',
  agent_history jsonb NOT NULL DEFAULT '[]',
  reminders jsonb NOT NULL DEFAULT '{}',
  ai_recommendations jsonb,
  timezone text NOT NULL DEFAULT 'UTC',
  locale text NOT NULL DEFAULT 'en',
  version bigint NOT NULL,
  seq bigint NOT NULL,
  completed_at timestamptz,
  ended_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  last_activity_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL DEFAULT now() + interval '7 days',
  CHECK (current_step BETWEEN 0 AND total_states),
  CHECK ((status = 'completed') = (completed_at IS NOT NULL)),
  CHECK ((status = 'abandoned') = (abandoned_reason IS NOT NULL)),
  CHECK ((status = 'in_progress') = (ended_at IS NULL))
);
CREATE UNIQUE INDEX onboarding_sessions_one_active ON onboarding_sessions (user_id, flow)
  WHERE status = 'in_progress';
CREATE INDEX onboarding_sessions_user ON onboarding_sessions (user_id, flow, created_at DESC, id DESC);
CREATE INDEX onboarding_sessions_status ON onboarding_sessions (status, tenant_id, created_at DESC, id DESC);
CREATE INDEX onboarding_sessions_expiry ON onboarding_sessions (expires_at, id) WHERE status = 'in_progress';
CREATE INDEX onboarding_sessions_ended ON onboarding_sessions (ended_at, id) WHERE status <> 'in_progress';
ALTER TABLE onboarding_sessions ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON onboarding_sessions AS RESTRICTIVE USING (tenant_id = (SELECT app_tenant()));
CREATE POLICY own_rows ON onboarding_sessions USING (user_id = (SELECT app_user()));
CREATE POLICY staff_reads ON onboarding_sessions FOR SELECT
  USING ((SELECT app_role()) IN ('manager', 'admin'));
CREATE POLICY sweeper ON onboarding_sessions USING ((SELECT app_role()) = 'sweeper');
GRANT SELECT, INSERT, UPDATE, DELETE ON onboarding_sessions TO gangway_app;

CREATE TABLE onboarding_events (
  id uuid PRIMARY KEY DEFAULT uuidv7(),
  tenant_id uuid NOT NULL,
  user_id uuid NOT NULL,
  run_id uuid NOT NULL REFERENCES onboarding_sessions ON DELETE CASCADE,
  seq bigint NOT NULL,
  version bigint NOT NULL,
  kind text NOT NULL,
  state integer,
  actor jsonb NOT NULL,
  channel text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (run_id, seq)
);
ALTER TABLE onboarding_events ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON onboarding_events AS RESTRICTIVE USING (tenant_id = (SELECT app_tenant()));
CREATE POLICY own_rows ON onboarding_events USING (user_id = (SELECT app_user()));
CREATE POLICY staff_reads ON onboarding_events FOR SELECT
  USING ((SELECT app_role()) IN ('manager', 'admin'));
CREATE POLICY sweeper ON onboarding_events USING ((SELECT app_role()) = 'sweeper');
-- Append-only: what happened is not changed. Events leave only with their run, by its cascade.
GRANT SELECT, INSERT ON onboarding_events TO gangway_app;

CREATE TABLE profiles (
  id uuid PRIMARY KEY DEFAULT uuidv7(),
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
  user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  flow text NOT NULL,
  flow_version integer NOT NULL,
  answers jsonb NOT NULL,
  version integer NOT NULL DEFAULT 1,
  locked boolean NOT NULL DEFAULT true,
  run_id uuid NOT NULL,
  completed_at timestamptz NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (user_id, flow)
);
COMMENT ON COLUMN profiles.completed_at IS 'When that run was completed: an older one is not taken up again.';
COMMENT ON COLUMN profiles.run_id IS 'The run it comes from; no foreign key, since runs are archived.';
CREATE INDEX profiles_tenant ON profiles (tenant_id);
ALTER TABLE profiles ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON profiles AS RESTRICTIVE USING (tenant_id = (SELECT app_tenant()));
CREATE POLICY own_rows ON profiles USING (user_id = (SELECT app_user()));
CREATE POLICY staff_reads ON profiles FOR SELECT USING ((SELECT app_role()) IN ('manager', 'admin'));
GRANT SELECT, INSERT, UPDATE ON profiles TO gangway_app;

CREATE TABLE profile_versions (
  id uuid PRIMARY KEY DEFAULT uuidv7(),
  tenant_id uuid NOT NULL,
  user_id uuid NOT NULL,
  profile_id uuid NOT NULL REFERENCES profiles ON DELETE CASCADE,
  version integer NOT NULL,
  flow_version integer NOT NULL,
  answers jsonb NOT NULL,
  changed_by uuid NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (profile_id, version)
);
ALTER TABLE profile_versions ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON profile_versions AS RESTRICTIVE USING (tenant_id = (SELECT app_tenant()));
CREATE POLICY own_rows ON profile_versions USING (user_id = (SELECT app_user()));
CREATE POLICY staff_reads ON profile_versions FOR SELECT USING ((SELECT app_role()) IN ('manager', 'admin'));
GRANT SELECT, INSERT ON profile_versions TO gangway_app;
"""

BACKWARDS = """
DROP TABLE profile_versions;
DROP TABLE profiles;
DROP TABLE onboarding_events;
DROP TABLE onboarding_sessions;
"""


async def forwards() -> MigrationManager:
    return scripts(ID, DESCRIPTION, FORWARDS, BACKWARDS)
