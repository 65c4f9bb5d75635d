from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from db.ddl import scripts

ID = "0032_connections"
VERSION = "1.38.0"
DESCRIPTION = "Connections to mailboxes and accounting: consents, tokens, and what was fetched when"

# Two walls apart: the connector finds whose a consent or an account is, over all tenants, and takes up a consent;
# everything else is done as the person whose it is.
FORWARDS = """
CREATE TABLE connections (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
  user_id uuid NOT NULL,
  provider text NOT NULL CHECK (provider ~ '^[a-z]{2,20}$'),
  status text NOT NULL
    CHECK (status IN ('connected', 'choose_account', 'reauth_required', 'error', 'disconnected')),
  reason text CHECK (reason ~ '^[a-z0-9_]{1,64}$'),
  account_id text CHECK (length(account_id) BETWEEN 1 AND 255),
  account_label text CHECK (length(account_label) BETWEEN 1 AND 255),
  accounts jsonb NOT NULL DEFAULT '[]',
  scopes text[] NOT NULL DEFAULT '{}',
  sealed_tokens jsonb,
  token_version integer NOT NULL DEFAULT 1 CHECK (token_version > 0),
  token_expires_at timestamptz,
  refresh_id uuid,
  refresh_until timestamptz,
  refresh_tries integer NOT NULL DEFAULT 0 CHECK (refresh_tries >= 0),
  domains text[] NOT NULL DEFAULT '{}' CHECK (cardinality(domains) <= 100),
  cursor jsonb,
  synced_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  disconnected_at timestamptz,
  UNIQUE (tenant_id, id),
  CHECK ((status = 'disconnected') = (sealed_tokens IS NULL)),
  CHECK ((status = 'disconnected') = (disconnected_at IS NOT NULL)),
  CHECK ((refresh_id IS NULL) = (refresh_until IS NULL)),
  FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);
COMMENT ON COLUMN connections.reason IS 'Why somebody must consent again, or what is wrong.';
COMMENT ON COLUMN connections.account_id IS 'The name that the provider has for the mailbox or the company.';
COMMENT ON COLUMN connections.accounts IS 'From which one is to be chosen: id and label of each.';
COMMENT ON COLUMN connections.token_version IS 'Takes the next number whenever other tokens are kept.';
COMMENT ON COLUMN connections.refresh_id IS 'Somebody exchanges the refresh token, until refresh_until at most.';
COMMENT ON COLUMN connections.refresh_tries IS 'How often this version was sent and nothing was heard.';
COMMENT ON COLUMN connections.domains IS 'Of the suppliers whose order mails are wanted.';
COMMENT ON COLUMN connections.cursor IS 'Up to where everything is stored; the provider alone reads it.';
CREATE INDEX connections_user ON connections (tenant_id, user_id, created_at, id);
CREATE UNIQUE INDEX connections_account ON connections (tenant_id, user_id, provider, account_id)
  WHERE status <> 'disconnected' AND account_id IS NOT NULL;
CREATE INDEX connections_by_account ON connections (provider, account_id) WHERE status <> 'disconnected';
ALTER TABLE connections ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON connections AS RESTRICTIVE
  USING (tenant_id = (SELECT app_tenant()) OR (SELECT app_role()) = 'connector');
CREATE POLICY own_rows ON connections USING (user_id = (SELECT app_user()));
CREATE POLICY connector_reads ON connections FOR SELECT USING ((SELECT app_role()) = 'connector');
GRANT SELECT, INSERT ON connections TO gangway_app;
GRANT UPDATE (status, reason, account_id, account_label, accounts, scopes, sealed_tokens, token_version,
  token_expires_at, refresh_id, refresh_until, refresh_tries, domains, cursor, synced_at, updated_at,
  disconnected_at) ON connections TO gangway_app;

CREATE TABLE consents (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
  user_id uuid NOT NULL,
  provider text NOT NULL CHECK (provider ~ '^[a-z]{2,20}$'),
  state_hash bytea NOT NULL UNIQUE CHECK (length(state_hash) = 32),
  browser_hash bytea NOT NULL CHECK (length(browser_hash) = 32),
  sealed_verifier jsonb CHECK (sealed_verifier IS NOT NULL OR used_at IS NOT NULL),
  sealed_code jsonb,
  return_to text NOT NULL CHECK (length(return_to) BETWEEN 1 AND 2000),
  realm text CHECK (length(realm) BETWEEN 1 AND 255),
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  used_at timestamptz,
  UNIQUE (tenant_id, id),
  FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE consents IS 'Somebody was sent to a provider to consent, and may come back once.';
COMMENT ON COLUMN consents.sealed_code IS 'Emptied, as the verifier is, before it is sent: it holds once.';
COMMENT ON COLUMN consents.realm IS 'The company that came back beside the code.';
CREATE INDEX consents_user ON consents (tenant_id, user_id);
CREATE INDEX consents_expiry ON consents (expires_at);
ALTER TABLE consents ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON consents AS RESTRICTIVE
  USING (tenant_id = (SELECT app_tenant()) OR (SELECT app_role()) = 'connector');
CREATE POLICY own_rows ON consents USING (user_id = (SELECT app_user()));
CREATE POLICY connector_reads ON consents FOR SELECT USING ((SELECT app_role()) = 'connector');
CREATE POLICY connector_takes ON consents FOR UPDATE USING ((SELECT app_role()) = 'connector');
CREATE POLICY sweeper_reads ON consents FOR SELECT USING ((SELECT app_role()) = 'sweeper');
CREATE POLICY sweeper_deletes ON consents FOR DELETE USING ((SELECT app_role()) = 'sweeper');
GRANT SELECT, INSERT, DELETE, UPDATE (used_at, sealed_code, sealed_verifier, realm) ON consents TO gangway_app;

CREATE TABLE connection_runs (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
  user_id uuid NOT NULL,
  connection_id uuid NOT NULL,
  kind text NOT NULL CHECK (kind IN ('backfill', 'scheduled', 'manual', 'webhook')),
  status text NOT NULL DEFAULT 'queued'
    CHECK (status IN ('queued', 'running', 'completed', 'failed', 'cancelled')),
  code text CHECK (code ~ '^[a-z0-9_]{1,64}$'),
  fetched integer NOT NULL DEFAULT 0 CHECK (fetched >= 0),
  added integer NOT NULL DEFAULT 0 CHECK (added >= 0),
  changed integer NOT NULL DEFAULT 0 CHECK (changed >= 0),
  removed integer NOT NULL DEFAULT 0 CHECK (removed >= 0),
  failed integer NOT NULL DEFAULT 0 CHECK (failed >= 0),
  created_at timestamptz NOT NULL DEFAULT now(),
  started_at timestamptz,
  ended_at timestamptz,
  UNIQUE (tenant_id, id),
  CHECK ((status IN ('queued', 'running')) = (ended_at IS NULL)),
  FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, connection_id) REFERENCES connections (tenant_id, id) ON DELETE CASCADE
);
COMMENT ON COLUMN connection_runs.code IS 'Why it failed.';
CREATE INDEX connection_runs_connection ON connection_runs (tenant_id, connection_id, created_at, id);
CREATE INDEX connection_runs_user ON connection_runs (tenant_id, user_id);
CREATE UNIQUE INDEX connection_runs_open ON connection_runs (tenant_id, connection_id)
  WHERE status IN ('queued', 'running');
ALTER TABLE connection_runs ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON connection_runs AS RESTRICTIVE USING (tenant_id = (SELECT app_tenant()));
CREATE POLICY own_rows ON connection_runs USING (user_id = (SELECT app_user()));
GRANT SELECT, INSERT, UPDATE (status, code, fetched, added, changed, removed, failed, started_at, ended_at)
  ON connection_runs TO gangway_app;
"""

BACKWARDS = """
DROP TABLE connection_runs;
DROP TABLE consents;
DROP TABLE connections;
"""


async def forwards() -> MigrationManager:
    return scripts(ID, DESCRIPTION, FORWARDS, BACKWARDS)
