"""conversations, messages and the queue of turns in a conversation."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from psycopg.rows import class_row

from shared.db.connection import Connection

Sender = Literal["user", "assistant"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMessage:
    """A message of a conversation."""

    sender: Sender
    content: str


async def insert(
    connection: Connection, conversation_id: UUID, *, user_id: UUID, title: str
) -> None:
    """Insert a conversation."""
    await connection.execute(
        """
        insert into conversations (id, user_id, title) values (%(id)s, %(user_id)s, %(title)s)
        """,
        {"id": conversation_id, "user_id": user_id, "title": title},
    )


async def lock(connection: Connection, conversation_id: UUID, *, user_id: UUID) -> str | None:
    """Lock a user's conversation until the end of the transaction and return its type.

    None if the user has no such conversation.
    """
    rows = await connection.execute(
        """
        select conversation_type from conversations
        where id = %(id)s and user_id = %(user_id)s
        for update
        """,
        {"id": conversation_id, "user_id": user_id},
    )
    row = await rows.fetchone()
    return row["conversation_type"] if row else None


async def enqueue_turn(
    connection: Connection, conversation_id: UUID, *, limit: int, seconds: float
) -> int | None:
    """Queue for a turn in a locked conversation; None if ``limit`` turns are queued already.

    Returns the id of the turn, which expires after ``seconds`` unless it is extended.
    """
    await connection.execute(
        "delete from chat_turns where conversation_id = %(id)s and lease_until < now()",
        {"id": conversation_id},
    )
    rows = await connection.execute(
        """
        insert into chat_turns (conversation_id, lease_until)
        select %(id)s, now() + make_interval(secs => %(seconds)s)
        where (select count(*) from chat_turns where conversation_id = %(id)s) < %(limit)s
        returning id
        """,
        {"id": conversation_id, "limit": limit, "seconds": seconds},
    )
    row = await rows.fetchone()
    return row["id"] if row else None


async def is_next(connection: Connection, turn_id: int, *, seconds: float) -> bool | None:
    """Return whether a turn of a locked conversation is next; extends its lease.

    None if the turn has expired and was removed.
    """
    rows = await connection.execute(
        """
        update chat_turns as own set lease_until = now() + make_interval(secs => %(seconds)s)
        where id = %(id)s
        returning not exists (
            select from chat_turns as earlier
            where earlier.conversation_id = own.conversation_id and earlier.id < own.id
                and earlier.lease_until > now()
        ) as is_next
        """,
        {"id": turn_id, "seconds": seconds},
    )
    row = await rows.fetchone()
    return row["is_next"] if row else None


async def start_turn(connection: Connection, turn_id: int, *, seconds: float) -> None:
    """Start a turn of at most ``seconds``; removes earlier turns, which have expired."""
    await connection.execute(
        """
        with own as (
            update chat_turns set lease_until = now() + make_interval(secs => %(seconds)s)
            where id = %(id)s
            returning id, conversation_id
        )
        delete from chat_turns as earlier using own
        where earlier.conversation_id = own.conversation_id and earlier.id < own.id
        """,
        {"id": turn_id, "seconds": seconds},
    )


async def end_turn(connection: Connection, turn_id: int) -> bool:
    """End a running or queued turn. False if it had expired and was removed."""
    rows = await connection.execute("delete from chat_turns where id = %(id)s", {"id": turn_id})
    return rows.rowcount > 0


async def insert_message(
    connection: Connection,
    conversation_id: UUID,
    *,
    sender: Sender,
    content: str,
    message_type: str = "text",
) -> None:
    """Append a message to a locked conversation."""
    await connection.execute(
        """
        with touched as (
            update conversations set updated_at = now() where id = %(id)s
        )
        insert into messages (conversation_id, seq, sender, content, message_type)
        select %(id)s, coalesce(max(seq), 0) + 1, %(sender)s, %(content)s, %(message_type)s
        from messages where conversation_id = %(id)s
        """,
        {
            "id": conversation_id,
            "sender": sender,
            "content": content,
            "message_type": message_type,
        },
    )


async def latest(
    connection: Connection, conversation_id: UUID, *, limit: int
) -> list[StoredMessage]:
    """Return the last ``limit`` messages, oldest first."""
    rows = connection.cursor(row_factory=class_row(StoredMessage))
    await rows.execute(
        """
        select sender, content from messages
        where conversation_id = %(id)s
        order by seq desc
        limit %(limit)s
        """,
        {"id": conversation_id, "limit": limit},
    )
    return (await rows.fetchall())[::-1]
