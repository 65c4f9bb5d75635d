"""A page of a conversation, whichever it is."""

from msgspec import UNSET

from api.chat_shapes import ChatPage, message_out
from api.paging import page_of, read_id_cursor
from db import messages
from db.pool import Connection


async def history_of(
    connection: Connection, user_id: str, conversation: str, *, limit: int, cursor: str | None, with_total: bool
) -> ChatPage:
    """Somebody's conversation, newest message first.

    Raises:
        ProblemError: 400 when the cursor is none of this list.
    """
    before = read_id_cursor(cursor)
    found = await messages.history(connection, user_id, conversation, before=before, limit=limit + 1)
    total = await messages.count(connection, user_id, conversation) if with_total else UNSET
    page = page_of(found, limit, lambda message: message.id)
    items = [message_out(message) for message in page.items]
    return ChatPage(items=items, next_cursor=page.next_cursor, total=total)
