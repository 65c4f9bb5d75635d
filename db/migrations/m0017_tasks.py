from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from db.ddl import scripts

ID = "0017_tasks"
VERSION = "1.38.0"
DESCRIPTION = "Tasks, what is said about them, and who moved them when"

# A task is the tenant's: it stays when somebody it names is erased, and names nobody then. What somebody wrote
# about it is theirs and goes with them. It keeps what its event said, and outlives it.
FORWARDS = """
CREATE TABLE tasks (
  id uuid PRIMARY KEY DEFAULT uuidv7(),
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
  title text NOT NULL CHECK (length(title) BETWEEN 3 AND 200),
  description text NOT NULL CHECK (length(description) BETWEEN 10 AND 5000),
  status text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'in_progress', 'closed')),
  priority text NOT NULL DEFAULT 'medium' CHECK (priority IN ('critical', 'high', 'medium', 'low')),
  assigned_user_id uuid,
  event_id uuid,
  event_details jsonb,
  due_date timestamptz,
  created_by uuid,
  closed_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  deleted_at timestamptz,
  deleted_by uuid,
  UNIQUE (tenant_id, id),
  CHECK ((status = 'closed') = (closed_at IS NOT NULL)),
  FOREIGN KEY (tenant_id, assigned_user_id) REFERENCES users (tenant_id, id)
    ON DELETE SET NULL (assigned_user_id),
  FOREIGN KEY (tenant_id, created_by) REFERENCES users (tenant_id, id) ON DELETE SET NULL (created_by),
  FOREIGN KEY (tenant_id, deleted_by) REFERENCES users (tenant_id, id) ON DELETE SET NULL (deleted_by)
);
COMMENT ON COLUMN tasks.event_id IS 'What it was made from; no foreign key, since events are dropped.';
COMMENT ON COLUMN tasks.event_details IS 'What the event said then.';
CREATE INDEX tasks_age ON tasks (tenant_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX tasks_status ON tasks (tenant_id, status, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX tasks_priority ON tasks (tenant_id, priority, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX tasks_due ON tasks (tenant_id, due_date) WHERE deleted_at IS NULL AND due_date IS NOT NULL;
CREATE INDEX tasks_assigned ON tasks (tenant_id, assigned_user_id, created_at, id);
CREATE INDEX tasks_created_by ON tasks (tenant_id, created_by, created_at, id);
CREATE INDEX tasks_event ON tasks (tenant_id, event_id, created_at, id) WHERE event_id IS NOT NULL;
CREATE INDEX tasks_deleted_by ON tasks (deleted_by) WHERE deleted_by IS NOT NULL;
ALTER TABLE tasks ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON tasks AS RESTRICTIVE USING (tenant_id = (SELECT app_tenant()));
CREATE POLICY own_reads ON tasks FOR SELECT
  USING (assigned_user_id = (SELECT app_user()) OR created_by = (SELECT app_user()));
CREATE POLICY own_changes ON tasks FOR UPDATE USING (
  deleted_at IS NULL AND (assigned_user_id = (SELECT app_user()) OR created_by = (SELECT app_user()))
);
CREATE POLICY staff_reads ON tasks FOR SELECT USING ((SELECT app_role()) IN ('manager', 'admin'));
CREATE POLICY staff_adds ON tasks FOR INSERT
  WITH CHECK ((SELECT app_role()) IN ('manager', 'admin') AND created_by = (SELECT app_user()));
CREATE POLICY staff_changes ON tasks FOR UPDATE USING ((SELECT app_role()) IN ('manager', 'admin')) WITH CHECK (
  (SELECT app_role()) = 'admin'
  OR ((SELECT app_role()) = 'manager' AND (deleted_at IS NULL OR created_by = (SELECT app_user())))
);
GRANT SELECT, INSERT ON tasks TO gangway_app;
GRANT UPDATE (title, description, status, priority, assigned_user_id, due_date, closed_at, updated_at, deleted_at,
  deleted_by) ON tasks TO gangway_app;

CREATE TABLE task_comments (
  id uuid PRIMARY KEY DEFAULT uuidv7(),
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
  task_id uuid NOT NULL,
  user_id uuid NOT NULL,
  comment text NOT NULL CHECK (length(comment) BETWEEN 1 AND 2000),
  created_at timestamptz NOT NULL DEFAULT now(),
  FOREIGN KEY (tenant_id, task_id) REFERENCES tasks (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX task_comments_task ON task_comments (tenant_id, task_id, created_at, id);
CREATE INDEX task_comments_user ON task_comments (tenant_id, user_id);
ALTER TABLE task_comments ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON task_comments AS RESTRICTIVE USING (tenant_id = (SELECT app_tenant()));
CREATE POLICY own_reads ON task_comments FOR SELECT USING (user_id = (SELECT app_user()));
CREATE POLICY staff_reads ON task_comments FOR SELECT USING ((SELECT app_role()) IN ('manager', 'admin'));
CREATE POLICY of_own_tasks ON task_comments FOR SELECT USING (EXISTS (
  SELECT FROM tasks AS t WHERE t.id = task_id
    AND (t.assigned_user_id = (SELECT app_user()) OR t.created_by = (SELECT app_user()))
));
CREATE POLICY author_adds ON task_comments FOR INSERT WITH CHECK (
  user_id = (SELECT app_user()) AND EXISTS (SELECT FROM tasks AS t WHERE t.id = task_id AND t.deleted_at IS NULL)
);
GRANT SELECT, INSERT ON task_comments TO gangway_app;

CREATE TABLE task_status_changes (
  task_id uuid NOT NULL,
  number integer NOT NULL CHECK (number > 0),
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
  from_status text NOT NULL CHECK (from_status IN ('open', 'in_progress', 'closed')),
  to_status text NOT NULL CHECK (to_status IN ('open', 'in_progress', 'closed')),
  changed_by uuid,
  changed_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, task_id, number),
  CHECK (from_status <> to_status),
  FOREIGN KEY (tenant_id, task_id) REFERENCES tasks (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, changed_by) REFERENCES users (tenant_id, id) ON DELETE SET NULL (changed_by)
);
COMMENT ON COLUMN task_status_changes.number IS 'From 1, without gaps: each begins where the one before ended.';
CREATE INDEX task_status_changes_by ON task_status_changes (changed_by) WHERE changed_by IS NOT NULL;
ALTER TABLE task_status_changes ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON task_status_changes AS RESTRICTIVE USING (tenant_id = (SELECT app_tenant()));
CREATE POLICY staff_reads ON task_status_changes FOR SELECT USING ((SELECT app_role()) IN ('manager', 'admin'));
CREATE POLICY of_own_tasks ON task_status_changes FOR SELECT USING (EXISTS (
  SELECT FROM tasks AS t WHERE t.id = task_id
    AND (t.assigned_user_id = (SELECT app_user()) OR t.created_by = (SELECT app_user()))
));
CREATE POLICY who_moves_adds ON task_status_changes FOR INSERT WITH CHECK (
  changed_by = (SELECT app_user())
  AND EXISTS (SELECT FROM tasks AS t WHERE t.id = task_id AND t.deleted_at IS NULL)
);
GRANT SELECT, INSERT ON task_status_changes TO gangway_app;

-- What staff were answered about tasks names who has them and who wrote; it goes with any of these people.
CREATE POLICY eraser_of_tasks ON idempotency_keys USING ((SELECT app_role()) = 'eraser' AND (
  split_part(scope, ' ', 2) LIKE '/api/tasks%' OR split_part(scope, ' ', 2) LIKE '/api/events/%/create-task%'
));
"""

BACKWARDS = """
DROP POLICY eraser_of_tasks ON idempotency_keys;
DROP TABLE task_status_changes;
DROP TABLE task_comments;
DROP TABLE tasks;
"""


async def forwards() -> MigrationManager:
    return scripts(ID, DESCRIPTION, FORWARDS, BACKWARDS)
