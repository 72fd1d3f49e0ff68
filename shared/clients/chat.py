"""A language model, asked by the OpenAI chat-completions protocol.

Any server of the protocol will do: the one at CHAT_URL, else the chat worker that was seen last.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import httpx

from shared.clients import chat_stream
from shared.clients.chat_stream import OnText, Said
from shared.contracts.language_models import ChatModel
from shared.db.pool import Database
from shared.db.queries import registry
from shared.errors import UnavailableError
from shared.settings import Settings
from shared.telemetry.logs import logger

Reason = Literal["no_worker", "away", "slow", "busy", "refused", "broken", "unreadable", "empty"]

_SENTENCES: dict[Reason, str] = {
    "no_worker": "No chat worker is up.",
    "away": "The chat worker cannot be reached.",
    "slow": "The chat worker did not answer in time.",
    "busy": "The chat worker is busy.",
    "refused": "The chat worker did not take the request.",
    "broken": "The chat worker failed.",
    "unreadable": "The chat worker's answer could not be read.",
    "empty": "The chat worker answered nothing.",
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
_MOST_CONNECTIONS = 200


class NoReplyError(UnavailableError):
    """The chat worker did not answer."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(_SENTENCES[reason])
        self.reason: Reason = reason


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a model is asked."""

    model: ChatModel
    messages: Sequence[Message]
    most_tokens: int
    """Of the answer."""
    temperature: float
    """0 takes the likeliest word each time."""


def _nobody(_: str) -> None:
    """Where only the whole answer matters."""


class ChatClient:
    """The way to the language models."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings = settings
        self._database = database
        # No connection is kept: an answer takes seconds, and the server may have moved meanwhile.
        limits = httpx.Limits(max_connections=_MOST_CONNECTIONS, max_keepalive_connections=0)
        self._http = httpx.AsyncClient(
            timeout=httpx.Timeout(None, connect=_CONNECT_SECONDS), limits=limits, trust_env=False
        )

    async def ask(self, asked: Asked, *, seconds: float, on_text: OnText = _nobody) -> Said:
        """The model's whole answer within that time; ``on_text`` is given its text as it comes.

        Whoever is cancelled while asking, or raises in ``on_text``, ends the model's work at once.

        Raises:
            NoReplyError: where there is no worker, or no answer, or none that can be read.
        """
        try:
            async with asyncio.timeout(seconds):
                return await self._ask(asked, on_text)
        except NoReplyError as problem:
            raise _logged(problem) from None
        except TimeoutError:
            raise _logged(NoReplyError("slow")) from None
        except httpx.HTTPError:
            raise _logged(NoReplyError("away")) from None
        except chat_stream.UnreadableError:
            raise _logged(NoReplyError("unreadable")) from None
        except chat_stream.FailedError:
            raise _logged(NoReplyError("broken")) from None

    def name_of(self, model: ChatModel) -> str:
        """What the chat server calls the model."""
        return self._settings.chat_models.get(model, model)

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _ask(self, asked: Asked, on_text: OnText) -> Said:
        address, body = await self._address(), self._body(asked)
        async with self._http.stream("POST", address, json=body, headers=self._headers()) as answer:
            if answer.status_code != _OK:
                raise NoReplyError(_REASONS.get(answer.status_code, "broken"))
            # As it was sent: what is packed could be endless once it is unpacked.
            said = await chat_stream.read(answer.aiter_raw(), on_text)
        if not said.text.strip():
            raise NoReplyError("empty")
        return said

    async def _address(self) -> str:
        url = self._settings.chat_url or await self._seen_last()
        return f"{url.rstrip('/').removesuffix('/v1')}/v1/chat/completions"

    async def _seen_last(self) -> str:
        key_ids = list(self._settings.worker_keys)
        async with self._database.transaction() as connection:
            found = await registry.seen_last(connection, "chat", key_ids=key_ids)
        if found is None:
            raise NoReplyError("no_worker")
        return found.worker_url

    def _body(self, asked: Asked) -> dict[str, Any]:
        messages = [{"role": one.role, "content": one.content} for one in asked.messages]
        return {
            "model": self.name_of(asked.model),
            "messages": messages,
            "max_tokens": asked.most_tokens,
            "temperature": asked.temperature,
            "stream": True,
            "stream_options": {"include_usage": True},
        }

    def _headers(self) -> dict[str, str]:
        key = self._settings.chat_api_key
        own = {"accept": "text/event-stream", "accept-encoding": "identity"}
        return {**own, "authorization": f"Bearer {key.get_secret_value()}"} if key else own


def _logged(problem: NoReplyError) -> NoReplyError:
    logger.warning("the chat server did not answer: %s", problem.reason)
    return problem
