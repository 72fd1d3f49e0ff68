"""OpenAI chat-completions client.

It uses the server at CHAT_URL or, without that setting, the chat worker seen most recently.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import httpx

from shared.clients import chat_stream
from shared.clients.chat_stream import ChatCompletion, OnText
from shared.contracts.chat import ChatModel
from shared.db.pool import Database
from shared.db.queries import workers
from shared.errors import ServiceUnavailableError
from shared.settings import Settings
from shared.telemetry.logs import logger

Reason = Literal["no_worker", "away", "slow", "busy", "refused", "broken", "unreadable", "empty"]

_MESSAGES: dict[Reason, str] = {
    "no_worker": "No chat worker is available.",
    "away": "The chat worker cannot be reached.",
    "slow": "The chat worker did not respond in time.",
    "busy": "The chat worker is busy.",
    "refused": "The chat worker rejected the request.",
    "broken": "The chat worker failed.",
    "unreadable": "The chat worker's response is malformed.",
    "empty": "The chat worker's response is empty.",
}
_REASONS: dict[int, Reason] = {
    400: "refused",
    413: "refused",
    422: "refused",
    429: "busy",
    503: "busy",
}
_OK = 200
_CONNECT_SECONDS = 5
_MAX_CONNECTIONS = 200


class ChatUnavailableError(ServiceUnavailableError):
    """The chat worker did not answer."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(_MESSAGES[reason])
        self.reason: Reason = reason


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatRequest:
    """A request for a chat completion."""

    model: ChatModel
    messages: Sequence[Message]
    max_tokens: int
    """Maximum length of the completion."""
    temperature: float
    """Sampling temperature; 0 always takes the most likely token."""


def _ignore_text(_: str) -> None:
    """Default callback, for callers that need only the complete text."""


class ChatClient:
    """Client of the language models."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings = settings
        self._database = database
        # No keep-alive: a completion takes seconds, and the server may move between two requests.
        limits = httpx.Limits(max_connections=_MAX_CONNECTIONS, max_keepalive_connections=0)
        self._http = httpx.AsyncClient(
            timeout=httpx.Timeout(None, connect=_CONNECT_SECONDS), limits=limits, trust_env=False
        )

    async def complete(
        self, request: ChatRequest, *, seconds: float, on_text: OnText = _ignore_text
    ) -> ChatCompletion:
        """Return the model's complete response.

        Cancelling the call, or raising in ``on_text``, stops the generation at once.

        Args:
            request: The messages and sampling options.
            seconds: Timeout for the complete response.
            on_text: Called with each piece of the text as it arrives.

        Raises:
            ChatUnavailableError: There is no worker, no response in time, or an invalid one.
        """
        try:
            async with asyncio.timeout(seconds):
                return await self._ask(request, on_text)
        except ChatUnavailableError as problem:
            raise _logged(problem) from None
        except TimeoutError:
            raise _logged(ChatUnavailableError("slow")) from None
        except httpx.HTTPError:
            raise _logged(ChatUnavailableError("away")) from None
        except chat_stream.MalformedStreamError:
            raise _logged(ChatUnavailableError("unreadable")) from None
        except chat_stream.UpstreamError:
            raise _logged(ChatUnavailableError("broken")) from None

    def name_of(self, model: ChatModel) -> str:
        """Return the name of the model on the chat server."""
        return self._settings.chat_models.get(model, model)

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _ask(self, request: ChatRequest, on_text: OnText) -> ChatCompletion:
        address, body = await self._address(), self._body(request)
        async with self._http.stream("POST", address, json=body, headers=self._headers()) as answer:
            if answer.status_code != _OK:
                raise ChatUnavailableError(_REASONS.get(answer.status_code, "broken"))
            # Raw: a compressed body could expand without limit.
            completion = await chat_stream.read(answer.aiter_raw(), on_text)
        if not completion.text.strip():
            raise ChatUnavailableError("empty")
        return completion

    async def _address(self) -> str:
        url = self._settings.chat_url or await self._discover_worker()
        return f"{url.rstrip('/').removesuffix('/v1')}/v1/chat/completions"

    async def _discover_worker(self) -> str:
        key_ids = list(self._settings.worker_keys)
        async with self._database.transaction() as connection:
            worker = await workers.seen_last(connection, "chat", key_ids=key_ids)
        if worker is None:
            raise ChatUnavailableError("no_worker")
        return worker.worker_url

    def _body(self, request: ChatRequest) -> dict[str, Any]:
        messages = [
            {"role": message.role, "content": message.content} for message in request.messages
        ]
        return {
            "model": self.name_of(request.model),
            "messages": messages,
            "max_tokens": request.max_tokens,
            "temperature": request.temperature,
            "stream": True,
            "stream_options": {"include_usage": True},
        }

    def _headers(self) -> dict[str, str]:
        key = self._settings.chat_api_key
        headers = {"accept": "text/event-stream", "accept-encoding": "identity"}
        if key:
            headers["authorization"] = f"Bearer {key.get_secret_value()}"
        return headers


def _logged(problem: ChatUnavailableError) -> ChatUnavailableError:
    logger.warning("the chat server did not answer: %s", problem.reason)
    return problem
