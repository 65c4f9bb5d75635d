from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from db.ddl import scripts

ID = "0022_aws"
VERSION = "1.38.0"
DESCRIPTION = "The list of AWS accounts has its index, and a key's id is sealed with its secret"

FORWARDS = """
CREATE INDEX aws_accounts_age ON aws_accounts (tenant_id, created_at, id);
COMMENT ON COLUMN aws_accounts.access_key_id IS 'As it is shown, its middle hidden.';
COMMENT ON COLUMN aws_accounts.sealed_secret IS 'The id of the access key and its secret, sealed; never shown.';
"""

BACKWARDS = """
DROP INDEX aws_accounts_age;
COMMENT ON COLUMN aws_accounts.access_key_id IS NULL;
COMMENT ON COLUMN aws_accounts.sealed_secret IS 'The secret access key, sealed; never shown.';
"""


async def forwards() -> MigrationManager:
    return scripts(ID, DESCRIPTION, FORWARDS, BACKWARDS)
