from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from db.ddl import scripts

ID = "0014_suggestions"
VERSION = "1.38.0"
DESCRIPTION = "What was suggested to companies, and what people made of it"

# A row is written before anything is asked, so that nothing of the company needs to travel: whoever answers reads
# it here. It is settled once, by the worker or by an API that waited too long; the first one counts.
FORWARDS = """
CREATE TABLE suggestions (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
  user_id uuid NOT NULL,
  run_id uuid,
  kind text NOT NULL CHECK (kind IN ('industry', 'okrs', 'team_structure', 'next_steps', 'insights', 'all')),
  locale text NOT NULL CHECK (locale IN ('en', 'es')),
  inputs jsonb NOT NULL DEFAULT '{}',
  items jsonb NOT NULL DEFAULT '{}',
  sources jsonb NOT NULL DEFAULT '{}',
  source text CHECK (source IN ('model', 'rules', 'cache')),
  budget_exhausted boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT now(),
  settled_at timestamptz,
  UNIQUE (tenant_id, id),
  FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE,
  CHECK ((source IS NULL) = (settled_at IS NULL))
);
COMMENT ON COLUMN suggestions.run_id IS 'Of which run; no foreign key, since runs are archived.';
COMMENT ON COLUMN suggestions.items IS 'By field, as far as there are any, with ids once the row is settled.';
COMMENT ON COLUMN suggestions.sources IS 'By kind, where its items come from.';
CREATE INDEX suggestions_user ON suggestions (tenant_id, user_id);
CREATE INDEX suggestions_run ON suggestions (run_id);
CREATE INDEX suggestions_age ON suggestions (tenant_id, created_at);
ALTER TABLE suggestions ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON suggestions AS RESTRICTIVE USING (tenant_id = (SELECT app_tenant()));
CREATE POLICY own_rows ON suggestions USING (user_id = (SELECT app_user()));
CREATE POLICY staff_reads ON suggestions FOR SELECT USING ((SELECT app_role()) IN ('manager', 'admin'));
CREATE POLICY sweeper_reads ON suggestions FOR SELECT USING ((SELECT app_role()) = 'sweeper');
CREATE POLICY sweeper_deletes ON suggestions FOR DELETE USING ((SELECT app_role()) = 'sweeper');
GRANT SELECT, INSERT, DELETE ON suggestions TO gangway_app;
GRANT UPDATE (items, sources, source, budget_exhausted, settled_at) ON suggestions TO gangway_app;

CREATE TABLE suggestion_feedback (
  suggestion_id uuid NOT NULL,
  item_id uuid NOT NULL,
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
  user_id uuid NOT NULL,
  verdict text NOT NULL CHECK (verdict IN ('accepted', 'edited', 'rejected')),
  value jsonb,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (suggestion_id, item_id),
  FOREIGN KEY (tenant_id, suggestion_id) REFERENCES suggestions (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE,
  CHECK ((verdict = 'edited') = (value IS NOT NULL))
);
COMMENT ON COLUMN suggestion_feedback.value IS 'The item as it was edited, whole.';
CREATE INDEX suggestion_feedback_user ON suggestion_feedback (tenant_id, user_id);
ALTER TABLE suggestion_feedback ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON suggestion_feedback AS RESTRICTIVE USING (tenant_id = (SELECT app_tenant()));
CREATE POLICY own_rows ON suggestion_feedback USING (user_id = (SELECT app_user()));
CREATE POLICY staff_reads ON suggestion_feedback FOR SELECT USING ((SELECT app_role()) IN ('manager', 'admin'));
GRANT SELECT, INSERT, UPDATE (verdict, value, updated_at) ON suggestion_feedback TO gangway_app;
"""

BACKWARDS = """
DROP TABLE suggestion_feedback;
DROP TABLE suggestions;
"""


async def forwards() -> MigrationManager:
    return scripts(ID, DESCRIPTION, FORWARDS, BACKWARDS)
