from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from db.ddl import scripts

ID = "0025_items"
VERSION = "1.38.0"
DESCRIPTION = "The review list, and which source said what of each of its items"

# An item is as many as its sources say, until a person says how many. One that was removed keeps its sources, so
# that the same offer made again does not bring it back; it is nobody's match any more.
FORWARDS = """
CREATE TABLE items (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
  user_id uuid NOT NULL,
  name text CHECK (length(name) BETWEEN 1 AND 300),
  supplier text CHECK (length(supplier) BETWEEN 1 AND 300),
  description text CHECK (length(description) BETWEEN 1 AND 5000),
  gtin text CHECK (gtin ~ '^[0-9]{14}$'),
  sku text CHECK (length(sku) BETWEEN 1 AND 100),
  url text CHECK (length(url) BETWEEN 1 AND 2000),
  image_url text CHECK (length(image_url) BETWEEN 1 AND 2000),
  price numeric CHECK (price >= 0 AND price < 1e12 AND scale(price) <= 6),
  currency text CHECK (currency ~ '^[A-Z]{3}$'),
  sku_key text,
  url_key text,
  quantity_set numeric CHECK (quantity_set >= 0 AND quantity_set < 1e12 AND scale(quantity_set) <= 6),
  status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'approved', 'rejected')),
  attention text[] NOT NULL DEFAULT '{}' CHECK (attention <@ ARRAY['no_name', 'unsure']),
  edited text[] NOT NULL DEFAULT '{}',
  edited_at timestamptz,
  version integer NOT NULL DEFAULT 1 CHECK (version > 0),
  synced_version integer,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  removed_at timestamptz,
  UNIQUE (tenant_id, id),
  FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);
COMMENT ON COLUMN items.sku_key IS 'Supplier and number, folded; url_key is a digest of the page''s address.';
COMMENT ON COLUMN items.quantity_set IS 'What a person said; else it is the sum of the sources.';
COMMENT ON COLUMN items.attention IS 'Why somebody must look at it before it is sent on.';
COMMENT ON COLUMN items.edited IS 'Fields that a person wrote: no source fills these.';
COMMENT ON COLUMN items.synced_version IS 'The version that the item sink has taken.';
CREATE INDEX items_age ON items (tenant_id, user_id, created_at, id) WHERE removed_at IS NULL;
CREATE INDEX items_status ON items (tenant_id, user_id, status, created_at, id) WHERE removed_at IS NULL;
CREATE INDEX items_gtin ON items (tenant_id, user_id, gtin) WHERE removed_at IS NULL AND gtin IS NOT NULL;
CREATE INDEX items_sku ON items (tenant_id, user_id, sku_key) WHERE removed_at IS NULL AND sku_key IS NOT NULL;
CREATE INDEX items_url ON items (tenant_id, user_id, url_key) WHERE removed_at IS NULL AND url_key IS NOT NULL;
-- Not the tenant first: while a table is new, the check of a foreign key would walk over all of the tenant by it.
CREATE INDEX items_user ON items (user_id, tenant_id);
ALTER TABLE items ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON items AS RESTRICTIVE USING (tenant_id = (SELECT app_tenant()));
CREATE POLICY own_rows ON items USING (user_id = (SELECT app_user()));
GRANT SELECT, INSERT ON items TO gangway_app;
GRANT UPDATE (name, supplier, description, gtin, sku, url, image_url, price, currency, sku_key, url_key,
  quantity_set, status, attention, edited, edited_at, version, synced_version, updated_at, removed_at)
  ON items TO gangway_app;

CREATE TABLE item_sources (
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
  user_id uuid NOT NULL,
  source text NOT NULL CHECK (source IN ('url', 'barcode', 'photo', 'csv', 'connection')),
  ref text NOT NULL CHECK (length(ref) BETWEEN 1 AND 200),
  item_id uuid NOT NULL,
  quantity numeric NOT NULL CHECK (quantity >= 0 AND quantity < 1e12 AND scale(quantity) <= 6),
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, user_id, source, ref),
  FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, item_id) REFERENCES items (tenant_id, id) ON DELETE CASCADE
);
COMMENT ON COLUMN item_sources.ref IS 'What it is in its source; the same one counts once.';
CREATE INDEX item_sources_item ON item_sources (item_id, tenant_id);
ALTER TABLE item_sources ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON item_sources AS RESTRICTIVE USING (tenant_id = (SELECT app_tenant()));
CREATE POLICY own_rows ON item_sources USING (user_id = (SELECT app_user()));
GRANT SELECT, INSERT, DELETE, UPDATE (quantity) ON item_sources TO gangway_app;
"""

BACKWARDS = """
DROP TABLE item_sources;
DROP TABLE items;
"""


async def forwards() -> MigrationManager:
    return scripts(ID, DESCRIPTION, FORWARDS, BACKWARDS)
