from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from db.ddl import scripts

ID = "0035_funnel_counts"
VERSION = "1.38.0"
DESCRIPTION = "The funnel by days: a million steps are too many to add up for everybody who looks"

_KEY = ("tenant_id", "bucket", "starts_at", "flow", "flow_version", "state", "channel")
_FIGURES = ("entered", "completed", "skipped", "edited", "abandoned")
_COUNTS = (*_FIGURES, "times")
_ZEROS = ", ".join("0" for _ in _COUNTS)


def _counted(rows: str) -> str:
    """What steps with a `sign`, -1 for those that count no longer, change in `funnel_counts`.

    A step counts twice: its figures as those of no bucket, and its time, if it has one, in the time's bucket.
    A step without a time has a bucket too, the first.
    """
    figures = ", ".join(f"f.{each}" for each in _FIGURES)
    sums = ", ".join(f"sum(f.sign * c.{each})::integer AS {each}" for each in _COUNTS)
    time = f"CASE WHEN f.seconds IS NOT NULL THEN f.bucket END, {', '.join('0' for _ in _FIGURES)}, 1"
    return f"""
      SELECT f.tenant_id, c.bucket::smallint, date_trunc('day', f.started_at, 'UTC') AS starts_at,
        f.flow, f.flow_version, f.state, f.channel, NULL::uuid AS slot, {sums}
      FROM ({rows}) AS f,
        LATERAL (VALUES (-1, {figures}, 0), ({time})) AS c (bucket, {", ".join(_COUNTS)})
      WHERE c.bucket IS NOT NULL
      GROUP BY 1, 2, 3, 4, 5, 6, 7
    """


def _signed(table: str, sign: int) -> str:
    return f"SELECT {sign} AS sign, * FROM {table}"


def _changes(rows: str) -> str:
    return f"SELECT array_agg(c::public.funnel_counts) INTO changes FROM ({_counted(rows)}) AS c;"


_OF_KEY = " AND ".join(f"c.{each} = change.{each}" for each in _KEY)
_SUMS = ", ".join(f"sum(c.{each})::integer + change.{each} AS {each}" for each in _COUNTS)
_CHANGE = ", ".join(f"change.{each}" for each in _COUNTS)
_NEW = ", ".join(f"free.{each}" for each in _COUNTS)

# Spread over slots as `event_counts` are, see 0018_counts. Each answer of everybody passes here, twice: with what
# it adds to the steps and with what it changes. So each change takes one statement, which locks what is free, adds
# it up and writes it. The sum is MATERIALIZED: in a join it could be gone through again, with other slots first.
# What is locked may be newer than the statement's snapshot: FOR UPDATE gives the newest version, and UPDATE goes
# on to the same one.
#
# The policies compare within their SELECT: the planner takes a comparison with what that gives for one that hardly
# any row passes, and would sort tens of thousands instead of hashing them.
FORWARDS = f"""
CREATE TABLE funnel_counts (
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
  bucket smallint NOT NULL,
  starts_at timestamptz NOT NULL,
  flow text NOT NULL,
  flow_version integer NOT NULL,
  state smallint NOT NULL,
  channel text NOT NULL,
  slot uuid NOT NULL,
  {", ".join(f"{each} integer NOT NULL" for each in _COUNTS)},
  PRIMARY KEY ({", ".join(_KEY)}, slot)
) WITH (fillfactor = 70);
COMMENT ON TABLE funnel_counts IS 'Sums of funnel_steps, by the day (UTC) of the start: the sum over slots.';
COMMENT ON COLUMN funnel_counts.bucket IS 'Of which these are the times; -1 for the figures.';
ALTER TABLE funnel_counts ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON funnel_counts AS RESTRICTIVE
  USING (tenant_id = (SELECT app_tenant()) OR (SELECT app_role() = 'counter'));
CREATE POLICY staff_reads ON funnel_counts FOR SELECT USING ((SELECT app_role() IN ('manager', 'admin')));
CREATE POLICY counter ON funnel_counts USING ((SELECT app_role() = 'counter'));
-- The app cannot write them: only the triggers on steps do, as the owner.
GRANT SELECT ON funnel_counts TO gangway_app;

CREATE FUNCTION count_steps() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  role text := coalesce(public.app_role(), '');
  acting text;
  changes public.funnel_counts[];
  change public.funnel_counts;
  slots uuid[];
  is_nothing boolean;
BEGIN
  IF TG_OP = 'INSERT' THEN
    {_changes(_signed("after", 1))}
  ELSIF TG_OP = 'DELETE' THEN
    {_changes(_signed("before", -1))}
  ELSE
    {_changes(f"{_signed('before', -1)} UNION ALL {_signed('after', 1)}")}
  END IF;
  IF changes IS NULL THEN
    RETURN NULL;
  END IF;
  acting := set_config('app.role', 'counter', true);
  FOREACH change IN ARRAY changes LOOP
    CONTINUE WHEN ({_CHANGE}) = ({_ZEROS});
    WITH free AS MATERIALIZED (
      SELECT array_agg(c.slot) AS slots, {_SUMS} FROM (
        SELECT * FROM public.funnel_counts AS c WHERE {_OF_KEY} FOR UPDATE SKIP LOCKED
      ) AS c
    )
    UPDATE public.funnel_counts AS c SET ({", ".join(_COUNTS)}) = ROW ({_NEW}) FROM free
      WHERE {_OF_KEY} AND c.slot = free.slots[1]
      RETURNING free.slots, ({_NEW}) = ({_ZEROS}) INTO slots, is_nothing;
    IF slots IS NULL THEN
      IF TG_OP <> 'DELETE' OR EXISTS (SELECT FROM public.funnel_counts AS c WHERE {_OF_KEY}) THEN
        -- Otherwise the whole tenant is being deleted, and its counts went first.
        change.slot := uuidv7();
        INSERT INTO public.funnel_counts SELECT change.*;
      END IF;
    ELSIF is_nothing THEN
      DELETE FROM public.funnel_counts AS c WHERE {_OF_KEY} AND c.slot = ANY (slots);
    ELSIF cardinality(slots) > 1 THEN
      DELETE FROM public.funnel_counts AS c WHERE {_OF_KEY} AND c.slot = ANY (slots[2:]);
    END IF;
  END LOOP;
  acting := set_config('app.role', role, true);
  RETURN NULL;
END
$$;
REVOKE EXECUTE ON FUNCTION count_steps FROM PUBLIC;
CREATE TRIGGER count_new AFTER INSERT ON funnel_steps REFERENCING NEW TABLE AS after
  FOR EACH STATEMENT EXECUTE FUNCTION count_steps();
CREATE TRIGGER count_changed AFTER UPDATE ON funnel_steps REFERENCING OLD TABLE AS before NEW TABLE AS after
  FOR EACH STATEMENT EXECUTE FUNCTION count_steps();
CREATE TRIGGER count_gone AFTER DELETE ON funnel_steps REFERENCING OLD TABLE AS before
  FOR EACH STATEMENT EXECUTE FUNCTION count_steps();

-- What happened before: policies bind the owner too, so they step aside for a moment.
ALTER TABLE funnel_steps NO FORCE ROW LEVEL SECURITY;
ALTER TABLE funnel_counts NO FORCE ROW LEVEL SECURITY;
INSERT INTO funnel_counts ({", ".join(_KEY)}, slot, {", ".join(_COUNTS)})
  SELECT {", ".join(_KEY)}, uuidv7(), {", ".join(_COUNTS)} FROM ({_counted(_signed("funnel_steps", 1))}) AS c;
ALTER TABLE funnel_steps FORCE ROW LEVEL SECURITY;
ALTER TABLE funnel_counts FORCE ROW LEVEL SECURITY;
"""

BACKWARDS = """
DROP TRIGGER count_gone ON funnel_steps;
DROP TRIGGER count_changed ON funnel_steps;
DROP TRIGGER count_new ON funnel_steps;
DROP FUNCTION count_steps;
DROP TABLE funnel_counts;
"""


async def forwards() -> MigrationManager:
    return scripts(ID, DESCRIPTION, FORWARDS, BACKWARDS)
