from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from db.ddl import scripts

ID = "0026_barcodes"
VERSION = "1.38.0"
DESCRIPTION = "What catalogues said of codes of goods, and how often they were asked"

# Both are of no tenant: a product is the same whoever asks, and the limits of a catalogue hold for all together.
FORWARDS = """
CREATE TABLE barcode_products (
  gtin text PRIMARY KEY CHECK (gtin ~ '^[0-9]{14}$'),
  product jsonb,
  until timestamptz NOT NULL
);
COMMENT ON COLUMN barcode_products.product IS 'None where every catalogue said that it knows no such product.';
CREATE INDEX barcode_products_until ON barcode_products (until);
GRANT SELECT, INSERT, UPDATE, DELETE ON barcode_products TO gangway_app;

CREATE TABLE barcode_providers (
  provider text PRIMARY KEY,
  minute timestamptz NOT NULL,
  minute_calls integer NOT NULL,
  day timestamptz NOT NULL,
  day_calls integer NOT NULL,
  resting_until timestamptz NOT NULL DEFAULT '-infinity'
);
COMMENT ON COLUMN barcode_providers.resting_until IS 'It asked not to be asked before.';
GRANT SELECT, INSERT, UPDATE ON barcode_providers TO gangway_app;
"""

BACKWARDS = """
DROP TABLE barcode_providers;
DROP TABLE barcode_products;
"""


async def forwards() -> MigrationManager:
    return scripts(ID, DESCRIPTION, FORWARDS, BACKWARDS)
