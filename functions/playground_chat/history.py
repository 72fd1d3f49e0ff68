"""What was said before, and what is said now: stored, and as a model takes it."""

from uuid import UUID

from functions.playground_chat.stream_safety import Watch
from shared import safety
from shared.clients.chat import Message
from shared.db.connection import Connection
from shared.db.queries import conversations
from shared.db.queries.conversations import StoredMessage

MAX_SENT = 12
"""Messages, the new one among them."""


async def add(connection: Connection, conversation_id: UUID, content: str) -> list[Message]:
    """Store a user's message; the last of the conversation, oldest first.

    One that is sent again, since nobody answered it, is the same message.

    Raises:
        RefusedError: where it is refused after what was said before.
    """
    own = StoredMessage(sender="user", content=content)
    messages = await conversations.latest(connection, conversation_id, limit=MAX_SENT)
    if messages[-1:] != [own]:
        messages = [*messages[-(MAX_SENT - 1) :], own]
        _check(messages)
        await conversations.insert_message(
            connection, conversation_id, sender=own.sender, content=own.content
        )
    return _by_turns(messages)


def _check(messages: list[StoredMessage]) -> None:
    *before, own = messages
    category = Watch("\n".join(one.content for one in before)).check(own.content)
    if category:
        raise safety.ContentRefusedError(
            category, place="message", field="message", text=own.content
        )


def _by_turns(messages: list[StoredMessage]) -> list[Message]:
    """User and assistant in turns, as many models insist; what nobody answered is joined."""
    turns: list[Message] = []
    for message in messages:
        if turns and turns[-1].role == message.sender:
            turns[-1] = Message(message.sender, f"{turns[-1].content}\n\n{message.content}")
        else:
            turns.append(Message(message.sender, message.content))
    return turns
