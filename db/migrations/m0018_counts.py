from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from db.ddl import scripts

ID = "0018_counts"
VERSION = "1.38.0"
DESCRIPTION = "What the dashboard and the funnel count, kept as it happens: exact, and read in milliseconds"

_KEY = ("tenant_id", "grain", "starts_at", "source", "account")
_COUNTS = ("critical", "high", "medium", "low", "unknown")


def _counted(rows: str) -> str:
    """What events with a `sign`, -1 for those that count no longer, change in `event_counts`."""
    sums = ", ".join(
        f"coalesce(sum(e.sign) FILTER (WHERE e.severity = '{count}'), 0)::integer AS {count}" for count in _COUNTS
    )
    return f"""
      SELECT * FROM (
        SELECT e.tenant_id, g.grain, date_trunc(g.grain, e.created_at, 'UTC') AS starts_at, e.source,
          coalesce(e.account, '') AS account, NULL::uuid AS slot, {sums}
        FROM ({rows}) AS e, (VALUES ('hour'), ('day')) AS g (grain)
        GROUP BY 1, 2, 3, 4, 5
      ) AS sums WHERE ({", ".join(_COUNTS)}) <> ({", ".join("0" for _ in _COUNTS)})
    """


def _signed(table: str, sign: int) -> str:
    columns = "tenant_id, created_at, source, account, severity"
    return f"SELECT {sign} AS sign, {columns} FROM {table} WHERE deleted_at IS NULL"


def _changes(rows: str) -> str:
    return f"SELECT array_agg(c::public.event_counts) INTO changes FROM ({_counted(rows)}) AS c;"


_OF_KEY = " AND ".join(f"c.{each} = change.{each}" for each in _KEY)
_SUMS = ", ".join(f"coalesce(sum(free.{each}), 0)::integer + change.{each}" for each in _COUNTS)
_NEW = ", ".join(f"total.{each}" for each in _COUNTS)

# Who writes an event in the middle of a transaction must not wait until others have ended theirs: for each tenant
# that would be a queue, and now and then a ring of waiters. So a count is spread over slots. A writer takes the
# slots that nobody holds (SKIP LOCKED) and makes one of them, or adds one: nobody ever waits, the sum is exact in
# every snapshot, and there are no more slots than there were writers at one moment.
_EVENTS = f"""
CREATE TABLE event_counts (
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
  grain text NOT NULL CHECK (grain IN ('hour', 'day')),
  starts_at timestamptz NOT NULL,
  source text NOT NULL,
  account text NOT NULL,
  slot uuid NOT NULL,
  {", ".join(f"{each} integer NOT NULL" for each in _COUNTS)},
  PRIMARY KEY ({", ".join(_KEY)}, slot)
) WITH (fillfactor = 70);
COMMENT ON TABLE event_counts IS 'How many events are not deleted, by hour and by day (UTC): the sum over slots.';
COMMENT ON COLUMN event_counts.account IS 'Empty for events of no account.';
ALTER TABLE event_counts ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON event_counts AS RESTRICTIVE
  USING (tenant_id = (SELECT app_tenant()) OR (SELECT app_role()) = 'counter');
CREATE POLICY tenant_reads ON event_counts FOR SELECT USING ((SELECT app_user()) IS NOT NULL);
CREATE POLICY counter ON event_counts USING ((SELECT app_role()) = 'counter');
-- The app cannot write them: only the triggers on events do, as the owner.
GRANT SELECT ON event_counts TO gangway_app;

CREATE FUNCTION count_events() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  role text := coalesce(public.app_role(), '');
  changes public.event_counts[];
  change public.event_counts;
  total public.event_counts;
  slots uuid[];
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
  PERFORM set_config('app.role', 'counter', true);
  FOREACH change IN ARRAY changes LOOP
    total := change;
    SELECT array_agg(free.slot), {_SUMS} INTO slots, {_NEW} FROM (
      SELECT * FROM public.event_counts AS c WHERE {_OF_KEY} FOR UPDATE SKIP LOCKED
    ) AS free;
    IF ({_NEW}) = ({", ".join("0" for _ in _COUNTS)}) THEN
      DELETE FROM public.event_counts AS c WHERE {_OF_KEY} AND c.slot = ANY (slots);
    ELSIF slots IS NOT NULL THEN
      UPDATE public.event_counts AS c SET ({", ".join(_COUNTS)}) = ROW ({_NEW})
        WHERE {_OF_KEY} AND c.slot = slots[1];
      IF cardinality(slots) > 1 THEN
        DELETE FROM public.event_counts AS c WHERE {_OF_KEY} AND c.slot = ANY (slots[2:]);
      END IF;
    ELSIF TG_OP <> 'DELETE' OR EXISTS (SELECT FROM public.event_counts AS c WHERE {_OF_KEY}) THEN
      -- Otherwise the whole tenant is being deleted, and its counts went first.
      total.slot := uuidv7();
      INSERT INTO public.event_counts SELECT total.*;
    END IF;
  END LOOP;
  PERFORM set_config('app.role', role, true);
  RETURN NULL;
END
$$;
REVOKE EXECUTE ON FUNCTION count_events FROM PUBLIC;
CREATE TRIGGER count_new AFTER INSERT ON events REFERENCING NEW TABLE AS after
  FOR EACH STATEMENT EXECUTE FUNCTION count_events();
CREATE TRIGGER count_changed AFTER UPDATE ON events REFERENCING OLD TABLE AS before NEW TABLE AS after
  FOR EACH STATEMENT EXECUTE FUNCTION count_events();
CREATE TRIGGER count_gone AFTER DELETE ON events REFERENCING OLD TABLE AS before
  FOR EACH STATEMENT EXECUTE FUNCTION count_events();

-- What happened before: policies bind the owner too, so they step aside for a moment.
ALTER TABLE events NO FORCE ROW LEVEL SECURITY;
ALTER TABLE event_counts NO FORCE ROW LEVEL SECURITY;
INSERT INTO event_counts
  SELECT tenant_id, grain, starts_at, source, account, uuidv7(), {", ".join(_COUNTS)}
  FROM ({_counted(_signed("events", 1))}) AS c;
ALTER TABLE events FORCE ROW LEVEL SECURITY;
ALTER TABLE event_counts FORCE ROW LEVEL SECURITY;
"""

_FIGURES = ("entered", "completed", "skipped", "edited", "abandoned")


def _walk(name: str, events: str) -> str:
    """A function that goes through events of runs, and says what they amount to by the definitions of the funnel.

    A state is current when all before it are settled, that is answered or left out. It became so by the event that
    settled the last of them, or by the start; a fork's start says at which state it begins. State 0 is the run.

    Args:
        name: of the function, with its parameters.
        events: `run_id`, `seq`, `total_states`, `kind`, `state`, `channel`, `at`, by run and in their order there.
    """
    return f"""
CREATE FUNCTION {name} RETURNS TABLE (
  run_id uuid, seq bigint, state integer, channel text, what text, seconds double precision
)
LANGUAGE plpgsql STABLE SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
  event record;
  now_at integer;
  came timestamptz[];
  settled boolean[];
  answered boolean[];
  skipped boolean[];
BEGIN
  FOR event IN {events} LOOP
    IF event.run_id IS DISTINCT FROM run_id THEN
      run_id := event.run_id;
      now_at := NULL;
      came := '{{}}';
      settled := '{{}}';
      answered := '{{}}';
      skipped := '{{}}';
    END IF;
    CONTINUE WHEN event.kind LIKE 'state%' AND event.state IS NULL;
    seq := event.seq;
    state := event.state;
    channel := event.channel;
    seconds := NULL;
    CASE event.kind
    WHEN 'run_started' THEN
      now_at := coalesce(event.state, 1);
      came[0] := event.at;
      came[now_at] := event.at;
      state := 0;
      what := 'entered';
      RETURN NEXT;
      state := now_at;
      RETURN NEXT;
    WHEN 'state_completed', 'state_skipped' THEN
      IF event.kind = 'state_completed' AND answered[state] IS NULL THEN
        answered[state] := true;
        what := 'completed';
        seconds := extract(epoch FROM event.at - came[state]);
        RETURN NEXT;
        seconds := NULL;
      ELSIF event.kind = 'state_skipped' AND skipped[state] IS NULL THEN
        skipped[state] := true;
        what := 'skipped';
        RETURN NEXT;
      END IF;
      settled[state] := true;
      IF state = now_at THEN
        WHILE settled[now_at] LOOP
          now_at := now_at + 1;
        END LOOP;
        IF now_at <= event.total_states THEN
          came[now_at] := event.at;
          state := now_at;
          what := 'entered';
          RETURN NEXT;
        END IF;
      END IF;
    WHEN 'state_edited' THEN
      what := 'edited';
      RETURN NEXT;
    WHEN 'run_completed' THEN
      state := 0;
      what := 'completed';
      seconds := extract(epoch FROM event.at - came[0]);
      RETURN NEXT;
    WHEN 'run_abandoned' THEN
      state := 0;
      what := 'abandoned';
      RETURN NEXT;
      IF now_at <= event.total_states THEN
        state := now_at;
        RETURN NEXT;
      END IF;
    ELSE
    END CASE;
  END LOOP;
END
$$;
"""


_KINDS = "'run_started', 'state_completed', 'state_skipped', 'run_completed', 'run_abandoned'"
_EVENT = "e.run_id, e.seq, e.kind, e.state, e.channel, e.created_at AS at"
_OF_RUNS = f"""
    SELECT s.total_states, {_EVENT} FROM unnest(runs) AS r (id)
    JOIN onboarding_sessions AS s ON s.id = r.id JOIN onboarding_events AS e ON e.run_id = s.id
    WHERE e.kind IN ({_KINDS}) OR (e.kind = 'state_edited' AND e.seq >= since)
    ORDER BY e.run_id, e.seq
  """
_OF_THE_ARCHIVE = f"""
    SELECT (a.run ->> 'total_states')::integer AS total_states, {_EVENT}
    FROM onboarding_archive AS a, jsonb_populate_recordset(NULL::onboarding_events, a.events) AS e
    ORDER BY e.run_id, e.seq
  """
_SUMMED = ", ".join(f"count(*) FILTER (WHERE f.what = '{each}')" for each in _FIGURES)
_CHANGING = (*_FIGURES, "seconds")
_ADDED = ", ".join(f"f.{each} + EXCLUDED.{each}" for each in _FIGURES)
_COLUMNS = f"tenant_id, user_id, flow, flow_version, started_at, run_id, state, channel, {', '.join(_CHANGING)}"
_BY_POLICIES = ("onboarding_sessions", "onboarding_events", "onboarding_archive", "funnel_steps")

# `bucket` is by about one eighth wide: the middle one of many is found in one or two buckets.
_FUNNEL = f"""
CREATE TABLE funnel_steps (
  run_id uuid NOT NULL,
  state smallint NOT NULL CHECK (state >= 0),
  channel text NOT NULL,
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
  user_id uuid NOT NULL,
  flow text NOT NULL,
  flow_version integer NOT NULL,
  started_at timestamptz NOT NULL,
  {", ".join(f"{each} integer NOT NULL" for each in _FIGURES)},
  seconds double precision,
  bucket smallint GENERATED ALWAYS AS (floor(8 * ln(1 + greatest(seconds, 0)))) STORED,
  PRIMARY KEY (run_id, state, channel),
  FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE funnel_steps IS 'What became of the states of a run, kept by a trigger; state 0 is the run.';
COMMENT ON COLUMN funnel_steps.run_id IS 'No foreign key, since runs are archived.';
COMMENT ON COLUMN funnel_steps.seconds IS 'From when the state became current to its first answer.';
CREATE INDEX funnel_steps_started ON funnel_steps (tenant_id, started_at);
CREATE INDEX funnel_steps_bucket ON funnel_steps (tenant_id, flow, flow_version, state, bucket)
  INCLUDE (channel, user_id, started_at, seconds) WHERE bucket IS NOT NULL;
CREATE INDEX funnel_steps_user ON funnel_steps (user_id);
ALTER TABLE funnel_steps ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON funnel_steps AS RESTRICTIVE USING (tenant_id = (SELECT app_tenant()));
CREATE POLICY own_rows ON funnel_steps USING (user_id = (SELECT app_user()));
CREATE POLICY staff_reads ON funnel_steps FOR SELECT USING ((SELECT app_role()) IN ('manager', 'admin'));
CREATE POLICY sweeper ON funnel_steps USING ((SELECT app_role()) = 'sweeper');
GRANT SELECT, INSERT, UPDATE, DELETE ON funnel_steps TO gangway_app;

{_walk("funnel_of(runs uuid[], since bigint)", _OF_RUNS)}

CREATE FUNCTION funnel_note(runs uuid[], since bigint) RETURNS void LANGUAGE sql
SET plan_cache_mode = force_generic_plan AS $$
  INSERT INTO funnel_steps AS f ({_COLUMNS})
  SELECT s.tenant_id, s.user_id, s.flow, s.flow_version, s.created_at, step.*
  FROM (
    SELECT f.run_id, f.state, f.channel, {_SUMMED}, max(f.seconds) FROM funnel_of(runs, since) AS f
    WHERE f.seq >= since GROUP BY f.run_id, f.state, f.channel
  ) AS step JOIN onboarding_sessions AS s ON s.id = step.run_id
  ON CONFLICT (run_id, state, channel) DO UPDATE
  SET ({", ".join(_CHANGING)}) = ROW ({_ADDED}, coalesce(f.seconds, EXCLUDED.seconds));
$$;
REVOKE EXECUTE ON FUNCTION funnel_of, funnel_note FROM PUBLIC;
GRANT EXECUTE ON FUNCTION funnel_of, funnel_note TO gangway_app;

CREATE FUNCTION funnel_follows() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  runs uuid[];
  first_seq bigint;
  new bigint;
BEGIN
  SELECT array_agg(DISTINCT run_id), min(seq), count(*) INTO runs, first_seq, new FROM after
    HAVING bool_or(kind IN ({_KINDS}, 'state_edited'));
  IF runs IS NULL THEN
    RETURN NULL;
  END IF;
  IF cardinality(runs) > 1
      OR new <> (SELECT count(*) FROM onboarding_events WHERE run_id = runs[1] AND seq >= first_seq) THEN
    -- Events may come late, when whoever should have written them died: what came after them counts anew.
    DELETE FROM funnel_steps WHERE run_id = ANY (runs);
    first_seq := 0;
  END IF;
  PERFORM funnel_note(runs, first_seq);
  RETURN NULL;
END
$$;
CREATE TRIGGER funnel_follows AFTER INSERT ON onboarding_events REFERENCING NEW TABLE AS after
  FOR EACH STATEMENT EXECUTE FUNCTION funnel_follows();

{"".join(f"ALTER TABLE {each} NO FORCE ROW LEVEL SECURITY;" for each in _BY_POLICIES)}
SELECT funnel_note(ARRAY(SELECT id FROM onboarding_sessions), 0);
{_walk("funnel_of_archive()", _OF_THE_ARCHIVE)}
INSERT INTO funnel_steps ({_COLUMNS})
SELECT a.tenant_id, a.user_id, a.flow, (a.run ->> 'flow_version')::integer, (a.run ->> 'created_at')::timestamptz,
  f.run_id, f.state, f.channel, {_SUMMED}, max(f.seconds)
FROM funnel_of_archive() AS f JOIN onboarding_archive AS a ON a.id = f.run_id
GROUP BY a.id, a.ended_at, f.run_id, f.state, f.channel;
DROP FUNCTION funnel_of_archive;
{"".join(f"ALTER TABLE {each} FORCE ROW LEVEL SECURITY;" for each in _BY_POLICIES)}
"""

FORWARDS = f"""
{_EVENTS}
{_FUNNEL}
CREATE INDEX users_counted ON users (tenant_id, role, is_active);
CREATE POLICY manager_reads ON ai_usage FOR SELECT USING ((SELECT app_role()) = 'manager');
"""

BACKWARDS = """
DROP POLICY manager_reads ON ai_usage;
DROP INDEX users_counted;
DROP TRIGGER funnel_follows ON onboarding_events;
DROP FUNCTION funnel_follows;
DROP FUNCTION funnel_note;
DROP FUNCTION funnel_of;
DROP TABLE funnel_steps;
DROP TRIGGER count_gone ON events;
DROP TRIGGER count_changed ON events;
DROP TRIGGER count_new ON events;
DROP FUNCTION count_events;
DROP TABLE event_counts;
"""


async def forwards() -> MigrationManager:
    return scripts(ID, DESCRIPTION, FORWARDS, BACKWARDS)
