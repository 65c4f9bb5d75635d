from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from db.ddl import scripts

ID = "0028_scrapes"
VERSION = "1.38.0"
DESCRIPTION = "Scrape jobs: pages that somebody names, and what was found on each"

# A page that is named more than once is fetched once: its results have the same `page`. What is settled takes the
# next number of the job's `version`, under the lock of its row, so whoever reads since a number misses nothing.
FORWARDS = """
CREATE TABLE scrape_jobs (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
  user_id uuid NOT NULL,
  status text NOT NULL DEFAULT 'queued' CHECK (status IN ('queued', 'running', 'completed', 'cancelled')),
  requested integer NOT NULL CHECK (requested BETWEEN 1 AND 50),
  pages integer NOT NULL CHECK (pages BETWEEN 1 AND requested),
  version integer NOT NULL DEFAULT 0 CHECK (version >= 0),
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (tenant_id, id),
  FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);
COMMENT ON COLUMN scrape_jobs.pages IS 'How many different ones.';
COMMENT ON COLUMN scrape_jobs.version IS 'The number of the last change; each one takes the next.';
CREATE INDEX scrape_jobs_user ON scrape_jobs (tenant_id, user_id);
CREATE INDEX scrape_jobs_open ON scrape_jobs (tenant_id, user_id, updated_at)
  WHERE status IN ('queued', 'running');
ALTER TABLE scrape_jobs ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON scrape_jobs AS RESTRICTIVE USING (tenant_id = (SELECT app_tenant()));
CREATE POLICY own_rows ON scrape_jobs USING (user_id = (SELECT app_user()));
GRANT SELECT, INSERT, UPDATE (status, version, updated_at) ON scrape_jobs TO gangway_app;

CREATE TABLE scrape_results (
  job_id uuid NOT NULL,
  position integer NOT NULL CHECK (position BETWEEN 0 AND 49),
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
  user_id uuid NOT NULL,
  page integer NOT NULL CHECK (page BETWEEN 0 AND position),
  source_url text NOT NULL CHECK (length(source_url) BETWEEN 1 AND 2000),
  normalized_url text NOT NULL CHECK (length(normalized_url) BETWEEN 1 AND 2000),
  status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'success', 'partial', 'failed')),
  reason text CHECK (length(reason) <= 30),
  item jsonb,
  version integer CHECK (version > 0),
  PRIMARY KEY (tenant_id, job_id, position),
  CHECK ((status = 'pending') = (version IS NULL)),
  CHECK ((status IN ('success', 'partial')) = (item IS NOT NULL)),
  CHECK ((status = 'failed') = (reason IS NOT NULL)),
  FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, job_id) REFERENCES scrape_jobs (tenant_id, id) ON DELETE CASCADE
);
COMMENT ON COLUMN scrape_results.position IS 'In the request.';
COMMENT ON COLUMN scrape_results.page IS 'The same for all that name the same one.';
COMMENT ON COLUMN scrape_results.version IS 'The number of the job that it took when it was settled.';
CREATE INDEX scrape_results_user ON scrape_results (tenant_id, user_id);
ALTER TABLE scrape_results ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON scrape_results AS RESTRICTIVE USING (tenant_id = (SELECT app_tenant()));
CREATE POLICY own_rows ON scrape_results USING (user_id = (SELECT app_user()));
GRANT SELECT, INSERT, UPDATE (status, reason, item, version) ON scrape_results TO gangway_app;
"""

BACKWARDS = """
DROP TABLE scrape_results;
DROP TABLE scrape_jobs;
"""


async def forwards() -> MigrationManager:
    return scripts(ID, DESCRIPTION, FORWARDS, BACKWARDS)
