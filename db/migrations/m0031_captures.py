from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from db.ddl import scripts

ID = "0031_captures"
VERSION = "1.38.0"
DESCRIPTION = "Scans of two devices at once are decided here; phones ask again; sessions that ended are settled"

# A statement that waited for a lock looks at the rows as they were before it waited. So the lock is one statement
# of the function, and what decides is the next one: it sees all that was committed while the first one waited.
# `GW006` and its neighbours are read in db/captures.py.
FORWARDS = """
ALTER TABLE capture_sessions
  ADD COLUMN ttl_seconds integer NOT NULL DEFAULT 86400 CHECK (ttl_seconds > 0),
  ADD COLUMN settled_at timestamptz;
COMMENT ON COLUMN capture_sessions.token_hash IS 'SHA-256 of the phone''s token; an ended session has one, too.';
COMMENT ON COLUMN capture_sessions.ttl_seconds IS 'How long it lasts after it was last used.';
COMMENT ON COLUMN capture_sessions.settled_at IS 'When what was left to do after its end was done.';
DROP INDEX capture_sessions_open;
CREATE INDEX capture_sessions_unsettled ON capture_sessions (tenant_id, expires_at, id) WHERE settled_at IS NULL;
CREATE INDEX capture_sessions_end ON capture_sessions (tenant_id, ends_at) WHERE settled_at IS NOT NULL;
CREATE POLICY sweeper_deletes ON capture_sessions FOR DELETE USING ((SELECT app_role()) = 'sweeper');
GRANT DELETE, UPDATE (settled_at) ON capture_sessions TO gangway_app;
GRANT UPDATE (source, scanned_at) ON capture_items TO gangway_app;

CREATE FUNCTION capture_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('gangway_runs', NEW.id::text);
  RETURN NULL;
END
$$;
CREATE TRIGGER capture_changed AFTER UPDATE ON capture_sessions FOR EACH ROW
  WHEN (NEW.version <> OLD.version) EXECUTE FUNCTION capture_changed();

-- Asked at the beginning of each transaction of a phone, as `still_in` is for who has signed in.
CREATE FUNCTION phone_still_in(token bytea) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  person record;
BEGIN
  SELECT u.is_active, EXISTS (
      SELECT FROM capture_sessions AS s WHERE s.token_hash = token AND s.user_id = u.id
    ) AS let_in INTO person
    FROM users AS u WHERE u.id = app_user() AND u.tenant_id = app_tenant();
  IF NOT person.is_active THEN
    RAISE EXCEPTION 'not active' USING ERRCODE = 'GW003';
  ELSIF person.let_in IS NOT TRUE THEN
    RAISE EXCEPTION 'another token' USING ERRCODE = 'GW005';
  END IF;
END
$$;

-- Whoever changes a session waits here for the others; what has ended, or was changed too often, is not changed.
CREATE FUNCTION capture_hold(session uuid, person uuid) RETURNS capture_sessions LANGUAGE plpgsql AS $$
DECLARE
  held capture_sessions;
BEGIN
  SELECT * INTO held FROM capture_sessions AS s WHERE s.id = session AND s.user_id = person FOR UPDATE;
  IF held.id IS NULL THEN
    RAISE EXCEPTION 'no such session' USING ERRCODE = 'GW006';
  ELSIF held.status <> 'active' OR held.expires_at <= clock_timestamp() THEN
    RAISE EXCEPTION 'it has ended' USING ERRCODE = 'GW007';
  ELSIF held.version >= 100000 THEN
    RAISE EXCEPTION 'too many changes' USING ERRCODE = 'GW008';
  END IF;
  RETURN held;
END
$$;

-- Scans or photos, in their order. Each one that counts takes the next number; those that a device has sent before
-- count no more, and are told what they were. Too many items break the bounds of the session's counts.
CREATE FUNCTION capture_add(session uuid, person uuid, sort text, adder text, given jsonb)
RETURNS TABLE (place integer, duplicate boolean, repeated boolean, item jsonb) LANGUAGE plpgsql
SET timezone = 'UTC' AS $$
#variable_conflict use_column
DECLARE
  held capture_sessions;
  became jsonb;
BEGIN
  held := capture_hold(session, person);
  IF sort <> ALL (held.kinds) THEN
    RAISE EXCEPTION 'it takes none of these' USING ERRCODE = 'GW009';
  END IF;
  WITH sent AS (
    SELECT g.*, known.item_id AS before,
      CASE WHEN g.client_item_id IS NULL THEN g.place
        ELSE min(g.place) OVER (PARTITION BY g.client_item_id) END AS leader
    FROM jsonb_to_recordset(given) AS g (
      place integer, key text, gtin text, code text, code_type text, image_id uuid, source text,
      scanned_at timestamptz, client_item_id text
    )
    LEFT JOIN capture_scans AS known
      ON known.session_id = held.id AND known.user_id = person AND known.client_item_id = g.client_item_id
  ), counted AS (
    SELECT *, row_number() OVER (ORDER BY place) AS number FROM sent WHERE before IS NULL AND leader = place
  ), things AS (
    SELECT key, count(*)::integer AS quantity, min(place) AS place, max(number) AS number,
      (array_agg(gtin ORDER BY place))[1] AS gtin,
      (array_agg(code ORDER BY place))[1] AS code,
      (array_agg(image_id ORDER BY place))[1] AS image_id,
      (array_agg(code_type ORDER BY place) FILTER (WHERE code_type IS NOT NULL))[1] AS code_type,
      (array_agg(source ORDER BY place) FILTER (WHERE source IS NOT NULL))[1] AS source,
      (array_agg(scanned_at ORDER BY place) FILTER (WHERE scanned_at IS NOT NULL))[1] AS scanned_at
    FROM counted GROUP BY key
  ), kept AS (
    INSERT INTO capture_items AS i (tenant_id, user_id, session_id, kind, key, gtin, code, code_type, image_id,
      quantity, added_by, source, enrichment, version, scanned_at)
    SELECT held.tenant_id, held.user_id, held.id, sort, key, gtin, code, code_type, image_id,
      CASE WHEN sort = 'photo' THEN 1 ELSE quantity END, adder, source,
      CASE WHEN sort = 'photo' OR gtin IS NOT NULL THEN 'pending' ELSE 'none' END, held.version + number,
      scanned_at
    FROM things ORDER BY place
    ON CONFLICT (tenant_id, session_id, kind, key) WHERE deleted_at IS NULL DO UPDATE SET
      quantity = CASE WHEN sort = 'photo' THEN i.quantity ELSE i.quantity + EXCLUDED.quantity END,
      code_type = coalesce(i.code_type, EXCLUDED.code_type),
      source = coalesce(i.source, EXCLUDED.source),
      scanned_at = coalesce(i.scanned_at, EXCLUDED.scanned_at),
      version = EXCLUDED.version,
      updated_at = EXCLUDED.updated_at
    RETURNING i.id, i.key, old.id IS NULL AS fresh
  ), noted AS (
    INSERT INTO capture_scans (session_id, client_item_id, tenant_id, user_id, item_id)
    SELECT held.id, counted.client_item_id, held.tenant_id, held.user_id, kept.id
    FROM counted JOIN kept USING (key) WHERE counted.client_item_id IS NOT NULL
  ), moved AS (
    UPDATE capture_sessions AS s SET
      version = s.version + (SELECT count(*) FROM counted),
      barcodes = s.barcodes + (SELECT count(*) FROM kept WHERE fresh AND sort = 'barcode'),
      photos = s.photos + (SELECT count(*) FROM kept WHERE fresh AND sort = 'photo'),
      expires_at = least(clock_timestamp() + make_interval(secs => s.ttl_seconds), s.ends_at)
    WHERE s.id = held.id
  )
  SELECT jsonb_agg(jsonb_build_object(
      'place', sent.place,
      'item_id', coalesce(sent.before, kept.id),
      'repeated', sent.before IS NOT NULL OR sent.leader <> sent.place,
      'duplicate', sent.before IS NOT NULL OR NOT kept.fresh OR sent.place <> things.place
    )) INTO became
    FROM sent
    JOIN sent AS first ON first.place = sent.leader
    LEFT JOIN kept ON sent.before IS NULL AND kept.key = first.key
    LEFT JOIN things ON things.key = kept.key;
  RETURN QUERY
    SELECT b.place, b.duplicate, b.repeated, to_jsonb(i)
    FROM jsonb_to_recordset(became) AS b (place integer, item_id uuid, duplicate boolean, repeated boolean)
    JOIN capture_items AS i ON i.id = b.item_id ORDER BY b.place;
END
$$;
REVOKE EXECUTE ON FUNCTION phone_still_in, capture_hold, capture_add FROM PUBLIC;
GRANT EXECUTE ON FUNCTION phone_still_in, capture_hold, capture_add TO gangway_app;
"""

BACKWARDS = """
DROP FUNCTION capture_add;
DROP FUNCTION capture_hold;
DROP FUNCTION phone_still_in;
DROP TRIGGER capture_changed ON capture_sessions;
DROP FUNCTION capture_changed;
REVOKE UPDATE (source, scanned_at) ON capture_items FROM gangway_app;
REVOKE DELETE ON capture_sessions FROM gangway_app;
DROP POLICY sweeper_deletes ON capture_sessions;
DROP INDEX capture_sessions_end;
DROP INDEX capture_sessions_unsettled;
CREATE INDEX capture_sessions_open ON capture_sessions (tenant_id, expires_at, id) WHERE status = 'active';
COMMENT ON COLUMN capture_sessions.token_hash IS 'SHA-256 of the phone''s token; none once the session has ended.';
ALTER TABLE capture_sessions DROP COLUMN settled_at, DROP COLUMN ttl_seconds;
"""


async def forwards() -> MigrationManager:
    return scripts(ID, DESCRIPTION, FORWARDS, BACKWARDS)
