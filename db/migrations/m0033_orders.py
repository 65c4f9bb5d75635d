from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from db.ddl import scripts

ID = "0033_orders"
VERSION = "1.38.0"
DESCRIPTION = "Orders that connections brought, each once, with their lines"

# A line is known within its order by `line`; with the connection and the order's id that is the name of its offer
# on the review list. An order stays when its connection goes.
FORWARDS = """
CREATE TABLE orders (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
  user_id uuid NOT NULL,
  connection_id uuid NOT NULL,
  external_id text NOT NULL CHECK (length(external_id) BETWEEN 1 AND 100),
  status text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'voided', 'deleted')),
  read_by text NOT NULL CHECK (read_by IN ('api', 'rules', 'model')),
  supplier text CHECK (length(supplier) BETWEEN 1 AND 300),
  number text CHECK (length(number) BETWEEN 1 AND 100),
  ordered_on date,
  total numeric CHECK (abs(total) < 1e12 AND scale(total) <= 6),
  currency text CHECK (currency ~ '^[A-Z]{3}$'),
  lines integer NOT NULL CHECK (lines >= 0),
  changed_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (tenant_id, id),
  UNIQUE (tenant_id, connection_id, external_id),
  FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, connection_id) REFERENCES connections (tenant_id, id) ON DELETE CASCADE
);
COMMENT ON COLUMN orders.external_id IS 'The name that the provider has for it; of a mail, that of the message.';
COMMENT ON COLUMN orders.ordered_on IS 'NULL where nobody said: unknown, not today.';
COMMENT ON COLUMN orders.changed_at IS 'At the provider: what is older than this changes nothing any more.';
CREATE INDEX orders_connection ON orders (tenant_id, connection_id, created_at, id);
CREATE INDEX orders_user ON orders (tenant_id, user_id);
ALTER TABLE orders ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON orders AS RESTRICTIVE USING (tenant_id = (SELECT app_tenant()));
CREATE POLICY own_rows ON orders USING (user_id = (SELECT app_user()));
GRANT SELECT, INSERT ON orders TO gangway_app;
GRANT UPDATE (status, read_by, supplier, number, ordered_on, total, currency, lines, changed_at, updated_at)
  ON orders TO gangway_app;

CREATE TABLE order_lines (
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
  order_id uuid NOT NULL,
  line text NOT NULL CHECK (length(line) BETWEEN 1 AND 50),
  user_id uuid NOT NULL,
  position integer NOT NULL CHECK (position >= 0),
  name text CHECK (length(name) BETWEEN 1 AND 300),
  sku text CHECK (length(sku) BETWEEN 1 AND 100),
  quantity numeric CHECK (abs(quantity) < 1e12 AND scale(quantity) <= 6),
  unit_price numeric CHECK (abs(unit_price) < 1e12 AND scale(unit_price) <= 6),
  amount numeric CHECK (abs(amount) < 1e12 AND scale(amount) <= 6),
  PRIMARY KEY (tenant_id, order_id, line),
  FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, order_id) REFERENCES orders (tenant_id, id) ON DELETE CASCADE
);
COMMENT ON COLUMN order_lines.line IS 'The name that the provider has for the line, or its place.';
CREATE INDEX order_lines_user ON order_lines (tenant_id, user_id);
ALTER TABLE order_lines ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON order_lines AS RESTRICTIVE USING (tenant_id = (SELECT app_tenant()));
CREATE POLICY own_rows ON order_lines USING (user_id = (SELECT app_user()));
GRANT SELECT, INSERT, DELETE, UPDATE (position, name, sku, quantity, unit_price, amount)
  ON order_lines TO gangway_app;
"""

BACKWARDS = """
DROP TABLE order_lines;
DROP TABLE orders;
"""


async def forwards() -> MigrationManager:
    return scripts(ID, DESCRIPTION, FORWARDS, BACKWARDS)
