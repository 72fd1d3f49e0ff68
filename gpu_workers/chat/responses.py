"""What is answered: one whole completion, or the chunks of a stream."""

import json
import time
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import uuid4

Finish = Literal["stop", "length"]

DONE = "data: [DONE]\n\n"


@dataclass(frozen=True)
class Usage:
    """Tokens, as the model's own tokenizer counts them."""

    prompt: int
    completion: int
    """All that the model made: also a stop text that is not told, and the end's own token."""

    def to_dict(self) -> dict[str, int]:
        """As the protocol names them."""
        return {
            "prompt_tokens": self.prompt,
            "completion_tokens": self.completion,
            "total_tokens": self.prompt + self.completion,
        }


@dataclass(frozen=True)
class CompletionEnvelope:
    """What every part of one answer says of it."""

    model: str
    id: str = field(default_factory=lambda: f"chatcmpl-{uuid4().hex}")
    created: int = field(default_factory=lambda: int(time.time()))

    def completion(self, text: str, finish: Finish, usage: Usage) -> dict[str, Any]:
        """The whole answer at once."""
        message = {"role": "assistant", "content": text, "refusal": None}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": finish}
        return {**self._head("chat.completion"), "choices": [choice], "usage": usage.to_dict()}

    def chunk(
        self, delta: dict[str, str], finish: Finish | None = None, *, with_usage: bool
    ) -> str:
        """One event of a stream. Where the usage is to come, every chunk has its place."""
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        chunk = {**self._head("chat.completion.chunk"), "choices": [choice]}
        return event({**chunk, "usage": None} if with_usage else chunk)

    def usage_chunk(self, usage: Usage) -> str:
        """The event after the last choice, where the usage was asked for."""
        head = self._head("chat.completion.chunk")
        return event({**head, "choices": [], "usage": usage.to_dict()})

    def _head(self, kind: str) -> dict[str, Any]:
        return {"id": self.id, "object": kind, "created": self.created, "model": self.model}


def event(content: dict[str, Any]) -> str:
    """A server-sent event."""
    return f"data: {json.dumps(content, ensure_ascii=False, separators=(',', ':'))}\n\n"


def models(names: list[str], created: int) -> dict[str, Any]:
    """``GET /v1/models``."""
    one = {"object": "model", "created": created, "owned_by": "ourvidz"}
    return {"object": "list", "data": [{"id": name, **one} for name in names]}
