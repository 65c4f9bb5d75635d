from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from db.ddl import scripts

ID = "0009_whose"
VERSION = "1.38.0"
DESCRIPTION = "A row belongs to the tenant of the person, run, profile or invitation that it refers to"

# Foreign keys look past the policies: one to a person alone lets a row name one tenant and a person of another.
# With the tenant in the key there is no such row, whoever writes it and whatever their settings say.
# table, name of the key, column, what it refers to, what happens with the row then
_REFERENCES = [
    ("onboarding_sessions", "user_id", "users", "CASCADE"),
    ("onboarding_events", "run_id", "onboarding_sessions", "CASCADE"),
    ("profiles", "user_id", "users", "CASCADE"),
    ("profile_versions", "profile_id", "profiles", "CASCADE"),
    ("notifications", "user_id", "users", "CASCADE"),
    ("idempotency_keys", "user_id", "users", "CASCADE"),
    ("sessions", "user_id", "users", "CASCADE"),
    ("refused_tokens", "user_id", "users", "CASCADE"),
    ("password_resets", "user_id", "users", "CASCADE"),
    ("invitations", "user_id", "users", "CASCADE"),
    ("invitations", "invited_by", "users", "SET NULL (invited_by)"),
    ("mails", "user_id", "users", "CASCADE"),
    ("mails", "invitation_id", "invitations", "CASCADE"),
    ("data_keys", "user_id", "users", "CASCADE"),
]
_REFERRED_TO = ["users", "onboarding_sessions", "profiles", "invitations"]

_WITH_TENANT = "".join(
    f"""
ALTER TABLE {table} DROP CONSTRAINT {table}_{column}_fkey, ADD CONSTRAINT {table}_{column}_fkey
  FOREIGN KEY (tenant_id, {column}) REFERENCES {other} (tenant_id, id) ON DELETE {then};
"""
    for table, column, other, then in _REFERENCES
)
_ALONE = "".join(
    f"""
ALTER TABLE {table} DROP CONSTRAINT {table}_{column}_fkey, ADD CONSTRAINT {table}_{column}_fkey
  FOREIGN KEY ({column}) REFERENCES {other} ON DELETE {then.partition(" (")[0]};
"""
    for table, column, other, then in _REFERENCES
)

# A receipt outlives its person, so it has no foreign key; but it begins with one of the tenant.
FORWARDS = f"""
{"".join(f"ALTER TABLE {table} ADD UNIQUE (tenant_id, id);" for table in _REFERRED_TO)}
{_WITH_TENANT}
DROP INDEX users_tenant;
DROP INDEX invitations_tenant;
CREATE POLICY of_the_tenant ON erasures AS RESTRICTIVE FOR INSERT WITH CHECK (EXISTS (
  SELECT FROM users AS u WHERE u.id = erasures.user_id AND u.tenant_id = erasures.tenant_id
));
"""

BACKWARDS = f"""
DROP POLICY of_the_tenant ON erasures;
CREATE INDEX invitations_tenant ON invitations (tenant_id, id DESC);
CREATE INDEX users_tenant ON users (tenant_id, id DESC);
{_ALONE}
{"".join(f"ALTER TABLE {table} DROP CONSTRAINT {table}_tenant_id_id_key;" for table in _REFERRED_TO)}
"""


async def forwards() -> MigrationManager:
    return scripts(ID, DESCRIPTION, FORWARDS, BACKWARDS)
