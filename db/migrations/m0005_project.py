from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from db.ddl import scripts

ID = "0005_project"
VERSION = "1.38.0"
DESCRIPTION = "The projection of runs, written in one round trip"

# Called once outside a transaction: the settings last for this one statement, which writes all or nothing.
# The lock lets the writers of a person's flow pass one by one: two that insert the same new run at once would
# otherwise meet at the index of active runs, which ON CONFLICT (id) does not look after.
FORWARDS = """
CREATE FUNCTION project(tenant uuid, person uuid, durable boolean, changes jsonb) RETURNS void
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  change jsonb;
  announced bigint;
BEGIN
  PERFORM set_config('app.tenant_id', tenant::text, true), set_config('app.user_id', person::text, true),
    set_config('app.role', 'user', true);
  IF NOT durable THEN
    PERFORM set_config('synchronous_commit', 'off', true);
  END IF;
  FOR change IN SELECT value FROM jsonb_array_elements(changes) LOOP
    WITH given AS MATERIALIZED (
      SELECT r.*, pg_advisory_xact_lock(hashtextextended(r.user_id || r.flow, 0))::text AS locked
      FROM jsonb_to_record(change) AS r (
        id uuid, tenant_id uuid, user_id uuid, flow text, flow_version integer, status text,
        abandoned_reason text, current_step integer, total_states integer, answers jsonb, skipped jsonb,
        needs_review jsonb, prefill jsonb, agent_history jsonb, reminders jsonb, timezone text, locale text,
        version bigint, seq bigint, completed_at timestamptz, ended_at timestamptz, created_at timestamptz,
        changed_at timestamptz, last_activity_at timestamptz, expires_at timestamptz, events jsonb
      )
    ), saved AS (
      INSERT INTO onboarding_sessions AS s (
        id, tenant_id, user_id, flow, flow_version, status, abandoned_reason, current_step, total_states,
        step_data, skipped, needs_review, prefill, agent_history, reminders, timezone, locale, version, seq,
        completed_at, ended_at, created_at, updated_at, last_activity_at, expires_at
      )
      SELECT
        id, tenant_id, user_id, flow, flow_version, status, abandoned_reason, current_step, total_states,
        answers, skipped, needs_review, prefill, agent_history, reminders, timezone, locale, version, seq,
        completed_at, ended_at, created_at, changed_at, last_activity_at, expires_at
      FROM given
      ON CONFLICT (id) DO UPDATE SET (
        flow_version, status, abandoned_reason, current_step, total_states, step_data, skipped, needs_review,
        prefill, agent_history, reminders, timezone, locale, version, seq, completed_at, ended_at, updated_at,
        last_activity_at, expires_at
      ) = ROW (
        EXCLUDED.flow_version, EXCLUDED.status, EXCLUDED.abandoned_reason, EXCLUDED.current_step,
        EXCLUDED.total_states, EXCLUDED.step_data, EXCLUDED.skipped, EXCLUDED.needs_review, EXCLUDED.prefill,
        EXCLUDED.agent_history, EXCLUDED.reminders, EXCLUDED.timezone, EXCLUDED.locale, EXCLUDED.version,
        EXCLUDED.seq, EXCLUDED.completed_at, EXCLUDED.ended_at, EXCLUDED.updated_at,
        EXCLUDED.last_activity_at, EXCLUDED.expires_at
      )
      WHERE s.seq < EXCLUDED.seq
      RETURNING s.id
    ), noted AS (
      INSERT INTO onboarding_events
        (tenant_id, user_id, run_id, seq, version, kind, state, actor, channel, created_at)
      SELECT g.tenant_id, g.user_id, g.id, e.seq, e.version, e.kind, e.state, e.actor, e.channel, e.at
      FROM given AS g, jsonb_to_recordset(g.events) AS e (
        seq bigint, version bigint, kind text, state integer, actor jsonb, channel text, at timestamptz
      )
      ON CONFLICT (run_id, seq) DO NOTHING
    ), profile AS (
      INSERT INTO profiles AS p
        (tenant_id, user_id, flow, flow_version, answers, run_id, completed_at, created_at, updated_at)
      SELECT g.tenant_id, g.user_id, g.flow, g.flow_version, g.answers, g.id, g.completed_at, now(), now()
      FROM given AS g JOIN saved USING (id)
      WHERE g.status = 'completed'
      ON CONFLICT (user_id, flow) DO UPDATE
      SET (flow_version, answers, version, run_id, completed_at, updated_at) = ROW (
        EXCLUDED.flow_version, EXCLUDED.answers, p.version + 1, EXCLUDED.run_id, EXCLUDED.completed_at, now()
      )
      WHERE p.run_id <> EXCLUDED.run_id AND p.completed_at < EXCLUDED.completed_at
      RETURNING p.*
    ), profile_version AS (
      INSERT INTO profile_versions
        (tenant_id, user_id, profile_id, version, flow_version, answers, changed_by, created_at)
      SELECT tenant_id, user_id, id, version, flow_version, answers, user_id, completed_at FROM profile
    ), person AS (
      UPDATE users SET onboarding_completed = true, updated_at = now()
      FROM profile WHERE users.id = profile.user_id AND NOT users.onboarding_completed
    )
    SELECT count(pg_notify('gangway_runs', id::text)) INTO announced FROM saved;
  END LOOP;
END
$$;
REVOKE EXECUTE ON FUNCTION project FROM PUBLIC;
GRANT EXECUTE ON FUNCTION project TO gangway_app;
"""

BACKWARDS = """
DROP FUNCTION project;
"""


async def forwards() -> MigrationManager:
    return scripts(ID, DESCRIPTION, FORWARDS, BACKWARDS)
