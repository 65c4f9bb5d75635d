from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from db.ddl import scripts

ID = "0030_images"
VERSION = "1.38.0"
DESCRIPTION = "Until when something may be uploaded for an image, and what was seen in photos"

# After `upload_until` nothing can be confirmed any more, and no form that was signed is good. Whoever sweeps then
# races with nobody: what is still pending goes with its objects; of what is ready, a late upload goes.
FORWARDS = """
ALTER TABLE images ADD COLUMN upload_until timestamptz DEFAULT now() + interval '1 hour';
ALTER TABLE images ADD CONSTRAINT images_pending_ends CHECK (status = 'ready' OR upload_until IS NOT NULL);
ALTER TABLE images ADD COLUMN session_id uuid;
COMMENT ON COLUMN images.session_id IS 'The capture session whose phone brought it: all that a phone may reach.';
CREATE INDEX images_session ON images (tenant_id, session_id) WHERE session_id IS NOT NULL;
COMMENT ON COLUMN images.upload_until IS 'None once nothing can be left of an upload.';
DROP INDEX images_pending;
CREATE INDEX images_uploads ON images (tenant_id, upload_until, id) WHERE upload_until IS NOT NULL;
CREATE POLICY sweeper_changes ON images FOR UPDATE USING ((SELECT app_role()) = 'sweeper');
GRANT UPDATE (upload_until) ON images TO gangway_app;

CREATE TABLE photo_analyses (
  image_id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
  user_id uuid NOT NULL,
  asked_at timestamptz,
  result jsonb,
  created_at timestamptz NOT NULL DEFAULT now(),
  FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, image_id) REFERENCES images (tenant_id, id) ON DELETE CASCADE
);
COMMENT ON COLUMN photo_analyses.asked_at IS 'When a model was asked, which is done once.';
CREATE INDEX photo_analyses_image ON photo_analyses (tenant_id, image_id);
CREATE INDEX photo_analyses_user ON photo_analyses (tenant_id, user_id);
ALTER TABLE photo_analyses ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON photo_analyses AS RESTRICTIVE USING (tenant_id = (SELECT app_tenant()));
CREATE POLICY own_rows ON photo_analyses USING (user_id = (SELECT app_user()));
GRANT SELECT, INSERT, UPDATE (asked_at, result) ON photo_analyses TO gangway_app;
"""

BACKWARDS = """
DROP TABLE photo_analyses;
DROP POLICY sweeper_changes ON images;
DROP INDEX images_uploads;
ALTER TABLE images DROP COLUMN upload_until;
ALTER TABLE images DROP COLUMN session_id;
CREATE INDEX images_pending ON images (tenant_id, created_at, id) WHERE status = 'pending';
"""


async def forwards() -> MigrationManager:
    return scripts(ID, DESCRIPTION, FORWARDS, BACKWARDS)
