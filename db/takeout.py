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
    "erasures.json": "SELECT to_jsonb(e) FROM erasures AS e WHERE user_id = $1",
    "ai_usage.json": "SELECT to_jsonb(a) FROM ai_usage AS a WHERE user_id = $1",
}
"""The files of an export, each a list of what its query gives: all that people have rows in, but `LEFT_OUT`."""

LEFT_OUT = {
    "refused_tokens": "digests of tokens",
    "password_resets": "hashes of tokens",
    "idempotency_keys": "sealed answers to their own requests, for a day",
    "mails": "sealed, and on their way to the person",
    "data_keys": "keys",
    "chat_turns": "how messages of theirs were answered; what was said is in the messages",
    "chat_stream": "messages of theirs while they are said, for minutes",
    "ai_budgets": "sums of what stands in ai_usage.json",
    "ai_cache": "answers to questions, by digests, for a day",
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
