from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from db.ddl import scripts

ID = "0020_alerts"
VERSION = "1.38.0"
DESCRIPTION = "Alerts: what goes out to staff about events, once to each recipient, and the report of a day"

# An alert is written in the transaction of its event, by whoever writes that: the trigger acts as `monitor` in the
# event's tenant for as long as it runs. It locks nothing, so that no writer of events waits for another; several
# at once may so pass the most of an hour a little. It must not fail either, whatever stands in the settings.
FORWARDS = """
CREATE TABLE alerts (
  id uuid PRIMARY KEY DEFAULT uuidv7(),
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
  kind text NOT NULL CHECK (kind IN ('event', 'digest', 'report')),
  event_id uuid,
  since timestamptz NOT NULL,
  number integer,
  channel text NOT NULL CHECK (channel IN ('email', 'slack')),
  recipient text CHECK (length(recipient) <= 320),
  status text NOT NULL DEFAULT 'waiting' CHECK (status IN ('waiting', 'sent', 'failed')),
  attempts integer NOT NULL DEFAULT 0,
  last_error text CHECK (length(last_error) <= 60),
  due_at timestamptz NOT NULL DEFAULT now(),
  created_at timestamptz NOT NULL DEFAULT now(),
  sent_at timestamptz,
  UNIQUE NULLS NOT DISTINCT (tenant_id, event_id, kind, since, channel, recipient),
  FOREIGN KEY (tenant_id, event_id) REFERENCES events (tenant_id, id) ON DELETE CASCADE,
  CHECK ((kind = 'event') = (event_id IS NOT NULL) AND (kind = 'event') = (number IS NOT NULL)),
  CHECK ((channel = 'email') = (recipient IS NOT NULL)),
  CHECK ((status = 'sent') = (sent_at IS NOT NULL))
);
COMMENT ON COLUMN alerts.since IS 'The beginning of the hour, or of the day of a report (UTC).';
COMMENT ON COLUMN alerts.number IS 'The how-manieth about an event it is to its recipient in its hour.';
COMMENT ON COLUMN alerts.recipient IS 'An e-mail address; Slack has the one webhook of the settings.';
COMMENT ON COLUMN alerts.due_at IS 'From when on it is looked for, if it is still waiting.';
CREATE INDEX alerts_tenant ON alerts (tenant_id, id);
CREATE INDEX alerts_waiting ON alerts ((attempts > 0), due_at) WHERE status = 'waiting';
CREATE INDEX alerts_of_recipient ON alerts (tenant_id, channel, coalesce(recipient, ''), since, number)
  WHERE kind = 'event';
CREATE INDEX alerts_digests ON alerts (tenant_id, since) WHERE kind = 'digest';
ALTER TABLE alerts ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON alerts AS RESTRICTIVE
  USING (tenant_id = (SELECT app_tenant()) OR (SELECT app_role()) = 'postman');
CREATE POLICY monitor ON alerts USING ((SELECT app_role()) = 'monitor');
CREATE POLICY postman_reads ON alerts FOR SELECT USING ((SELECT app_role()) = 'postman');
CREATE POLICY postman_claims ON alerts FOR UPDATE USING ((SELECT app_role()) = 'postman' AND status = 'waiting');
CREATE POLICY admin_reads ON alerts FOR SELECT USING ((SELECT app_role()) = 'admin');
CREATE POLICY sweeper_reads ON alerts FOR SELECT USING ((SELECT app_role()) = 'sweeper');
CREATE POLICY sweeper_deletes ON alerts FOR DELETE USING ((SELECT app_role()) = 'sweeper');
CREATE POLICY eraser_reads ON alerts FOR SELECT USING ((SELECT app_role()) = 'eraser');
CREATE POLICY eraser_deletes ON alerts FOR DELETE USING ((SELECT app_role()) = 'eraser');
GRANT SELECT, INSERT, DELETE, UPDATE (status, attempts, last_error, due_at, sent_at) ON alerts TO gangway_app;

-- What a report counts.
CREATE POLICY report_reads ON onboarding_sessions FOR SELECT USING ((SELECT app_role()) = 'monitor');
CREATE POLICY report_reads ON ai_usage FOR SELECT USING ((SELECT app_role()) = 'monitor');

CREATE FUNCTION alerts_an_hour() RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN 60;
CREATE INDEX alerts_full ON alerts (since) WHERE number >= alerts_an_hour();

CREATE FUNCTION alert_recipients(tenant uuid) RETURNS TABLE (channel text, recipient text)
LANGUAGE sql STABLE AS $$
  SELECT DISTINCT 'email', e.address
  FROM monitoring_configs AS c, jsonb_array_elements_text(
    CASE jsonb_typeof(c.global_settings -> 'alert_email_recipients')
      WHEN 'array' THEN c.global_settings -> 'alert_email_recipients' ELSE '[]' END
  ) AS e (address)
  WHERE c.tenant_id = tenant AND c.global_settings -> 'alert_email_enabled' = 'true' AND length(e.address) <= 320
  UNION ALL
  SELECT 'slack', NULL FROM monitoring_configs AS c
  WHERE c.tenant_id = tenant AND c.global_settings -> 'alert_slack_enabled' = 'true'
    AND c.sealed_slack_webhook IS NOT NULL
$$;

CREATE FUNCTION alert_staff() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  who text := coalesce(current_setting('app.role', true), '');
  whose text := coalesce(current_setting('app.tenant_id', true), '');
  this_hour timestamptz := date_trunc('hour', now(), 'UTC');
BEGIN
  PERFORM set_config('app.role', 'monitor', true), set_config('app.tenant_id', NEW.tenant_id::text, true);
  INSERT INTO alerts (tenant_id, kind, event_id, since, number, channel, recipient)
    SELECT NEW.tenant_id, 'event', NEW.id, this_hour, last.number + 1, r.channel, r.recipient
    FROM alert_recipients(NEW.tenant_id) AS r, LATERAL (
      SELECT coalesce(max(a.number), 0) AS number FROM alerts AS a
      WHERE a.tenant_id = NEW.tenant_id AND a.kind = 'event' AND a.channel = r.channel
        AND coalesce(a.recipient, '') = coalesce(r.recipient, '') AND a.since = this_hour
    ) AS last
    WHERE last.number < alerts_an_hour()
    ON CONFLICT DO NOTHING;
  PERFORM set_config('app.role', who, true), set_config('app.tenant_id', whose, true);
  RETURN NULL;
END
$$;
CREATE TRIGGER alert_staff AFTER INSERT ON events FOR EACH ROW WHEN (NEW.severity_level >= 3)
  EXECUTE FUNCTION alert_staff();

REVOKE EXECUTE ON FUNCTION alerts_an_hour, alert_recipients, alert_staff FROM PUBLIC;
GRANT EXECUTE ON FUNCTION alerts_an_hour, alert_recipients TO gangway_app;
"""

BACKWARDS = """
DROP TRIGGER alert_staff ON events;
DROP FUNCTION alert_staff, alert_recipients;
DROP POLICY report_reads ON ai_usage;
DROP POLICY report_reads ON onboarding_sessions;
DROP TABLE alerts;
DROP FUNCTION alerts_an_hour;
"""


async def forwards() -> MigrationManager:
    return scripts(ID, DESCRIPTION, FORWARDS, BACKWARDS)
