"""Prompts as a transformer reads them."""

from functools import lru_cache
from typing import Any

import torch

_KEPT = 16
_MAX_TOKENS = 512
"""What Wan was trained on."""


class PromptEncoder:
    """Encodes prompts, each once: most jobs share their negative one."""

    def __init__(self, pipe: Any) -> None:  # noqa: ANN401 - diffusers has no types
        self._pipe = pipe
        self._kept = lru_cache(_KEPT)(self._encoded)

    def encoded(self, text: str) -> torch.Tensor:
        """The text, up to the length that the model was trained on."""
        return self._kept(text)

    def truncated_tokens(self, text: str) -> int:
        """How much of a text is beyond that length."""
        return max(len(self._pipe.tokenizer(text).input_ids) - _MAX_TOKENS, 0)

    @torch.no_grad()
    def _encoded(self, text: str) -> torch.Tensor:
        encoded: torch.Tensor
        encoded, _ = self._pipe.encode_prompt(
            text, do_classifier_free_guidance=False, max_sequence_length=_MAX_TOKENS
        )
        return encoded
