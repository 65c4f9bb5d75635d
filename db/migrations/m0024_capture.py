from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from db.ddl import scripts

ID = "0024_capture"
VERSION = "1.38.0"
DESCRIPTION = "Images, and sessions in which a phone captures for a desktop"

# Whatever changes in a session takes the next number of its `version`, under the lock of its row: so one device
# adds after the other, whoever reads since a number misses nothing, and counts are exact. Deleted items stay as
# long as the session, for those who have yet to hear of it.
FORWARDS = """
CREATE TABLE images (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
  user_id uuid NOT NULL,
  object_key text NOT NULL CHECK (length(object_key) <= 200),
  thumbnail_key text CHECK (length(thumbnail_key) <= 200),
  content_type text NOT NULL CHECK (content_type IN ('image/jpeg', 'image/png', 'image/webp', 'image/heic')),
  status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'ready')),
  size integer CHECK (size > 0),
  width integer CHECK (width > 0),
  height integer CHECK (height > 0),
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (tenant_id, object_key),
  UNIQUE (tenant_id, id),
  CHECK (status = 'pending' OR (thumbnail_key IS NOT NULL AND size IS NOT NULL AND width IS NOT NULL
    AND height IS NOT NULL)),
  FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);
COMMENT ON COLUMN images.status IS 'Pending until the upload was looked at; what stays so is swept.';
CREATE INDEX images_user ON images (tenant_id, user_id, created_at, id);
CREATE INDEX images_pending ON images (tenant_id, created_at, id) WHERE status = 'pending';
ALTER TABLE images ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON images AS RESTRICTIVE USING (tenant_id = (SELECT app_tenant()));
CREATE POLICY own_rows ON images USING (user_id = (SELECT app_user()));
CREATE POLICY sweeper_reads ON images FOR SELECT USING ((SELECT app_role()) = 'sweeper');
CREATE POLICY sweeper_deletes ON images FOR DELETE USING ((SELECT app_role()) = 'sweeper');
GRANT SELECT, INSERT, DELETE ON images TO gangway_app;
GRANT UPDATE (object_key, thumbnail_key, content_type, status, size, width, height) ON images TO gangway_app;

CREATE TABLE capture_sessions (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
  user_id uuid NOT NULL,
  run_id uuid,
  kinds text[] NOT NULL CHECK (kinds <@ ARRAY['barcode', 'photo'] AND cardinality(kinds) BETWEEN 1 AND 2),
  token_hash bytea UNIQUE,
  status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'expired', 'closed')),
  version bigint NOT NULL DEFAULT 0 CHECK (version >= 0),
  barcodes integer NOT NULL DEFAULT 0 CHECK (barcodes BETWEEN 0 AND 500),
  photos integer NOT NULL DEFAULT 0 CHECK (photos BETWEEN 0 AND 100),
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  ends_at timestamptz NOT NULL,
  closed_at timestamptz,
  UNIQUE (tenant_id, id),
  CHECK (expires_at <= ends_at),
  FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);
COMMENT ON COLUMN capture_sessions.run_id IS 'No foreign key: runs move to the archive.';
COMMENT ON COLUMN capture_sessions.token_hash IS 'SHA-256 of the phone''s token; none once the session has ended.';
COMMENT ON COLUMN capture_sessions.version IS 'The number of the last change; each one takes the next.';
COMMENT ON COLUMN capture_sessions.barcodes IS 'Items there are now, of 500; photos of 100.';
COMMENT ON COLUMN capture_sessions.expires_at IS 'Slides with use, up to ends_at.';
CREATE INDEX capture_sessions_user ON capture_sessions (tenant_id, user_id, created_at DESC, id DESC);
CREATE INDEX capture_sessions_open ON capture_sessions (tenant_id, expires_at, id) WHERE status = 'active';
ALTER TABLE capture_sessions ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON capture_sessions AS RESTRICTIVE
  USING (tenant_id = (SELECT app_tenant()) OR (SELECT app_role()) = 'sign_in');
CREATE POLICY own_rows ON capture_sessions USING (user_id = (SELECT app_user()));
CREATE POLICY sign_in_reads ON capture_sessions FOR SELECT USING ((SELECT app_role()) = 'sign_in');
CREATE POLICY sweeper_reads ON capture_sessions FOR SELECT USING ((SELECT app_role()) = 'sweeper');
CREATE POLICY sweeper_ends ON capture_sessions FOR UPDATE USING ((SELECT app_role()) = 'sweeper');
GRANT SELECT, INSERT ON capture_sessions TO gangway_app;
GRANT UPDATE (token_hash, status, version, barcodes, photos, expires_at, closed_at)
  ON capture_sessions TO gangway_app;

CREATE TABLE capture_items (
  id uuid PRIMARY KEY DEFAULT uuidv7(),
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
  user_id uuid NOT NULL,
  session_id uuid NOT NULL,
  kind text NOT NULL CHECK (kind IN ('barcode', 'photo')),
  key text NOT NULL CHECK (length(key) BETWEEN 1 AND 200),
  gtin text CHECK (gtin ~ '^[0-9]{14}$'),
  code text CHECK (length(code) BETWEEN 1 AND 200),
  code_type text CHECK (length(code_type) <= 30),
  image_id uuid,
  quantity integer NOT NULL DEFAULT 1 CHECK (quantity BETWEEN 1 AND 1000000),
  added_by text NOT NULL CHECK (added_by IN ('owner', 'phone')),
  source text CHECK (length(source) <= 30),
  details jsonb NOT NULL DEFAULT '{}',
  enrichment text NOT NULL DEFAULT 'none' CHECK (enrichment IN ('none', 'pending', 'done', 'failed')),
  edited_at timestamptz,
  edited text[] NOT NULL DEFAULT '{}',
  version bigint NOT NULL CHECK (version > 0),
  scanned_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  deleted_at timestamptz,
  UNIQUE (tenant_id, id),
  CHECK ((kind = 'barcode') = (code IS NOT NULL)),
  FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, session_id) REFERENCES capture_sessions (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, image_id) REFERENCES images (tenant_id, id) ON DELETE SET NULL (image_id)
);
COMMENT ON COLUMN capture_items.key IS 'By which two are the same: the GTIN, else the code; of a photo its image.';
COMMENT ON COLUMN capture_items.details IS 'Name, brand and what else was found or written.';
COMMENT ON COLUMN capture_items.edited IS 'Names of details that a person wrote: no lookup overwrites these.';
COMMENT ON COLUMN capture_items.version IS 'The number that its last change took of the session.';
CREATE UNIQUE INDEX capture_items_key ON capture_items (tenant_id, session_id, kind, key)
  WHERE deleted_at IS NULL;
CREATE INDEX capture_items_changes ON capture_items (tenant_id, session_id, version);
CREATE INDEX capture_items_user ON capture_items (tenant_id, user_id);
CREATE INDEX capture_items_image ON capture_items (tenant_id, image_id) WHERE image_id IS NOT NULL;
ALTER TABLE capture_items ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON capture_items AS RESTRICTIVE USING (tenant_id = (SELECT app_tenant()));
CREATE POLICY own_rows ON capture_items USING (user_id = (SELECT app_user()));
GRANT SELECT, INSERT ON capture_items TO gangway_app;
GRANT UPDATE (key, gtin, code, code_type, quantity, details, enrichment, edited_at, edited, version, updated_at,
  deleted_at) ON capture_items TO gangway_app;

CREATE TABLE capture_scans (
  session_id uuid NOT NULL,
  client_item_id text NOT NULL CHECK (length(client_item_id) BETWEEN 1 AND 100),
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
  user_id uuid NOT NULL,
  item_id uuid NOT NULL,
  PRIMARY KEY (tenant_id, session_id, client_item_id),
  FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, session_id) REFERENCES capture_sessions (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, item_id) REFERENCES capture_items (tenant_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE capture_scans IS 'What a device has sent before: a scan that it repeats counts once.';
CREATE INDEX capture_scans_user ON capture_scans (tenant_id, user_id);
CREATE INDEX capture_scans_item ON capture_scans (tenant_id, item_id);
ALTER TABLE capture_scans ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON capture_scans AS RESTRICTIVE USING (tenant_id = (SELECT app_tenant()));
CREATE POLICY own_rows ON capture_scans USING (user_id = (SELECT app_user()));
GRANT SELECT, INSERT ON capture_scans TO gangway_app;
"""

BACKWARDS = """
DROP TABLE capture_scans;
DROP TABLE capture_items;
DROP TABLE capture_sessions;
DROP TABLE images;
"""


async def forwards() -> MigrationManager:
    return scripts(ID, DESCRIPTION, FORWARDS, BACKWARDS)
