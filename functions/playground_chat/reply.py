"""Generates and stores one reply in background tasks, which outlive a disconnected client."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine

from functions.playground_chat import conversation
from functions.playground_chat.conversation import Turn
from functions.playground_chat.stream_safety import StreamSafetyChecker
from shared import safety
from shared.clients.chat import ChatRequest, ChatUnavailableError, Message
from shared.clients.chat_stream import ChatCompletion
from shared.contracts.chat import ChatMetadata, PlaygroundChatResponse
from shared.db.queries import conversations
from shared.errors import ServiceUnavailableError
from shared.services import Services

REFUSAL = "This reply was refused by the safety rules."
"""Stored in place of a reply that the safety rules refuse."""

_TEMPERATURE = 0.7
_LONGER = 4
"""Factor on the template's token limit for a long response."""

_GONE = "client_gone"


class Reply:
    """The model's reply to a turn: generated, checked and stored in the background."""

    def __init__(self, turn: Turn, services: Services) -> None:
        self._turn = turn
        self._services = services
        self._safety = StreamSafetyChecker("\n".join(message.content for message in turn.messages))
        self._received: list[str] = []
        self._pieces: asyncio.Queue[str | None] = asyncio.Queue()
        self._began = services.clock()
        self._writing = asyncio.create_task(self._write())
        self._ending = asyncio.create_task(self._end())

    async def chunks(self) -> AsyncGenerator[str, None]:
        """Yield the text as the model writes it."""
        while (piece := await self._pieces.get()) is not None:
            yield piece

    async def result(self) -> PlaygroundChatResponse:
        """Wait until the reply is stored, and return it.

        Raises:
            ContentRefusedError: The safety rules refuse the reply.
            ServiceUnavailableError: There is no reply; the user's message stays stored.
        """
        return await asyncio.shield(self._ending)

    async def result_or_disconnect(
        self, disconnect: Coroutine[None, None, None]
    ) -> PlaygroundChatResponse:
        """Return the reply as ``result`` does; stop the model if the client disconnects first.

        Args:
            disconnect: ends when the client has disconnected.
        """
        disconnecting = asyncio.create_task(disconnect)
        await asyncio.wait([self._ending, disconnecting], return_when=asyncio.FIRST_COMPLETED)
        disconnecting.cancel()
        self._writing.cancel()
        return await self.result()

    async def cancel(self) -> None:
        """Stop the model, and wait until what it has written is stored."""
        self._writing.cancel()
        await asyncio.wait([self._ending])
        if not self._ending.cancelled():
            self._ending.exception()  # retrieved, so that asyncio does not log it as unhandled

    async def _write(self) -> ChatCompletion:
        """Call the model. If it refuses the length, retry without the older half."""
        loop = asyncio.get_running_loop()
        until = loop.time() + self._turn.timeout_seconds
        messages = self._turn.messages
        while True:
            try:
                return await self._services.chat_client.complete(
                    self._chat_request(messages), seconds=until - loop.time(), on_text=self._on_text
                )
            except ChatUnavailableError as problem:
                if problem.reason != "refused" or len(messages) == 1:
                    raise
                messages = _later_half(messages)

    def _chat_request(self, messages: list[Message]) -> ChatRequest:
        template, request = self._turn.template, self._turn.request
        return ChatRequest(
            model=request.model_type,
            messages=[Message("system", template.system_prompt), *messages],
            max_tokens=template.token_limit * (_LONGER if request.long_response else 1),
            temperature=_TEMPERATURE,
        )

    def _on_text(self, text: str) -> None:
        if category := self._safety.check(text):
            raise _refused(category, text)
        self._received.append(text)
        self._pieces.put_nowait(text)

    async def _end(self) -> PlaygroundChatResponse:
        await asyncio.wait([self._writing])
        try:
            completion = self._complete()
            if category := safety.refused_category(completion.text):
                raise _refused(category, completion.text)  # noqa: TRY301 - handled below
            await self._store(completion.text, "text")
        except safety.ContentRefusedError as refused:
            await self._store(REFUSAL, "refusal", refused)
            raise
        except Exception as error:
            await conversation.end_turn(self._turn.id, self._services)
            if isinstance(error, ServiceUnavailableError):
                error.details = [self._conversation_detail()]
            raise
        finally:
            self._pieces.put_nowait(None)
        return self._answer(completion)

    def _complete(self) -> ChatCompletion:
        """Return the model's completion, or after a disconnect what it had written."""
        if not self._writing.cancelled():
            return self._writing.result()
        text = "".join(self._received)
        if not text.strip():
            raise ChatUnavailableError("empty")
        return ChatCompletion(text, _GONE, None)

    async def _store(
        self, text: str, message_type: str, refused: safety.ContentRefusedError | None = None
    ) -> None:
        turn, settings = self._turn, self._services.settings
        async with self._services.database.transaction() as connection:
            await conversations.lock(connection, turn.conversation_id, user_id=turn.user.id)
            if not await conversations.end_turn(connection, turn.id):
                raise ServiceUnavailableError(
                    "The reply came too late; the conversation has continued with another message."
                )
            await conversations.insert_message(
                connection,
                turn.conversation_id,
                sender="assistant",
                content=text.strip(),
                message_type=message_type,
            )
            if refused:
                await safety.record_refusal(
                    connection, refused, user_id=turn.user.id, settings=settings
                )

    def _answer(self, completion: ChatCompletion) -> PlaygroundChatResponse:
        return PlaygroundChatResponse(
            response=completion.text.strip(),
            conversation_id=self._turn.conversation_id,
            metadata=ChatMetadata(
                model_used=self._services.chat_client.name_of(self._turn.request.model_type),
                response_time_ms=round((self._services.clock() - self._began) * 1000),
                template_used=self._turn.template.template_name,
                tokens=completion.tokens,
                finish_reason=completion.finish_reason,
            ),
        )

    def _conversation_detail(self) -> dict[str, str]:
        """Name the conversation of the stored message, so that the client can send it again."""
        return {
            "field": "conversation_id",
            "message": str(self._turn.conversation_id),
            "type": "message_kept",
        }


def _later_half(messages: list[Message]) -> list[Message]:
    """Return the later half of the messages, beginning with a user's."""
    later = messages[(len(messages) + 1) // 2 :]
    return later[1:] if later[0].role == "assistant" and len(later) > 1 else later


def _refused(category: str, text: str) -> safety.ContentRefusedError:
    message = f"The reply was refused by the safety rules: {category}."
    return safety.ContentRefusedError(
        category, place="answer", field="response", text=text, message=message
    )
