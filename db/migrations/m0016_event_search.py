from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from db.ddl import scripts

ID = "0016_event_search"
VERSION = "1.38.0"
DESCRIPTION = (
    "Events are found by their words, listed in any order, and graded by their tenant's rules as they come"
)

# An index for `LIKE` is of no use under row level security: PostgreSQL looks at rows with `LIKE` only after the
# policies have let them through, so one by one. Comparing texts is leakproof, so words are found by a plain index.
FORWARDS = """
CREATE FUNCTION event_words(given text, most integer) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (
  SELECT coalesce(array_agg(w.word ORDER BY w.place), '{}') FROM (
    SELECT left(s.word, 64) AS word, min(s.place) AS place
    FROM string_to_table(
      regexp_replace(lower(given COLLATE pg_c_utf8), '[^[:alnum:]]+', ' ', 'g'), ' '
    ) WITH ORDINALITY AS s (word, place)
    WHERE s.word <> '' GROUP BY 1 ORDER BY 2 LIMIT most
  ) AS w
);
COMMENT ON FUNCTION event_words IS 'The first different words of a text, in lower case.';

CREATE FUNCTION event_parts(given text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN concat_ws(' ', given, regexp_replace(
  regexp_replace(given COLLATE pg_c_utf8, '([[:lower:][:digit:]])([[:upper:]])', '\\1 \\2', 'g'),
  '([[:upper:]])([[:upper:]][[:lower:]])', '\\1 \\2', 'g'
));
COMMENT ON FUNCTION event_parts IS 'A text, then the same with SSHBruteForce as SSH Brute Force.';

CREATE FUNCTION event_text(
  source text, detail_type text, account text, region text, notes text, resources jsonb, detail jsonb
) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ' ' || array_to_string(event_words(
  event_parts(concat_ws(' ', source, detail_type, account, region, left(notes, 1000))) || ' ' || event_parts(left(
    (
      SELECT string_agg(t.value #>> '{}', ' ') FROM jsonb_path_query(
        jsonb_build_array(resources, detail), 'strict $.** ? (@.type() == "string")'
      ) AS t (value)
    ),
    4000
  )),
  48
), ' ');

CREATE FUNCTION event_terms(words text, resources jsonb) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN string_to_array(ltrim(words), ' ') || ARRAY(
  SELECT DISTINCT '=' || left(r.name, 300)
  FROM jsonb_path_query(resources, 'lax $[0 to 9] ? (@.type() == "string")') AS t (value),
    LATERAL (SELECT t.value #>> '{}') AS r (name)
);
COMMENT ON FUNCTION event_terms IS 'By what an event is found: its words, and its first resources behind =.';

CREATE FUNCTION event_holds(fact jsonb, operator text, value jsonb) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
  number CONSTANT text := '^\\s*[-+]?(\\d{1,200}(\\.\\d{0,200})?|\\.\\d{1,200})([eE][-+]?\\d{1,3})?\\s*$';
  a text := fact #>> '{}';
  b text := value #>> '{}';
  sign integer;
BEGIN
  IF fact IS NULL OR value IS NULL OR jsonb_typeof(fact) NOT IN ('number', 'string', 'boolean')
      OR jsonb_typeof(value) NOT IN ('number', 'string', 'boolean') THEN
    RETURN false;
  END IF;
  IF a ~ number AND b ~ number THEN
    sign := sign(a::numeric - b::numeric);
  ELSIF jsonb_typeof(fact) = 'string' AND jsonb_typeof(value) = 'string' OR operator IN ('==', '!=') THEN
    sign := CASE WHEN a = b THEN 0 WHEN a COLLATE "C" < b THEN -1 ELSE 1 END;
  ELSE
    RETURN false;
  END IF;
  RETURN CASE operator
    WHEN '>=' THEN sign >= 0 WHEN '>' THEN sign > 0 WHEN '<=' THEN sign <= 0 WHEN '<' THEN sign < 0
    WHEN '==' THEN sign = 0 WHEN '!=' THEN sign <> 0 ELSE false
  END;
END
$$;
COMMENT ON FUNCTION event_holds IS 'Numbers and texts that say one by size, other texts by their characters.';

CREATE FUNCTION event_rule(tenant uuid, source text, detail jsonb) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT r.rule ->> 'severity'
  FROM monitoring_configs AS c, jsonb_path_query(
    c.services,
    'lax $[*] ? (@.service_name == $service && !(@.enabled == false)).severity_rules.conditions[*]',
    jsonb_build_object('service', lower(regexp_replace(source, '^[^.]*\\.', '')))
  ) WITH ORDINALITY AS r (rule, place)
  WHERE c.tenant_id = tenant AND r.rule ->> 'severity' IN ('critical', 'high', 'medium', 'low', 'unknown')
    AND event_holds(
      detail #> string_to_array(regexp_replace(r.rule ->> 'metric', '\\[(\\d+)\\]', '.\\1', 'g'), '.'),
      r.rule ->> 'operator', r.rule -> 'value'
    )
  ORDER BY r.place LIMIT 1
$$;
COMMENT ON FUNCTION event_rule IS 'What the first of a tenant''s severity rules that holds says.';

ALTER TABLE events ADD COLUMN words text NOT NULL DEFAULT '';
COMMENT ON COLUMN events.words IS 'A space before each of its words.';

CREATE TABLE event_words (
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
  word text COLLATE "C" NOT NULL,
  created_at timestamptz NOT NULL,
  event_id uuid NOT NULL,
  PRIMARY KEY (tenant_id, word, created_at, event_id)
);
COMMENT ON TABLE event_words IS 'Kept by triggers on events, which need no second index as a foreign key would.';
ALTER TABLE event_words ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON event_words AS RESTRICTIVE
  USING (tenant_id = (SELECT app_tenant()) OR (SELECT app_role()) = 'sign_in');
CREATE POLICY tenant_reads ON event_words FOR SELECT USING ((SELECT app_user()) IS NOT NULL);
CREATE POLICY anybody_writes ON event_words FOR INSERT WITH CHECK ((SELECT app_role()) IS NOT NULL);
CREATE POLICY staff_notes ON event_words FOR DELETE USING ((SELECT app_role()) IN ('manager', 'admin'));
CREATE POLICY sweeper ON event_words USING ((SELECT app_role()) = 'sweeper');
GRANT SELECT, INSERT, DELETE ON event_words TO gangway_app;

CREATE FUNCTION event_comes() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  ruled text;
BEGIN
  IF TG_OP = 'INSERT' THEN
    ruled := event_rule(NEW.tenant_id, NEW.source, NEW.detail);
    IF ruled <> NEW.severity THEN
      NEW.severity := ruled;
      NEW.severity_level :=
        CASE ruled WHEN 'critical' THEN 4 WHEN 'high' THEN 3 WHEN 'medium' THEN 2 WHEN 'low' THEN 1 ELSE 0 END;
    END IF;
  END IF;
  NEW.words := event_text(
    NEW.source, NEW.detail_type, NEW.account, NEW.region, NEW.notes, NEW.resources, NEW.detail
  );
  RETURN NEW;
END
$$;
CREATE TRIGGER event_comes BEFORE INSERT OR UPDATE OF notes ON events FOR EACH ROW EXECUTE FUNCTION event_comes();

CREATE FUNCTION event_words_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO event_words (tenant_id, word, created_at, event_id)
    SELECT e.tenant_id, t.word, e.created_at, e.id
    FROM added AS e, unnest(event_terms(e.words, e.resources)) AS t (word)
    ORDER BY 1, 2, 3, 4;
  RETURN NULL;
END
$$;
CREATE FUNCTION event_words_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM event_words AS w WHERE w.tenant_id = OLD.tenant_id AND w.created_at = OLD.created_at
    AND w.event_id = OLD.id AND w.word = ANY (event_terms(OLD.words, '[]'));
  INSERT INTO event_words (tenant_id, word, created_at, event_id)
    SELECT NEW.tenant_id, t.word, NEW.created_at, NEW.id FROM unnest(event_terms(NEW.words, '[]')) AS t (word)
    ORDER BY 2;
  RETURN NULL;
END
$$;
CREATE FUNCTION event_words_removed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM event_words AS w USING removed AS e
    CROSS JOIN LATERAL unnest(event_terms(e.words, e.resources)) AS t (word)
    WHERE w.tenant_id = e.tenant_id AND w.word = t.word AND w.created_at = e.created_at AND w.event_id = e.id;
  RETURN NULL;
END
$$;
CREATE TRIGGER event_words_added AFTER INSERT ON events REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION event_words_added();
CREATE TRIGGER event_words_changed AFTER UPDATE ON events FOR EACH ROW WHEN (OLD.words <> NEW.words)
  EXECUTE FUNCTION event_words_changed();
CREATE TRIGGER event_words_removed AFTER DELETE ON events REFERENCING OLD TABLE AS removed
  FOR EACH STATEMENT EXECUTE FUNCTION event_words_removed();

CREATE INDEX events_published ON events (tenant_id, published_at, id) WHERE deleted_at IS NULL;
CREATE INDEX events_level ON events (tenant_id, severity_level, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX events_severity ON events (tenant_id, severity, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX events_source ON events (tenant_id, source, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX events_type ON events (tenant_id, detail_type, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX events_account ON events (tenant_id, account, created_at, id)
  WHERE deleted_at IS NULL AND account IS NOT NULL;
CREATE INDEX events_region ON events (tenant_id, region, created_at, id)
  WHERE deleted_at IS NULL AND region IS NOT NULL;
CREATE INDEX events_run ON events (tenant_id, run_id, created_at, id)
  WHERE deleted_at IS NULL AND run_id IS NOT NULL;

-- The owner is bound by the policies as well, and would find no event to add the words of.
ALTER TABLE events NO FORCE ROW LEVEL SECURITY;
ALTER TABLE event_words NO FORCE ROW LEVEL SECURITY;
UPDATE events SET notes = notes;
ALTER TABLE events FORCE ROW LEVEL SECURITY;
ALTER TABLE event_words FORCE ROW LEVEL SECURITY;

REVOKE EXECUTE ON FUNCTION event_words, event_parts, event_text, event_terms, event_holds, event_rule, event_comes,
  event_words_added, event_words_changed, event_words_removed FROM PUBLIC;
GRANT EXECUTE ON FUNCTION event_words, event_parts, event_text, event_terms, event_holds, event_rule
  TO gangway_app;
"""

BACKWARDS = """
DROP TRIGGER event_words_removed ON events;
DROP TRIGGER event_words_changed ON events;
DROP TRIGGER event_words_added ON events;
DROP TRIGGER event_comes ON events;
DROP FUNCTION event_words_removed, event_words_changed, event_words_added, event_comes;
DROP INDEX events_published, events_level, events_severity, events_source, events_type, events_account,
  events_region, events_run;
DROP TABLE event_words;
ALTER TABLE events DROP COLUMN words;
DROP FUNCTION event_rule, event_holds, event_terms, event_text, event_parts, event_words(text, integer);
"""


async def forwards() -> MigrationManager:
    return scripts(ID, DESCRIPTION, FORWARDS, BACKWARDS)
