"""OpenAI response objects: completions, stream chunks and the list of models."""

import json
import time
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import uuid4

Finish = Literal["stop", "length"]

DONE = "data: [DONE]\n\n"


@dataclass(frozen=True)
class Usage:
    """Token counts of the model's tokenizer."""

    prompt: int
    completion: int
    """All generated tokens, including those of a removed stop text and the end token."""

    def to_dict(self) -> dict[str, int]:
        """Return the protocol's ``usage`` object."""
        return {
            "prompt_tokens": self.prompt,
            "completion_tokens": self.completion,
            "total_tokens": self.prompt + self.completion,
        }


@dataclass(frozen=True)
class CompletionEnvelope:
    """The fields that all parts of one response share."""

    model: str
    id: str = field(default_factory=lambda: f"chatcmpl-{uuid4().hex}")
    created: int = field(default_factory=lambda: int(time.time()))

    def completion(self, text: str, finish: Finish, usage: Usage) -> dict[str, Any]:
        """Return the body of a response that is not streamed."""
        message = {"role": "assistant", "content": text, "refusal": None}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": finish}
        return {**self._head("chat.completion"), "choices": [choice], "usage": usage.to_dict()}

    def chunk(
        self, delta: dict[str, str], finish: Finish | None = None, *, with_usage: bool
    ) -> str:
        """Return one event of a stream.

        Args:
            delta: the change of the message.
            finish: why the reply ended; None before its end.
            with_usage: whether the stream ends with the usage; each chunk then has a null one.
        """
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        chunk = {**self._head("chat.completion.chunk"), "choices": [choice]}
        return event({**chunk, "usage": None} if with_usage else chunk)

    def usage_chunk(self, usage: Usage) -> str:
        """Return the event with the usage, sent after the last choice if it was requested."""
        head = self._head("chat.completion.chunk")
        return event({**head, "choices": [], "usage": usage.to_dict()})

    def _head(self, kind: str) -> dict[str, Any]:
        return {"id": self.id, "object": kind, "created": self.created, "model": self.model}


def event(content: dict[str, Any]) -> str:
    """Return a server-sent event with ``content`` as JSON."""
    return f"data: {json.dumps(content, ensure_ascii=False, separators=(',', ':'))}\n\n"


def models(names: list[str], created: int) -> dict[str, Any]:
    """Return the body of ``GET /v1/models``."""
    model = {"object": "model", "created": created, "owned_by": "ourvidz"}
    return {"object": "list", "data": [{"id": name, **model} for name in names]}
