"""Everything about one person, as JSON texts. In the context `eraser(tenant, person)`, which sees all of it."""

from collections.abc import AsyncGenerator

from db.pool import Connection

PAGE = 200

FILES = {
    "profile.json": "SELECT to_jsonb(u) - 'password_hash' FROM users AS u WHERE id = $1",
    "runs.json": """
        SELECT to_jsonb(s) FROM onboarding_sessions AS s WHERE user_id = $1
        UNION ALL
        SELECT run || jsonb_build_object('archived_at', archived_at) FROM onboarding_archive WHERE user_id = $1
    """,
    "events.json": """
        SELECT to_jsonb(e) FROM onboarding_events AS e
        WHERE run_id IN (SELECT id FROM onboarding_sessions WHERE user_id = $1)
        UNION ALL
        SELECT jsonb_array_elements(events) FROM onboarding_archive WHERE user_id = $1
    """,
    "profiles.json": """
        SELECT to_jsonb(p) || jsonb_build_object('versions', coalesce(
          (SELECT jsonb_agg(to_jsonb(v) ORDER BY version) FROM profile_versions AS v WHERE v.profile_id = p.id),
          '[]'
        )) FROM profiles AS p WHERE user_id = $1
    """,
    "notifications.json": "SELECT to_jsonb(n) FROM notifications AS n WHERE user_id = $1",
    "sessions.json": "SELECT to_jsonb(s) FROM sessions AS s WHERE user_id = $1",
    "invitations.json": """
        SELECT to_jsonb(i) - 'token_hash' FROM invitations AS i
        WHERE user_id = $1
    """,
    "chat.json": "SELECT to_jsonb(m) - 'author' FROM chat_messages AS m WHERE user_id = $1",
    "proposals.json": "SELECT to_jsonb(p) FROM profile_proposals AS p WHERE user_id = $1",
    "organizations.json": """
        SELECT to_jsonb(o) || jsonb_build_object('membership', to_jsonb(m), 'departments', coalesce(
          (SELECT jsonb_agg(to_jsonb(d) ORDER BY position) FROM departments AS d WHERE d.organization_id = o.id),
          '[]'
        )) FROM organization_members AS m JOIN organizations AS o ON o.id = m.organization_id WHERE m.user_id = $1
    """,
    "suggestions.json": """
        SELECT to_jsonb(s) || jsonb_build_object('feedback', coalesce(
          (SELECT jsonb_agg(to_jsonb(f) ORDER BY f.created_at) FROM suggestion_feedback AS f
           WHERE f.suggestion_id = s.id),
          '[]'
        )) FROM suggestions AS s WHERE user_id = $1
    """,
    "tasks.json": """
        SELECT to_jsonb(t) - 'assigned_user_id' - 'created_by' - 'deleted_by' || jsonb_build_object(
          'assigned_to_them', assigned_user_id IS NOT DISTINCT FROM $1,
          'created_by_them', created_by IS NOT DISTINCT FROM $1
        ) FROM tasks AS t WHERE assigned_user_id = $1 OR created_by = $1
    """,
    "task_comments.json": "SELECT to_jsonb(c) FROM task_comments AS c WHERE user_id = $1",
    "scans.json": "SELECT to_jsonb(s) - 'size' FROM scans AS s WHERE user_id = $1",
    "images.json": """
        SELECT to_jsonb(i) || jsonb_build_object('analysis', (
          SELECT result FROM photo_analyses AS a WHERE a.image_id = i.id
        )) FROM images AS i WHERE user_id = $1
    """,
    "captures.json": """
        SELECT to_jsonb(s) - 'token_hash' || jsonb_build_object('items', coalesce(
          (SELECT jsonb_agg(to_jsonb(i) ORDER BY i.created_at) FROM capture_items AS i WHERE i.session_id = s.id),
          '[]'
        )) FROM capture_sessions AS s WHERE user_id = $1
    """,
    "items.json": """
        SELECT to_jsonb(i) - 'sku_key' - 'url_key' || jsonb_build_object('sources', coalesce(
          (SELECT jsonb_agg(to_jsonb(s) ORDER BY s.created_at) FROM item_sources AS s WHERE s.item_id = i.id),
          '[]'
        )) FROM items AS i WHERE user_id = $1
    """,
    "scrapes.json": """
        SELECT to_jsonb(j) || jsonb_build_object('results', coalesce(
          (SELECT jsonb_agg(to_jsonb(r) ORDER BY r.position) FROM scrape_results AS r WHERE r.job_id = j.id),
          '[]'
        )) FROM scrape_jobs AS j WHERE user_id = $1
    """,
    "imports.json": "SELECT to_jsonb(i) - 'shape' - 'reached' FROM imports AS i WHERE user_id = $1",
    "item_syncs.json": """
        SELECT to_jsonb(s) || jsonb_build_object('results', coalesce(
          (SELECT jsonb_agg(to_jsonb(r) ORDER BY r.number) FROM item_sync_results AS r WHERE r.sync_id = s.id),
          '[]'
        )) FROM item_syncs AS s WHERE user_id = $1
    """,
    "connections.json": """
        SELECT to_jsonb(c) - 'sealed_tokens' - 'token_version' - 'refresh_id' - 'refresh_until' - 'refresh_tries'
          - 'cursor' || jsonb_build_object('runs', coalesce(
          (SELECT jsonb_agg(to_jsonb(r) ORDER BY r.created_at) FROM connection_runs AS r
           WHERE r.connection_id = c.id),
          '[]'
        ), 'mail_jobs', coalesce(
          (SELECT jsonb_agg(to_jsonb(j) - 'place' ORDER BY j.created_at) FROM mail_jobs AS j
           WHERE j.connection_id = c.id),
          '[]'
        )) FROM connections AS c WHERE user_id = $1
    """,
    "orders.json": """
        SELECT to_jsonb(o) || jsonb_build_object('lines', coalesce(
          (SELECT jsonb_agg(to_jsonb(l) ORDER BY l.position) FROM order_lines AS l WHERE l.order_id = o.id),
          '[]'
        )) FROM orders AS o WHERE user_id = $1
    """,
    "erasures.json": "SELECT to_jsonb(e) FROM erasures AS e WHERE user_id = $1",
    "ai_usage.json": "SELECT to_jsonb(a) FROM ai_usage AS a WHERE user_id = $1",
}
"""The files of an export, each a list of what its query gives: all that people have rows in, but `LEFT_OUT`."""

LEFT_OUT = {
    "funnel_steps": "counts of what stands in events.json",
    "refused_tokens": "digests of tokens",
    "password_resets": "hashes of tokens",
    "idempotency_keys": "sealed answers to their own requests, for a day",
    "mails": "sealed, and on their way to the person",
    "data_keys": "keys",
    "chat_turns": "how messages of theirs were answered; what was said is in the messages",
    "chat_stream": "messages of theirs while they are said, for minutes",
    "ai_budgets": "sums of what stands in ai_usage.json",
    "ai_cache": "answers to questions, by digests, for a day",
    "capture_scans": "names that a device gave what stands in captures.json",
    "consents": "sealed, for ten minutes on their way to a provider and back",
    "mail_messages": "ids of messages that were read; what they said is in orders.json",
    "scan_orders": "scans of theirs that are under way, or have just failed",
}
"""Tables with rows of a person that say nothing about them, and why."""


async def begin(conn: Connection) -> None:
    """Let the transaction see one moment, and change nothing."""
    await conn.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY; SET LOCAL timezone = 'UTC'")


async def pages(conn: Connection, file: str, user_id: str) -> AsyncGenerator[list[str]]:
    """What goes into a file, as JSON texts, page by page: nobody's history is in memory at once."""
    await conn.execute(
        f"DECLARE takeout NO SCROLL CURSOR FOR SELECT item::text FROM ({FILES[file]}) AS t (item)", user_id
    )
    while rows := await conn.fetch(f"FETCH {PAGE} FROM takeout"):
        yield [row[0] for row in rows]
    await conn.execute("CLOSE takeout")
