from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from db.ddl import scripts

ID = "0004_archive"
VERSION = "1.38.0"
DESCRIPTION = "The archive of finished runs, one partition a month"

# The app makes and drops partitions through two functions of the owner, and through nothing else: their names
# are fixed, their ranges bounded, their search path pinned, and only the sweeper may call them. A partition
# has no policy of its own, so that its rows are seen through the parent alone.
FORWARDS = """
CREATE TABLE onboarding_archive (
  id uuid NOT NULL,
  tenant_id uuid NOT NULL,
  user_id uuid NOT NULL,
  flow text NOT NULL,
  status text NOT NULL,
  run jsonb NOT NULL,
  events jsonb NOT NULL,
  ended_at timestamptz NOT NULL,
  archived_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (id, ended_at)
) PARTITION BY RANGE (ended_at);
CREATE INDEX onboarding_archive_user ON onboarding_archive (user_id, flow, ended_at DESC);
ALTER TABLE onboarding_archive ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON onboarding_archive AS RESTRICTIVE USING (tenant_id = (SELECT app_tenant()));
CREATE POLICY own_reads ON onboarding_archive FOR SELECT USING (user_id = (SELECT app_user()));
CREATE POLICY staff_reads ON onboarding_archive FOR SELECT USING ((SELECT app_role()) IN ('manager', 'admin'));
CREATE POLICY sweeper ON onboarding_archive USING ((SELECT app_role()) = 'sweeper');
GRANT SELECT, INSERT ON onboarding_archive TO gangway_app;

CREATE FUNCTION archive_ensure(first_day date, last_day date) RETURNS SETOF text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
  month timestamp;
  part text;
BEGIN
  IF public.app_role() IS DISTINCT FROM 'sweeper' THEN
    RAISE EXCEPTION 'only the sweeper keeps the archive' USING ERRCODE = 'insufficient_privilege';
  END IF;
  IF first_day < '2000-01-01' OR last_day > now() + interval '1 year' THEN
    RAISE EXCEPTION 'no archive for % to %', first_day, last_day USING ERRCODE = 'invalid_parameter_value';
  END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended('onboarding_archive', 0));
  FOR month IN
    SELECT generate_series(date_trunc('month', first_day::timestamp), last_day::timestamp, '1 month')
  LOOP
    part := to_char(month, '"onboarding_archive_"YYYY_MM');
    CONTINUE WHEN to_regclass('public.' || part) IS NOT NULL;
    EXECUTE format(
      'CREATE TABLE public.%I PARTITION OF public.onboarding_archive FOR VALUES FROM (%L) TO (%L)',
      part, month AT TIME ZONE 'UTC', (month + interval '1 month') AT TIME ZONE 'UTC'
    );
    EXECUTE format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', part);
    RETURN NEXT part;
  END LOOP;
END
$$;

CREATE FUNCTION archive_drop(before date) RETURNS SETOF text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
  part text;
BEGIN
  IF public.app_role() IS DISTINCT FROM 'sweeper' THEN
    RAISE EXCEPTION 'only the sweeper keeps the archive' USING ERRCODE = 'insufficient_privilege';
  END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended('onboarding_archive', 0));
  FOR part IN
    SELECT c.relname FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'public.onboarding_archive'::regclass
      AND to_date(right(c.relname, 7), 'YYYY_MM') + interval '1 month' <= least(before, current_date)
    ORDER BY c.relname
  LOOP
    EXECUTE format('DROP TABLE public.%I', part);
    RETURN NEXT part;
  END LOOP;
END
$$;
REVOKE EXECUTE ON FUNCTION archive_ensure, archive_drop FROM PUBLIC;
GRANT EXECUTE ON FUNCTION archive_ensure, archive_drop TO gangway_app;
"""

BACKWARDS = """
DROP FUNCTION archive_drop;
DROP FUNCTION archive_ensure;
DROP TABLE onboarding_archive;
"""


async def forwards() -> MigrationManager:
    return scripts(ID, DESCRIPTION, FORWARDS, BACKWARDS)
