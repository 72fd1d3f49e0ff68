"""Conversation: its message history, and the queue of its turns.

Messages are answered one after the other. A turn that waits or is being answered holds no database
connection, only a row with a lease. After a crash the next message waits until that lease expires.
"""

import asyncio
import contextlib
from dataclasses import dataclass
from uuid import UUID

from functions.playground_chat.stream_safety import StreamSafetyChecker
from shared import safety
from shared.auth.authenticators import User
from shared.clients.chat import Message
from shared.contracts.chat import PlaygroundChatRequest
from shared.db.connection import Connection
from shared.db.queries import conversations, prompt_templates
from shared.db.queries.conversations import StoredMessage
from shared.db.queries.prompt_templates import Template
from shared.errors import ConflictError, NotFoundError, ServiceUnavailableError
from shared.services import Services
from shared.settings import Settings

_MAX_WAITING = 5
"""Messages of one conversation, including the one that is being answered."""

_POLL_SECONDS = 0.1
_WAITING_LEASE_SECONDS = 5
_STORING_SECONDS = 5
"""From the model's last word until the reply is stored."""

_TITLE_CHARACTERS = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A stored message whose turn to be answered has come."""

    id: int
    conversation_id: UUID
    user: User
    request: PlaygroundChatRequest
    template: Template
    messages: list[Message]
    """The last messages of the conversation, oldest first, in the form that models accept."""
    timeout_seconds: float


async def start_turn(request: PlaygroundChatRequest, user: User, services: Services) -> Turn:
    """Wait until the message's turn has come, and store it.

    Raises:
        NotFoundError: The user has no such conversation; nothing is stored.
        ContentRefusedError: The safety rules refuse the message in the context of the earlier
            ones; nothing is stored.
        ConflictError: Too many messages wait, or this one has waited too long.
    """
    conversation_id = request.conversation_id or services.new_id()
    pending = _PendingTurn(request, conversation_id, user, services.settings)
    async with services.database.transaction() as connection:
        if request.conversation_id is None:
            title = request.message[:_TITLE_CHARACTERS]
            await conversations.insert(connection, conversation_id, user_id=user.id, title=title)
        turn_id = await pending.join(connection)
        turn = await pending.take(connection, turn_id)
    return turn or await _wait_for_turn(pending, turn_id, services)


async def end_turn(turn_id: int, services: Services) -> None:
    """End a turn without a reply. If the database is unavailable, its lease expires instead."""
    with contextlib.suppress(ServiceUnavailableError):
        async with services.database.transaction() as connection:
            await conversations.end_turn(connection, turn_id)


async def _wait_for_turn(pending: "_PendingTurn", turn_id: int, services: Services) -> Turn:
    loop = asyncio.get_running_loop()
    longest = services.settings.chat_long_timeout_seconds + 2 * _STORING_SECONDS
    deadline = loop.time() + longest
    turn = None
    try:
        while turn is None and loop.time() < deadline:
            await asyncio.sleep(_POLL_SECONDS)
            async with services.database.transaction() as connection:
                turn = await pending.take(connection, turn_id)
    finally:
        if turn is None:
            await end_turn(turn_id, services)
    if turn is None:
        raise _in_progress()
    return turn


class _PendingTurn:
    """A message that waits for its turn in a conversation."""

    def __init__(
        self, request: PlaygroundChatRequest, conversation_id: UUID, user: User, settings: Settings
    ) -> None:
        self._request = request
        self._conversation_id = conversation_id
        self._user = user
        self._timeout_seconds = (
            settings.chat_long_timeout_seconds
            if request.long_response
            else settings.chat_timeout_seconds
        )

    async def join(self, connection: Connection) -> int:
        """Enqueue the message and return its turn's id.

        Raises:
            NotFoundError: The user has no such conversation.
            ConflictError: ``_MAX_WAITING`` messages wait already.
        """
        await self._lock(connection)
        turn_id = await conversations.enqueue_turn(
            connection, self._conversation_id, limit=_MAX_WAITING, seconds=_WAITING_LEASE_SECONDS
        )
        if turn_id is None:
            raise _in_progress()
        return turn_id

    async def take(self, connection: Connection, turn_id: int) -> Turn | None:
        """Store the message if its turn has come; None if it has not.

        Raises:
            NotFoundError: The user has no such conversation.
            ContentRefusedError: The safety rules refuse the message.
            ConflictError: The turn's lease has expired.
        """
        conversation_type = await self._lock(connection)
        is_next = await conversations.is_next(connection, turn_id, seconds=_WAITING_LEASE_SECONDS)
        if is_next is None:
            raise _in_progress()
        if not is_next:
            return None
        template = await self._template(connection, conversation_type)
        messages = await _add_message(connection, self._conversation_id, self._request.message)
        seconds = self._timeout_seconds + _STORING_SECONDS
        await conversations.start_turn(connection, turn_id, seconds=seconds)
        return Turn(
            id=turn_id,
            conversation_id=self._conversation_id,
            user=self._user,
            request=self._request,
            template=template,
            messages=messages,
            timeout_seconds=self._timeout_seconds,
        )

    async def _lock(self, connection: Connection) -> str:
        found = await conversations.lock(connection, self._conversation_id, user_id=self._user.id)
        if found is None:
            raise NotFoundError("Conversation not found.")
        return found

    async def _template(self, connection: Connection, conversation_type: str) -> Template:
        found = await prompt_templates.active(
            connection,
            model_type=self._request.model_type,
            use_case=f"conversation_{conversation_type}",
            content_mode="sfw",
        )
        if found is None:
            raise ServiceUnavailableError(
                "No prompt template is active for this type of conversation."
            )
        return found


def _in_progress() -> ConflictError:
    return ConflictError(
        "Other messages of this conversation are being answered; try again in a moment.",
        code="in_progress",
        retry_after_seconds=2,
    )


MAX_SENT = 12
"""Messages that are sent to a model, including the new one."""


async def _add_message(
    connection: Connection, conversation_id: UUID, content: str
) -> list[Message]:
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
    category = StreamSafetyChecker("\n".join(message.content for message in earlier)).check(
        new.content
    )
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
