"""A streamed chat completion, read as it comes and within bounds: who sends it may be anyone."""

import re
from collections.abc import AsyncIterable, AsyncIterator, Callable
from typing import Annotated, NamedTuple

from pydantic import BaseModel, Field, JsonValue, ValidationError

OnText = Callable[[str], None]

MAX_CHARACTERS = 64_000
"""Of an answer."""

_MAX_BYTES = 2 * 1024 * 1024
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
"""What steers a terminal, or cannot be stored; line breaks and tabs may stand."""


class ChatCompletion(NamedTuple):
    """A whole answer."""

    text: str
    finish_reason: str
    tokens: int | None
    """None where the server does not tell."""


class MalformedStreamError(Exception):
    """It is no stream of the protocol, breaks off, or is endless."""


class UpstreamError(Exception):
    """The server says that it cannot go on."""


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
    """The whole answer; each piece of its text is handed over as it comes.

    Raises:
        MalformedStreamError: with nothing of what was sent in it.
        UpstreamError: where the stream itself tells of a failure.
    """
    reading = _StreamParser(on_text)
    async for line in _lines(body):
        field, _, data = line.partition(b":")
        if field != b"data":
            continue
        if data.strip() == b"[DONE]":
            break
        reading.take(data)
    return reading.end()


class _StreamParser:
    """What was read so far."""

    def __init__(self, on_text: OnText) -> None:
        self._on_text = on_text
        self._pieces: list[str] = []
        self._characters = 0
        self._finish_reason: str | None = None
        self._tokens: int | None = None

    def take(self, data: bytes) -> None:
        """One event of the stream."""
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
        """All of it; an answer that does not say why it ended has broken off."""
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
    # A line that comes in many pieces is joined once: each byte is copied once.
    held: list[bytes] = []
    size = 0
    async for piece in body:
        size += len(piece)
        if size > _MAX_BYTES:
            raise MalformedStreamError
        first, *others = piece.split(b"\n")
        held.append(first)
        for following in others:
            yield b"".join(held)
            held = [following]
    yield b"".join(held)
