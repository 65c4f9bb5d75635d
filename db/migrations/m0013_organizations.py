from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from db.ddl import scripts

ID = "0013_organizations"
VERSION = "1.38.0"
DESCRIPTION = "Organizations that company runs end in, their members and departments"

# An organization is the tenant's: it stays when whoever founded it is erased, and only their membership goes. It
# is founded by the person of a completed run, once for each run, whatever the code above forgets.
FORWARDS = """
CREATE TABLE organizations (
  id uuid PRIMARY KEY DEFAULT uuidv7(),
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
  name text NOT NULL CHECK (length(name) BETWEEN 2 AND 100),
  industry text NOT NULL,
  size text NOT NULL CHECK (size IN ('startup', 'small', 'medium', 'large', 'enterprise')),
  description text CHECK (length(description) <= 500),
  logo text CHECK (length(logo) <= 300),
  website text CHECK (length(website) <= 2000),
  team_size integer NOT NULL CHECK (team_size BETWEEN 1 AND 10000),
  structure text NOT NULL CHECK (structure IN ('hierarchical', 'flat', 'matrix')),
  methodology text NOT NULL CHECK (methodology IN ('okrs', 'kpis', 'custom')),
  collaboration_style text NOT NULL CHECK (collaboration_style IN ('centralized', 'distributed', 'hybrid')),
  integrations jsonb NOT NULL DEFAULT '[]',
  okrs jsonb NOT NULL DEFAULT '[]',
  created_by uuid,
  run_id uuid NOT NULL UNIQUE,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (tenant_id, id),
  CONSTRAINT organizations_created_by_fkey FOREIGN KEY (tenant_id, created_by)
    REFERENCES users (tenant_id, id) ON DELETE SET NULL (created_by)
);
COMMENT ON COLUMN organizations.run_id IS 'The run it comes from; no foreign key, since runs are archived.';
COMMENT ON COLUMN organizations.created_by IS 'NULL once that person is erased.';
CREATE INDEX organizations_created_by ON organizations (created_by);

CREATE TABLE organization_members (
  organization_id uuid NOT NULL,
  user_id uuid NOT NULL,
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
  role text NOT NULL CHECK (role IN ('owner', 'member')),
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (organization_id, user_id),
  FOREIGN KEY (tenant_id, organization_id) REFERENCES organizations (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX organization_members_user ON organization_members (user_id);

CREATE TABLE departments (
  id uuid PRIMARY KEY DEFAULT uuidv7(),
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
  organization_id uuid NOT NULL,
  parent_id uuid CHECK (parent_id <> id),
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  description text CHECK (length(description) <= 500),
  position integer NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (tenant_id, organization_id, id),
  UNIQUE (organization_id, name),
  FOREIGN KEY (tenant_id, organization_id) REFERENCES organizations (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, organization_id, parent_id)
    REFERENCES departments (tenant_id, organization_id, id) ON DELETE SET NULL (parent_id)
);
COMMENT ON COLUMN departments.position IS 'In the order in which they were given.';
CREATE INDEX departments_parent ON departments (parent_id) WHERE parent_id IS NOT NULL;

ALTER TABLE organizations ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON organizations AS RESTRICTIVE USING (tenant_id = (SELECT app_tenant()));
CREATE POLICY creator_reads ON organizations FOR SELECT USING (created_by = (SELECT app_user()));
CREATE POLICY members_read ON organizations FOR SELECT USING (EXISTS (
  SELECT FROM organization_members AS m
  WHERE m.organization_id = organizations.id AND m.user_id = (SELECT app_user())
));
CREATE POLICY staff_reads ON organizations FOR SELECT USING ((SELECT app_role()) IN ('manager', 'admin'));
CREATE POLICY founder_adds ON organizations FOR INSERT WITH CHECK (created_by = (SELECT app_user()) AND (
  EXISTS (
    SELECT FROM onboarding_sessions AS s
    WHERE s.id = run_id AND s.user_id = (SELECT app_user()) AND s.flow = 'company' AND s.status = 'completed'
  ) OR EXISTS (
    SELECT FROM onboarding_archive AS a
    WHERE a.id = run_id AND a.user_id = (SELECT app_user()) AND a.flow = 'company' AND a.status = 'completed'
  )
));
-- Its logo may lie among the files of whoever founded it, and those go with them.
CREATE POLICY eraser_changes ON organizations FOR UPDATE
  USING ((SELECT app_role()) = 'eraser' AND created_by = (SELECT app_user()));
GRANT SELECT, INSERT, UPDATE (logo) ON organizations TO gangway_app;

-- A function, since the policies of the two tables would ask each other without end. It sees what its caller sees.
CREATE FUNCTION app_founded(organization uuid) RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
  RETURN EXISTS (SELECT FROM organizations AS o WHERE o.id = organization AND o.created_by = app_user());
END
$$;
REVOKE EXECUTE ON FUNCTION app_founded FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app_founded TO gangway_app;

ALTER TABLE organization_members ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON organization_members AS RESTRICTIVE USING (tenant_id = (SELECT app_tenant()));
CREATE POLICY own_reads ON organization_members FOR SELECT USING (user_id = (SELECT app_user()));
CREATE POLICY staff_reads ON organization_members FOR SELECT USING ((SELECT app_role()) IN ('manager', 'admin'));
CREATE POLICY founder_owns ON organization_members FOR INSERT
  WITH CHECK (user_id = (SELECT app_user()) AND role = 'owner' AND app_founded(organization_id));
GRANT SELECT, INSERT ON organization_members TO gangway_app;

ALTER TABLE departments ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON departments AS RESTRICTIVE USING (tenant_id = (SELECT app_tenant()));
CREATE POLICY members_read ON departments FOR SELECT USING (EXISTS (
  SELECT FROM organization_members AS m
  WHERE m.organization_id = departments.organization_id AND m.user_id = (SELECT app_user())
));
CREATE POLICY staff_reads ON departments FOR SELECT USING ((SELECT app_role()) IN ('manager', 'admin'));
CREATE POLICY founder_adds ON departments FOR INSERT
  WITH CHECK ((SELECT app_user()) IS NOT NULL AND app_founded(organization_id));
GRANT SELECT, INSERT ON departments TO gangway_app;
"""

BACKWARDS = """
DROP TABLE departments;
DROP POLICY members_read ON organizations;
DROP TABLE organization_members;
DROP FUNCTION app_founded;
DROP TABLE organizations;
"""


async def forwards() -> MigrationManager:
    return scripts(ID, DESCRIPTION, FORWARDS, BACKWARDS)
