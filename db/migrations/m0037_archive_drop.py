from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from db.ddl import scripts

ID = "0037_archive_drop"
VERSION = "1.38.0"
DESCRIPTION = "Dropping old partitions reads a month from the names of partitions only, whatever the plan"


def _drop(month: str) -> str:
    """The function that drops partitions whose month is past; `month` reads it from the name of one."""
    return f"""
CREATE OR REPLACE FUNCTION archive_drop(before date) RETURNS SETOF text
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
      AND {month} + interval '1 month' <= least(before, current_date)
    ORDER BY c.relname
  LOOP
    EXECUTE format('DROP TABLE public.%I', part);
    RETURN NEXT part;
  END LOOP;
END
$$;
"""


# A plan may look at every name in pg_class before it asks which of them are partitions: CASE keeps the others out.
FORWARDS = _drop(r"CASE WHEN c.relname ~ '_\d{4}_\d{2}$' THEN to_date(right(c.relname, 7), 'YYYY_MM') END")
BACKWARDS = _drop("to_date(right(c.relname, 7), 'YYYY_MM')")


async def forwards() -> MigrationManager:
    return scripts(ID, DESCRIPTION, FORWARDS, BACKWARDS)
