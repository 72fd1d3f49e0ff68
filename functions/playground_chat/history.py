"""What was said before, and what is said now: stored, and as a model takes it."""

from uuid import UUID

from functions.playground_chat.stream_safety import Watch
from shared import safety
from shared.clients.chat import Message
from shared.db.connection import Connection
from shared.db.queries import conversations
from shared.db.queries.conversations import Said

MOST_SENT = 12
"""Messages, the new one among them."""


async def add(connection: Connection, conversation_id: UUID, content: str) -> list[Message]:
    """Store a user's message; the last of the conversation, oldest first.

    One that is sent again, since nobody answered it, is the same message.

    Raises:
        RefusedError: where it is refused after what was said before.
    """
    own = Said(sender="user", content=content)
    said = await conversations.latest(connection, conversation_id, most=MOST_SENT)
    if said[-1:] != [own]:
        said = [*said[-(MOST_SENT - 1) :], own]
        _check(said)
        await conversations.say(connection, conversation_id, sender=own.sender, content=own.content)
    return _by_turns(said)


def _check(said: list[Said]) -> None:
    *before, own = said
    category = Watch("\n".join(one.content for one in before)).refuses(own.content)
    if category:
        raise safety.RefusedError(category, place="message", field="message", text=own.content)


def _by_turns(said: list[Said]) -> list[Message]:
    """User and assistant in turns, as many models insist; what nobody answered is joined."""
    messages: list[Message] = []
    for one in said:
        if messages and messages[-1].role == one.sender:
            messages[-1] = Message(one.sender, f"{messages[-1].content}\n\n{one.content}")
        else:
            messages.append(Message(one.sender, one.content))
    return messages
