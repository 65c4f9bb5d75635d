from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from db.ddl import scripts

ID = "0011_ai"
VERSION = "1.38.0"
DESCRIPTION = (
    "What calls of models cost, the budgets that they come from, how often they may be made, what they answered"
)

# Nobody waits in a ring: who counts money locks the person's row first, as erasing them does, then calls, then
# budgets in the order of (scope, period). The sweeper, who sees no people, begins with budgets and passes by calls
# that are locked.
FORWARDS = """
CREATE TABLE ai_budgets (
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
  scope text NOT NULL CHECK (scope IN ('day', 'month', 'run')),
  period text NOT NULL,
  user_id uuid,
  spent_micros bigint NOT NULL DEFAULT 0 CHECK (spent_micros >= 0),
  reserved_micros bigint NOT NULL DEFAULT 0 CHECK (reserved_micros >= 0),
  warned_at timestamptz,
  refused_at timestamptz,
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, scope, period),
  FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE,
  CHECK ((scope = 'run') = (user_id IS NOT NULL))
) WITH (fillfactor = 50);
COMMENT ON COLUMN ai_budgets.period IS 'The day or month in UTC, or the id of the run.';
COMMENT ON COLUMN ai_budgets.user_id IS 'Whose run it is; what their tenant spent stays when they go.';
CREATE INDEX ai_budgets_user ON ai_budgets (user_id) WHERE user_id IS NOT NULL;
ALTER TABLE ai_budgets ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON ai_budgets AS RESTRICTIVE USING (tenant_id = (SELECT app_tenant()));
CREATE POLICY own_rows ON ai_budgets USING (user_id = (SELECT app_user()));
CREATE POLICY common_rows ON ai_budgets USING (user_id IS NULL AND (SELECT app_user()) IS NOT NULL);
CREATE POLICY sweeper ON ai_budgets USING ((SELECT app_role()) = 'sweeper');
GRANT SELECT, INSERT, DELETE ON ai_budgets TO gangway_app;
GRANT UPDATE (spent_micros, reserved_micros, warned_at, refused_at, updated_at) ON ai_budgets TO gangway_app;

CREATE TABLE ai_usage (
  id uuid PRIMARY KEY DEFAULT uuidv7(),
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
  user_id uuid NOT NULL,
  run_id uuid,
  purpose text NOT NULL CHECK (purpose IN ('chat', 'suggestions', 'industry', 'photo')),
  model text NOT NULL CHECK (length(model) <= 100),
  input_tokens integer NOT NULL DEFAULT 0 CHECK (input_tokens >= 0),
  output_tokens integer NOT NULL DEFAULT 0 CHECK (output_tokens >= 0),
  estimated boolean NOT NULL DEFAULT false,
  cost_micros bigint NOT NULL DEFAULT 0 CHECK (cost_micros >= 0),
  latency_ms integer CHECK (latency_ms >= 0),
  outcome text NOT NULL,
  cached boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE,
  CHECK (outcome IN ('reserved', 'lost', 'ok', 'rate_limited', 'server_error', 'timeout', 'cut_off', 'refused',
    'invalid', 'cancelled')),
  CHECK (NOT cached OR (outcome = 'ok' AND cost_micros = 0))
);
COMMENT ON COLUMN ai_usage.run_id IS 'No foreign key, since runs are archived.';
COMMENT ON COLUMN ai_usage.outcome IS 'reserved while the call is under way, lost when nobody came back from it.';
CREATE INDEX ai_usage_user ON ai_usage (user_id);
CREATE INDEX ai_usage_tenant ON ai_usage (tenant_id, created_at);
CREATE INDEX ai_usage_reserved ON ai_usage (tenant_id, created_at) WHERE outcome = 'reserved';
ALTER TABLE ai_usage ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON ai_usage AS RESTRICTIVE USING (tenant_id = (SELECT app_tenant()));
CREATE POLICY own_reads ON ai_usage FOR SELECT USING (user_id = (SELECT app_user()));
CREATE POLICY own_adds ON ai_usage FOR INSERT WITH CHECK (user_id = (SELECT app_user()));
-- What is settled is settled.
CREATE POLICY own_settles ON ai_usage FOR UPDATE
  USING (user_id = (SELECT app_user()) AND outcome = 'reserved') WITH CHECK (user_id = (SELECT app_user()));
CREATE POLICY admin_reads ON ai_usage FOR SELECT USING ((SELECT app_role()) = 'admin');
CREATE POLICY sweeper_reads ON ai_usage FOR SELECT USING ((SELECT app_role()) = 'sweeper');
CREATE POLICY sweeper_settles ON ai_usage FOR UPDATE
  USING ((SELECT app_role()) = 'sweeper' AND outcome = 'reserved') WITH CHECK ((SELECT app_role()) = 'sweeper');
CREATE POLICY eraser ON ai_usage FOR DELETE
  USING ((SELECT app_role()) = 'eraser' AND user_id = (SELECT app_user()));
CREATE POLICY sweeper_deletes ON ai_usage FOR DELETE
  USING ((SELECT app_role()) = 'sweeper' AND outcome <> 'reserved');
GRANT SELECT, INSERT, DELETE ON ai_usage TO gangway_app;
GRANT UPDATE (input_tokens, output_tokens, estimated, cost_micros, latency_ms, outcome) ON ai_usage TO gangway_app;

CREATE FUNCTION ai_periods(at timestamptz, run uuid) RETURNS TABLE (scope text, period text)
LANGUAGE sql STABLE AS $$
  SELECT 'day', to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD')
  UNION ALL SELECT 'month', to_char(at AT TIME ZONE 'UTC', 'YYYY-MM')
  UNION ALL SELECT 'run', run::text WHERE run IS NOT NULL
$$;

CREATE FUNCTION ai_lock(tenant uuid, at timestamptz, run uuid) RETURNS void
LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
  PERFORM FROM ai_budgets AS b JOIN ai_periods(at, run) AS p ON (p.scope, p.period) = (b.scope, b.period)
    WHERE b.tenant_id = tenant ORDER BY b.scope, b.period FOR UPDATE OF b;
END
$$;

CREATE FUNCTION ai_charge(tenant uuid, at timestamptz, run uuid, aside bigint, cost bigint) RETURNS void
LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
  PERFORM ai_lock(tenant, at, run);
  UPDATE ai_budgets AS b
    SET reserved_micros = b.reserved_micros + aside, spent_micros = b.spent_micros + cost, updated_at = now()
    FROM ai_periods(at, run) AS p
    WHERE b.tenant_id = tenant AND (b.scope, b.period) = (p.scope, p.period);
END
$$;

CREATE FUNCTION ai_tell(
  tenant uuid, run uuid, what text, how_bad text, level integer, scope text, period text, most numeric
) RETURNS void LANGUAGE sql AS $$
  INSERT INTO events (tenant_id, source, detail_type, severity, severity_level, run_id, detail)
  VALUES (tenant, 'gangway.ai', what, how_bad, level, CASE scope WHEN 'run' THEN run END,
    jsonb_build_object('budget', scope, 'period', period, 'limit_usd', trunc(most / 1000000, 6)))
$$;

-- Called once outside a transaction, like `project`: the settings last for this one statement. Nobody waits for
-- the disk while others wait for the same budget: a crash of the server forgets the calls that had just begun.
CREATE FUNCTION ai_reserve(
  tenant uuid, person uuid, run uuid, asked_for text, chosen text, tokens integer, cost bigint,
  run_limit bigint, day_limit bigint, month_limit bigint, OUT call uuid, OUT refused text
) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  at timestamptz := clock_timestamp();
  limits jsonb;
  nearly text[] := '{}';
  budget record;
BEGIN
  PERFORM set_config('app.tenant_id', tenant::text, true), set_config('app.user_id', person::text, true),
    set_config('app.role', 'user', true), set_config('synchronous_commit', 'off', true);
  PERFORM FROM users AS u WHERE u.id = person AND u.tenant_id = tenant FOR KEY SHARE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'nobody to pay' USING ERRCODE = 'foreign_key_violation';
  END IF;
  SELECT jsonb_build_object(
      'run', coalesce(floor(t.ai_budget_run * 1000000), run_limit),
      'day', coalesce(floor(t.ai_budget_day * 1000000), day_limit),
      'month', coalesce(floor(t.ai_budget_month * 1000000), month_limit)
    ) INTO limits FROM tenants AS t WHERE t.id = tenant;
  INSERT INTO ai_budgets (tenant_id, scope, period, user_id)
    SELECT tenant, p.scope, p.period, CASE p.scope WHEN 'run' THEN person END
    FROM ai_periods(at, run) AS p ORDER BY p.scope
    ON CONFLICT DO NOTHING;
  PERFORM ai_lock(tenant, at, run);
  FOR budget IN
    SELECT b.scope, b.period, b.spent_micros + b.reserved_micros + cost AS wanted,
      (limits ->> b.scope)::numeric AS most, b.warned_at, b.refused_at
    FROM ai_budgets AS b JOIN ai_periods(at, run) AS p ON (p.scope, p.period) = (b.scope, b.period)
    WHERE b.tenant_id = tenant ORDER BY b.scope DESC
  LOOP
    IF budget.wanted > budget.most THEN
      refused := coalesce(refused, budget.scope);
      IF budget.refused_at IS NULL THEN
        UPDATE ai_budgets AS b SET refused_at = at
          WHERE b.tenant_id = tenant AND (b.scope, b.period) = (budget.scope, budget.period);
        PERFORM ai_tell(tenant, run, 'ai_budget_exhausted', 'high', 3, budget.scope, budget.period, budget.most);
      END IF;
    ELSIF budget.wanted > 0 AND budget.wanted >= 0.8 * budget.most AND budget.warned_at IS NULL THEN
      nearly := nearly || budget.scope;
    END IF;
  END LOOP;
  IF refused IS NOT NULL THEN
    RETURN;
  END IF;
  UPDATE ai_budgets AS b
    SET reserved_micros = b.reserved_micros + cost, updated_at = at,
      warned_at = CASE WHEN b.scope = ANY (nearly) THEN at ELSE b.warned_at END
    FROM ai_periods(at, run) AS p
    WHERE b.tenant_id = tenant AND (b.scope, b.period) = (p.scope, p.period);
  PERFORM ai_tell(tenant, run, 'ai_budget_warning', 'medium', 2, p.scope, p.period, (limits ->> p.scope)::numeric)
    FROM ai_periods(at, run) AS p WHERE p.scope = ANY (nearly);
  INSERT INTO ai_usage AS u
      (tenant_id, user_id, run_id, purpose, model, input_tokens, estimated, cost_micros, outcome, created_at)
    VALUES (tenant, person, run, asked_for, chosen, tokens, true, cost, 'reserved', at)
    RETURNING u.id INTO call;
END
$$;

-- Not for the disk either: a call whose settling a crash undoes is written off at what was put aside for it.
CREATE FUNCTION ai_settle(
  tenant uuid, person uuid, call uuid, became text, cost bigint, read_tokens integer, written_tokens integer,
  guessed boolean, took_ms integer
) RETURNS boolean LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  settled record;
BEGIN
  PERFORM set_config('app.tenant_id', tenant::text, true), set_config('app.user_id', person::text, true),
    set_config('app.role', 'user', true), set_config('synchronous_commit', 'off', true);
  PERFORM FROM users AS u WHERE u.id = person AND u.tenant_id = tenant FOR KEY SHARE;
  UPDATE ai_usage AS u SET outcome = became, cost_micros = cost, input_tokens = read_tokens,
      output_tokens = written_tokens, estimated = guessed, latency_ms = took_ms
    WHERE u.id = call AND u.outcome = 'reserved'
    RETURNING u.created_at, u.run_id, old.cost_micros AS reserved INTO settled;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  PERFORM ai_charge(tenant, settled.created_at, settled.run_id, -settled.reserved, cost);
  RETURN true;
END
$$;

CREATE FUNCTION ai_write_off(seconds double precision, most integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  overdue uuid[] := ARRAY(
    SELECT u.id FROM ai_usage AS u
    WHERE u.tenant_id = app_tenant() AND u.outcome = 'reserved'
      AND u.created_at < clock_timestamp() - make_interval(secs => seconds)
    ORDER BY u.created_at LIMIT most
  );
  written_off integer;
BEGIN
  PERFORM FROM ai_budgets AS b WHERE b.tenant_id = app_tenant() AND (b.scope, b.period) IN (
      SELECT p.scope, p.period FROM ai_usage AS u, ai_periods(u.created_at, u.run_id) AS p
      WHERE u.id = ANY (overdue)
    ) ORDER BY b.scope, b.period FOR UPDATE;
  -- Each budget once: PostgreSQL looks at the foreign key of a row that changes twice, and so locks the person.
  WITH lost AS (
    UPDATE ai_usage AS u SET outcome = 'lost' WHERE u.id = ANY (ARRAY(
      SELECT x.id FROM ai_usage AS x WHERE x.id = ANY (overdue) AND x.outcome = 'reserved' FOR UPDATE SKIP LOCKED
    ))
    RETURNING u.created_at, u.run_id, u.cost_micros
  ), sums AS (
    SELECT p.scope, p.period, sum(l.cost_micros)::bigint AS micros
    FROM lost AS l, ai_periods(l.created_at, l.run_id) AS p GROUP BY p.scope, p.period
  ), charged AS (
    UPDATE ai_budgets AS b
      SET reserved_micros = b.reserved_micros - s.micros, spent_micros = b.spent_micros + s.micros,
        updated_at = now()
      FROM sums AS s WHERE b.tenant_id = app_tenant() AND (b.scope, b.period) = (s.scope, s.period)
  )
  SELECT count(*) INTO written_off FROM lost;
  RETURN written_off;
END
$$;

-- A call that goes with its person while it is under way is paid for all the same.
CREATE FUNCTION ai_usage_gone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM ai_charge(OLD.tenant_id, OLD.created_at, OLD.run_id, -OLD.cost_micros, OLD.cost_micros);
  RETURN OLD;
END
$$;
CREATE TRIGGER ai_usage_gone BEFORE DELETE ON ai_usage FOR EACH ROW WHEN (OLD.outcome = 'reserved')
  EXECUTE FUNCTION ai_usage_gone();

-- Of no tenant, like rate_counters: how full a bucket is, by the ids in its name. Unlogged for the same reason.
CREATE UNLOGGED TABLE ai_rates (
  bucket text PRIMARY KEY,
  tokens double precision NOT NULL,
  at timestamptz NOT NULL
) WITH (fillfactor = 50);
GRANT SELECT, INSERT, UPDATE, DELETE ON ai_rates TO gangway_app;

CREATE FUNCTION ai_refilled(bucket_key text, capacity double precision, per_second double precision)
RETURNS double precision LANGUAGE sql AS $$
  INSERT INTO ai_rates AS r (bucket, tokens, at) VALUES (bucket_key, capacity, clock_timestamp())
  ON CONFLICT (bucket) DO UPDATE SET (tokens, at) = (
    SELECT least(capacity, r.tokens + greatest(extract(epoch FROM t - r.at)::double precision, 0) * per_second),
      greatest(t, r.at)
    FROM clock_timestamp() AS t
  )
  RETURNING r.tokens
$$;

-- A negative amount is given back. The person's bucket comes first, whoever asks.
CREATE FUNCTION ai_take(
  person_bucket text, tenant_bucket text, capacity double precision, per_second double precision, times integer,
  amount integer, OUT ok boolean, OUT mine double precision, OUT everybodys double precision
) LANGUAGE plpgsql AS $$
BEGIN
  mine := ai_refilled(person_bucket, capacity, per_second);
  everybodys := ai_refilled(tenant_bucket, capacity * times, per_second * times);
  ok := least(mine, everybodys) >= amount - 1e-6;
  IF ok THEN
    mine := least(mine - amount, capacity);
    everybodys := least(everybodys - amount, capacity * times);
    UPDATE ai_rates SET tokens = mine WHERE bucket = person_bucket;
    UPDATE ai_rates SET tokens = everybodys WHERE bucket = tenant_bucket;
  END IF;
END
$$;

CREATE TABLE ai_cache (
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
  key bytea NOT NULL CHECK (length(key) = 32),
  user_id uuid NOT NULL,
  purpose text NOT NULL,
  value bytea CHECK (length(value) <= 65536),
  lease uuid,
  until timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, key),
  FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE,
  CHECK ((value IS NULL) = (lease IS NOT NULL))
);
COMMENT ON TABLE ai_cache IS 'Answers of models, or who is asking for one at the moment.';
COMMENT ON COLUMN ai_cache.user_id IS 'Who asked first, with whom it goes.';
COMMENT ON COLUMN ai_cache.until IS 'The end of the answer, or of the lease of who asks.';
CREATE INDEX ai_cache_until ON ai_cache (until);
CREATE INDEX ai_cache_user ON ai_cache (user_id);
ALTER TABLE ai_cache ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON ai_cache AS RESTRICTIVE USING (tenant_id = (SELECT app_tenant()));
CREATE POLICY tenant_reads ON ai_cache FOR SELECT USING ((SELECT app_user()) IS NOT NULL);
CREATE POLICY own_adds ON ai_cache FOR INSERT WITH CHECK (user_id = (SELECT app_user()));
CREATE POLICY takes_over ON ai_cache FOR UPDATE
  USING (user_id = (SELECT app_user()) OR until < now()) WITH CHECK (user_id = (SELECT app_user()));
CREATE POLICY own_releases ON ai_cache FOR DELETE USING (user_id = (SELECT app_user()) AND value IS NULL);
CREATE POLICY sweeper_reads ON ai_cache FOR SELECT USING ((SELECT app_role()) = 'sweeper');
CREATE POLICY sweeper_deletes ON ai_cache FOR DELETE USING ((SELECT app_role()) = 'sweeper' AND until < now());
GRANT SELECT, INSERT, DELETE, UPDATE (user_id, purpose, value, lease, until) ON ai_cache TO gangway_app;

CREATE FUNCTION ai_claim(
  tenant uuid, person uuid, wanted bytea, asked_for text, seconds double precision, OUT value bytea, OUT lease uuid
) LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
  PERFORM set_config('app.tenant_id', tenant::text, true), set_config('app.user_id', person::text, true),
    set_config('app.role', 'user', true), set_config('synchronous_commit', 'off', true);
  SELECT c.value INTO value FROM ai_cache AS c WHERE c.tenant_id = tenant AND c.key = wanted AND c.until > now();
  IF FOUND THEN
    RETURN;
  END IF;
  INSERT INTO ai_cache AS c (tenant_id, key, user_id, purpose, lease, until)
    VALUES (tenant, wanted, person, asked_for, gen_random_uuid(), now() + make_interval(secs => seconds))
    ON CONFLICT (tenant_id, key) DO UPDATE SET user_id = EXCLUDED.user_id, purpose = EXCLUDED.purpose,
      value = NULL, lease = EXCLUDED.lease, until = EXCLUDED.until
      WHERE c.until < now()
    RETURNING c.lease INTO lease;
END
$$;

REVOKE EXECUTE ON FUNCTION ai_periods, ai_lock, ai_charge, ai_reserve, ai_tell, ai_settle, ai_write_off,
  ai_usage_gone, ai_refilled, ai_take, ai_claim FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ai_periods, ai_lock, ai_charge, ai_reserve, ai_tell, ai_settle, ai_write_off,
  ai_refilled, ai_take, ai_claim TO gangway_app;
"""

BACKWARDS = """
DROP FUNCTION ai_claim, ai_take, ai_refilled;
DROP TABLE ai_cache;
DROP TABLE ai_rates;
DROP TABLE ai_usage;
DROP FUNCTION ai_usage_gone, ai_write_off, ai_settle, ai_reserve, ai_tell, ai_charge, ai_lock;
DROP TABLE ai_budgets;
DROP FUNCTION ai_periods;
"""


async def forwards() -> MigrationManager:
    return scripts(ID, DESCRIPTION, FORWARDS, BACKWARDS)
