"""Message history of a conversation, stored and in the form that models accept."""

from uuid import UUID

from functions.playground_chat.stream_safety import Watch
from shared import safety
from shared.clients.chat import Message
from shared.db.connection import Connection
from shared.db.queries import conversations
from shared.db.queries.conversations import StoredMessage

MAX_SENT = 12
"""Messages that are sent to a model, including the new one."""


async def add(connection: Connection, conversation_id: UUID, content: str) -> list[Message]:
    """Store a user's message and return the last ones of the conversation, oldest first.

    A message that is sent again because it got no reply is not stored twice.

    Raises:
        ContentRefusedError: The safety rules refuse the message in the context of the earlier ones.
    """
    new = StoredMessage(sender="user", content=content)
    messages = await conversations.latest(connection, conversation_id, limit=MAX_SENT)
    if messages[-1:] != [new]:
        messages = [*messages[-(MAX_SENT - 1) :], new]
        _check(messages)
        await conversations.insert_message(
            connection, conversation_id, sender=new.sender, content=new.content
        )
    return _by_turns(messages)


def _check(messages: list[StoredMessage]) -> None:
    *earlier, new = messages
    category = Watch("\n".join(message.content for message in earlier)).check(new.content)
    if category:
        raise safety.ContentRefusedError(
            category, place="message", field="message", text=new.content
        )


def _by_turns(messages: list[StoredMessage]) -> list[Message]:
    """Alternate user and assistant, as many models require: unanswered messages are joined."""
    turns: list[Message] = []
    for message in messages:
        if turns and turns[-1].role == message.sender:
            turns[-1] = Message(message.sender, f"{turns[-1].content}\n\n{message.content}")
        else:
            turns.append(Message(message.sender, message.content))
    return turns
