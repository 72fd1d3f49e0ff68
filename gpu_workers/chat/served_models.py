"""The two names that are served, and how each writes a conversation for its model."""

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
"""The default: the model's own chat template."""

BASE = "qwen_base"
"""A plain transcript, which the model goes on with."""

NAMES = [INSTRUCT, BASE]

_TINY = "tiny-random-qwen3"
_SPEAKERS = {"system": "System", "user": "User", "assistant": "Assistant"}
_NEXT_TURN = tuple(f"\n{speaker}:" for speaker in _SPEAKERS.values())
"""A base model would go on with the other speakers' turns."""


@dataclass(frozen=True)
class ServedModel:
    """A name that is served."""

    name: str
    model: "Model"
    write: Callable[[Sequence[Message]], list[int]]
    """The conversation as tokens."""
    stops: tuple[str, ...] = ()
    """Where a reply ends, besides where the caller says."""

    def prompt(self, request: ChatRequest) -> list[int]:
        """The tokens to go on from.

        Raises:
            RefusedError: the context has no room for them and one more.
        """
        prompt = self.write(request.messages)
        if len(prompt) >= self.model.context:
            raise _too_long(len(prompt), self.model.context)
        return prompt


Voices = Mapping[str, ServedModel]


def load(settings: ChatSettings) -> Voices:
    """Load each model once; until then nothing heavy is imported.

    Raises:
        ValueError: the instruct model has no chat template.
    """
    from transformers.utils import logging  # noqa: PLC0415 - heavy, as the ones below

    logging.set_verbosity_error()  # Their warnings quote what is generated.
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
    """The names over their models, which may be one."""
    return {
        INSTRUCT: ServedModel(INSTRUCT, instruct, instruct.conversation),
        BASE: ServedModel(
            BASE, base, lambda messages: base.plain(_transcript(messages)), _NEXT_TURN
        ),
    }


def model_names(settings: ChatSettings) -> dict[str, str]:
    """Which model each name stands for: a hub id, or a folder's name."""
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
    sentence = f"The messages take {tokens} tokens, and this model's context is of {context}."
    return invalid(sentence, code="context_length_exceeded", param="messages")
