"""Parse a streamed chat completion from an untrusted server, within size limits."""

import re
from collections.abc import AsyncIterable, AsyncIterator, Callable
from typing import Annotated, NamedTuple

from pydantic import BaseModel, Field, JsonValue, ValidationError

OnText = Callable[[str], None]

MAX_CHARACTERS = 64_000
"""Maximum length of a completion."""

_MAX_BYTES = 2 * 1024 * 1024
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
"""Control characters except line breaks and tabs; they steer terminals or cannot be stored."""


class ChatCompletion(NamedTuple):
    """A complete response."""

    text: str
    finish_reason: str
    tokens: int | None
    """None if the server does not report it."""


class MalformedStreamError(Exception):
    """The stream is malformed, ends early, or exceeds a size limit."""


class UpstreamError(Exception):
    """The server reported an error in the stream."""


class _Delta(BaseModel):
    content: str | None = None


class _Choice(BaseModel):
    delta: _Delta = _Delta()
    finish_reason: Annotated[str, Field(max_length=50)] | None = None


class _Usage(BaseModel):
    completion_tokens: Annotated[int, Field(ge=0)] | None = None


class _Chunk(BaseModel):
    choices: list[_Choice] = []
    usage: _Usage | None = None
    error: JsonValue = None


async def read(body: AsyncIterable[bytes], on_text: OnText) -> ChatCompletion:
    """Read a stream to its end and return the completion.

    Args:
        body: The response body in chunks of any size.
        on_text: Called with each piece of the text as it arrives.

    Raises:
        MalformedStreamError: The stream is invalid. The error contains none of its text.
        UpstreamError: The server reported an error in the stream.
    """
    parser = _StreamParser(on_text)
    async for line in _lines(body):
        field, _, data = line.partition(b":")
        if field != b"data":
            continue
        if data.strip() == b"[DONE]":
            break
        parser.take(data)
    return parser.end()


class _StreamParser:
    """Collects the events of a stream."""

    def __init__(self, on_text: OnText) -> None:
        self._on_text = on_text
        self._pieces: list[str] = []
        self._characters = 0
        self._finish_reason: str | None = None
        self._tokens: int | None = None

    def take(self, data: bytes) -> None:
        """Parse one event of the stream."""
        try:
            chunk = _Chunk.model_validate_json(data)
        except ValidationError:
            raise MalformedStreamError from None
        if chunk.error is not None:
            raise UpstreamError
        for choice in chunk.choices[:1]:
            self._finish_reason = choice.finish_reason or self._finish_reason
            self._add(choice.delta.content or "")
        if chunk.usage and chunk.usage.completion_tokens is not None:
            self._tokens = chunk.usage.completion_tokens

    def end(self) -> ChatCompletion:
        """Return the completion.

        Raises:
            MalformedStreamError: There was no finish reason, so the stream ended early.
        """
        if self._finish_reason is None:
            raise MalformedStreamError
        return ChatCompletion("".join(self._pieces), self._finish_reason, self._tokens)

    def _add(self, content: str) -> None:
        text = _CONTROL.sub("", content)
        self._characters += len(content)
        if self._characters > MAX_CHARACTERS:
            raise MalformedStreamError
        if text:
            self._pieces.append(text)
            self._on_text(text)


async def _lines(body: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    # The chunks of a line are joined once, so that each byte is copied once.
    chunks: list[bytes] = []
    size = 0
    async for chunk in body:
        size += len(chunk)
        if size > _MAX_BYTES:
            raise MalformedStreamError
        first, *following = chunk.split(b"\n")
        chunks.append(first)
        for line_start in following:
            yield b"".join(chunks)
            chunks = [line_start]
    yield b"".join(chunks)
