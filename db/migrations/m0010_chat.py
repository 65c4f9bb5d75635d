from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from db.ddl import scripts
from db.migrations.m0005_project import FORWARDS as PROJECT

ID = "0010_chat"
VERSION = "1.38.0"
DESCRIPTION = "Conversations: turns, messages, what is being said; who of the staff answers in a run"


def replaced(sql: str) -> str:
    return sql.replace("CREATE FUNCTION project", "CREATE OR REPLACE FUNCTION project")


def with_staff(sql: str) -> str:
    """`project`, writing the new column of a run as well."""
    for before, after in (
        ("timezone text, locale text,", "timezone text, locale text, staff uuid,"),
        ("timezone, locale, version, seq", "timezone, locale, staff, version, seq"),
        ("EXCLUDED.locale, EXCLUDED.version", "EXCLUDED.locale, EXCLUDED.staff, EXCLUDED.version"),
    ):
        sql = sql.replace(before, after)
    return sql


FORWARDS = f"""
ALTER TABLE onboarding_sessions ADD staff uuid;
COMMENT ON COLUMN onboarding_sessions.staff IS 'Who of the staff answers in the agent''s place; no foreign key,
since an archived run is written without one too.';
{with_staff(replaced(PROJECT))}

CREATE TABLE chat_turns (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL DEFAULT app_tenant(),
  user_id uuid NOT NULL DEFAULT app_user(),
  conversation text NOT NULL,
  run_id uuid,
  message_id text NOT NULL,
  streamed boolean NOT NULL,
  status text NOT NULL DEFAULT 'running' CHECK (status IN ('running', 'done', 'failed')),
  memory jsonb NOT NULL DEFAULT '{{}}',
  answer jsonb,
  created_at timestamptz NOT NULL DEFAULT now(),
  finished_at timestamptz,
  FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE,
  UNIQUE (tenant_id, id),
  UNIQUE (user_id, conversation, message_id),
  CHECK ((status = 'done') = (answer IS NOT NULL))
);
COMMENT ON COLUMN chat_turns.run_id IS 'No foreign key: a conversation stays when its run is archived.';
CREATE UNIQUE INDEX chat_turns_one_at_a_time ON chat_turns (user_id, conversation) WHERE status = 'running';
CREATE INDEX chat_turns_latest ON chat_turns (user_id, conversation, id DESC);
CREATE INDEX chat_turns_tenant ON chat_turns (tenant_id, user_id);
ALTER TABLE chat_turns ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON chat_turns AS RESTRICTIVE USING (tenant_id = (SELECT app_tenant()));
CREATE POLICY own_rows ON chat_turns USING (user_id = (SELECT app_user()));
GRANT SELECT, INSERT, DELETE ON chat_turns TO gangway_app;
GRANT UPDATE (status, streamed, memory, answer, created_at, finished_at) ON chat_turns TO gangway_app;

CREATE TABLE chat_messages (
  id uuid PRIMARY KEY DEFAULT uuidv7(),
  tenant_id uuid NOT NULL DEFAULT app_tenant(),
  user_id uuid NOT NULL DEFAULT app_user(),
  conversation text NOT NULL,
  run_id uuid,
  turn_id uuid,
  role text NOT NULL CHECK (role IN ('person', 'agent', 'staff')),
  author uuid,
  agent_type text NOT NULL,
  state integer,
  text text NOT NULL,
  tool_calls jsonb NOT NULL DEFAULT '[]',
  status text NOT NULL DEFAULT 'complete' CHECK (status IN ('complete', 'partial', 'failed')),
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, turn_id) REFERENCES chat_turns (tenant_id, id) ON DELETE CASCADE,
  CHECK ((role = 'staff') = (author IS NOT NULL))
);
COMMENT ON COLUMN chat_messages.author IS 'Who of the staff; no foreign key, since what was said stays said.';
CREATE UNIQUE INDEX chat_messages_turn ON chat_messages (tenant_id, turn_id, role) WHERE turn_id IS NOT NULL;
CREATE INDEX chat_messages_latest ON chat_messages (user_id, conversation, id DESC);
CREATE INDEX chat_messages_tenant ON chat_messages (tenant_id, user_id);
ALTER TABLE chat_messages ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON chat_messages AS RESTRICTIVE USING (tenant_id = (SELECT app_tenant()));
CREATE POLICY own_rows ON chat_messages FOR ALL USING (user_id = (SELECT app_user()))
  WITH CHECK (user_id = (SELECT app_user()) AND role <> 'staff');
CREATE POLICY staff_reads ON chat_messages FOR SELECT USING ((SELECT app_role()) IN ('manager', 'admin'));
CREATE POLICY staff_says ON chat_messages FOR INSERT WITH CHECK (
  (SELECT app_role()) IN ('manager', 'admin') AND role = 'staff' AND author = (SELECT app_user())
);
GRANT SELECT, INSERT, DELETE ON chat_messages TO gangway_app;

-- Unlogged, like counts: what a crash of the server takes away is said once more in the answer as a whole.
CREATE UNLOGGED TABLE chat_stream (
  turn_id uuid NOT NULL,
  seq integer NOT NULL,
  tenant_id uuid NOT NULL DEFAULT app_tenant(),
  user_id uuid NOT NULL DEFAULT app_user(),
  event text NOT NULL,
  data jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (turn_id, seq),
  FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, turn_id) REFERENCES chat_turns (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX chat_stream_user ON chat_stream (tenant_id, user_id);
CREATE INDEX chat_stream_age ON chat_stream (created_at);
ALTER TABLE chat_stream ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON chat_stream AS RESTRICTIVE USING (tenant_id = (SELECT app_tenant()));
CREATE POLICY own_rows ON chat_stream USING (user_id = (SELECT app_user()));
CREATE POLICY sweeper ON chat_stream USING ((SELECT app_role()) = 'sweeper');
GRANT SELECT, INSERT, DELETE ON chat_stream TO gangway_app;

CREATE TABLE profile_proposals (
  id uuid PRIMARY KEY DEFAULT uuidv7(),
  tenant_id uuid NOT NULL DEFAULT app_tenant(),
  user_id uuid NOT NULL DEFAULT app_user(),
  flow text NOT NULL,
  answers jsonb NOT NULL,
  status text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'confirmed', 'declined')),
  created_at timestamptz NOT NULL DEFAULT now(),
  decided_at timestamptz,
  FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE,
  CHECK ((status = 'open') = (decided_at IS NULL))
);
CREATE INDEX profile_proposals_user ON profile_proposals (tenant_id, user_id, id DESC);
ALTER TABLE profile_proposals ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON profile_proposals AS RESTRICTIVE USING (tenant_id = (SELECT app_tenant()));
CREATE POLICY own_rows ON profile_proposals USING (user_id = (SELECT app_user()));
GRANT SELECT, INSERT, UPDATE (status, decided_at) ON profile_proposals TO gangway_app;

-- Called once outside a transaction: the settings last for this one statement. It need not outlive a crash, so it
-- does not wait for the disk.
CREATE FUNCTION chat_write(tenant uuid, person uuid, turn uuid, events jsonb) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM set_config('app.tenant_id', tenant::text, true), set_config('app.user_id', person::text, true),
    set_config('app.role', 'user', true), set_config('synchronous_commit', 'off', true);
  INSERT INTO chat_stream (turn_id, seq, event, data)
    SELECT turn, e.seq, e.event, e.data FROM jsonb_to_recordset(events) AS e (seq integer, event text, data jsonb)
    ON CONFLICT (turn_id, seq) DO NOTHING;
  PERFORM pg_notify('gangway_runs', turn::text);
END
$$;
REVOKE EXECUTE ON FUNCTION chat_write FROM PUBLIC;
GRANT EXECUTE ON FUNCTION chat_write TO gangway_app;
"""

BACKWARDS = f"""
DROP FUNCTION chat_write;
DROP TABLE profile_proposals;
DROP TABLE chat_stream;
DROP TABLE chat_messages;
DROP TABLE chat_turns;
{replaced(PROJECT)}
ALTER TABLE onboarding_sessions DROP staff;
"""


async def forwards() -> MigrationManager:
    return scripts(ID, DESCRIPTION, FORWARDS, BACKWARDS)
