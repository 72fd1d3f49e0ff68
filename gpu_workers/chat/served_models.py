"""Served model names and their prompt formats."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gpu_workers.chat.errors import ApiError, invalid
from gpu_workers.chat.requests import ChatRequest, Message
from gpu_workers.runtime.settings import ChatSettings

if TYPE_CHECKING:
    from gpu_workers.chat.model import Model

INSTRUCT = "qwen_instruct"
"""The default: uses the model's chat template."""

BASE = "qwen_base"
"""Continues a plain transcript."""

NAMES = [INSTRUCT, BASE]

_TINY = "tiny-random-qwen3"
_SPEAKERS = {"system": "System", "user": "User", "assistant": "Assistant"}
_NEXT_TURN = tuple(f"\n{speaker}:" for speaker in _SPEAKERS.values())
"""Stop texts: a base model would continue with the other speakers' messages."""


@dataclass(frozen=True)
class ServedModel:
    """A served name with its model and prompt format."""

    name: str
    model: "Model"
    write: Callable[[Sequence[Message]], list[int]]
    """Returns the tokens of a conversation."""
    stops: tuple[str, ...] = ()
    """Stop texts, in addition to the request's."""

    def prompt(self, request: ChatRequest) -> list[int]:
        """Return the prompt tokens of a request.

        Raises:
            ApiError: the prompt leaves no room for a reply in the model's context.
        """
        prompt = self.write(request.messages)
        if len(prompt) >= self.model.context:
            raise _too_long(len(prompt), self.model.context)
        return prompt


Voices = Mapping[str, ServedModel]


def load(settings: ChatSettings) -> Voices:
    """Load each model once; heavy modules are imported only here.

    Raises:
        ValueError: the instruct model has no chat template.
    """
    from transformers.utils import logging  # noqa: PLC0415 - heavy, as the ones below

    logging.set_verbosity_error()  # Warnings would quote generated text.
    logging.disable_progress_bar()
    from gpu_workers.chat.model import Model  # noqa: PLC0415 - it takes seconds, so not before
    from gpu_workers.chat.tiny_model import tiny_model  # noqa: PLC0415 - the same

    threads = settings.torch_threads
    instruct = Model(settings.chat_model or tiny_model(settings.model_cache), threads=threads)
    if not instruct.has_template:
        raise ValueError("the model of CHAT_MODEL has no chat template")
    other = settings.chat_base_model
    base = instruct if other in {None, settings.chat_model} else Model(other, threads=threads)
    return build(instruct, base)


def build(instruct: "Model", base: "Model") -> Voices:
    """Return the served names with their models, which may be the same."""
    return {
        INSTRUCT: ServedModel(INSTRUCT, instruct, instruct.conversation),
        BASE: ServedModel(
            BASE, base, lambda messages: base.plain(_transcript(messages)), _NEXT_TURN
        ),
    }


def model_names(settings: ChatSettings) -> dict[str, str]:
    """Return the model behind each served name: a hub id, or a folder's name."""
    instruct = settings.chat_model
    return {
        INSTRUCT: _configured_name(instruct),
        BASE: _configured_name(settings.chat_base_model or instruct),
    }


def _configured_name(configured: str | None) -> str:
    if configured is None:
        return _TINY
    return Path(configured).name if Path(configured).is_dir() else configured


def _transcript(messages: Sequence[Message]) -> str:
    transcript = "\n".join(f"{_SPEAKERS[message.role]}: {message.content}" for message in messages)
    return f"{transcript}\n{_SPEAKERS['assistant']}:"


def _too_long(tokens: int, context: int) -> ApiError:
    message = f"The messages take {tokens} tokens, and this model's context is of {context}."
    return invalid(message, code="context_length_exceeded", param="messages")
