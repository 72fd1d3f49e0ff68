"""Cached prompt encoding."""

from functools import lru_cache
from typing import Any

import torch

_CACHE_SIZE = 16
_MAX_TOKENS = 512
"""The prompt length that Wan was trained on."""


class PromptEncoder:
    """Encodes prompts and caches the last 16: most jobs share their negative prompt."""

    def __init__(self, pipe: Any) -> None:  # noqa: ANN401 - diffusers has no types
        self._pipe = pipe
        self._cached = lru_cache(_CACHE_SIZE)(self._encoded)

    def encoded(self, text: str) -> torch.Tensor:
        """Return the embeddings of a text, truncated to 512 tokens."""
        return self._cached(text)

    def truncated_tokens(self, text: str) -> int:
        """Return how many tokens of a text are beyond 512."""
        return max(len(self._pipe.tokenizer(text).input_ids) - _MAX_TOKENS, 0)

    @torch.no_grad()
    def _encoded(self, text: str) -> torch.Tensor:
        encoded: torch.Tensor
        encoded, _ = self._pipe.encode_prompt(
            text, do_classifier_free_guidance=False, max_sequence_length=_MAX_TOKENS
        )
        return encoded
