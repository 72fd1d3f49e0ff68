"""Prompt encoding with compel; prompts of any length, without truncation."""

import threading
from typing import Any, NamedTuple

import torch
from compel import Compel, ReturnedEmbeddingsType
from compel.prompt_parser import FlattenedPrompt, Fragment

from gpu_workers.sdxl.prompt_parser import Prompt


class PromptEmbeddings(NamedTuple):
    """The conditioning of one picture; each tensor has a batch dimension of 1."""

    positive: torch.Tensor
    negative: torch.Tensor
    pooled: torch.Tensor
    negative_pooled: torch.Tensor


class Encoder:
    """SDXL's two text encoders. A prompt of more than 77 tokens is encoded in chunks."""

    def __init__(self, pipe: Any) -> None:  # noqa: ANN401 - diffusers has no types
        of = ReturnedEmbeddingsType.PENULTIMATE_HIDDEN_STATES_NON_NORMALIZED
        self._both = [
            Compel(tokenizer, encoder, returned_embeddings_type=of, truncate_long_prompts=False)
            for tokenizer, encoder in (
                (pipe.tokenizer, pipe.text_encoder),
                (pipe.tokenizer_2, pipe.text_encoder_2),
            )
        ]
        # A tokenizer is used while a batch is drawn, and two threads cannot use it at once.
        self._reading = threading.Lock()
        self._empty_as_zeros = bool(pipe.config.force_zeros_for_empty_prompt)

    def pieces(self, positive: Prompt, negative: Prompt) -> int:
        """Return the number of 77-token chunks of the longer prompt."""
        with self._reading:
            return max(self._chunks(prompt) for prompt in (positive, negative))

    @torch.no_grad()
    def encode(self, positive: Prompt, negative: Prompt) -> PromptEmbeddings:
        """Encode both prompts to embeddings of the same length."""
        with self._reading:
            return self._encode_both(positive, negative)

    def _encode_both(self, positive: Prompt, negative: Prompt) -> PromptEmbeddings:
        positives, pooled = self._encode(positive)
        if not negative.text and self._empty_as_zeros:
            return PromptEmbeddings(
                positives, torch.zeros_like(positives), pooled, torch.zeros_like(pooled)
            )
        negatives, negative_pooled = self._encode(negative)
        padded = self._pad(positives, negatives), self._pad(negatives, positives)
        return PromptEmbeddings(*padded, pooled, negative_pooled)

    def _encode(self, prompt: Prompt) -> tuple[torch.Tensor, torch.Tensor]:
        # Compel's weight syntax is not the common one and fails on some texts, so it is not used.
        parsed = FlattenedPrompt([Fragment(part.text, part.weight) for part in prompt.parts])
        embeddings = []
        for compel in self._both:
            (embedding, _), _ = compel.build_conditioning_tensor_for_prompt_object(parsed)
            embeddings.append(embedding)
        pooled = self._both[1].conditioning_provider.get_pooled_embeddings([prompt.text])
        return torch.cat(embeddings, dim=-1), pooled

    def _chunks(self, prompt: Prompt) -> int:
        provider = self._both[0].conditioning_provider
        texts, weights = zip(*prompt.parts, strict=True)
        tokens, _, _ = provider.get_token_ids_and_expand_weights(list(texts), list(weights), "cpu")
        return int(tokens.shape[0]) // int(provider.max_token_count)

    def _pad(self, embeddings: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
        """Append chunks of an empty prompt until the embeddings are as long as ``other``."""
        missing = other.shape[1] - embeddings.shape[1]
        if missing <= 0:
            return embeddings
        empty = torch.cat([compel.conditioning_provider.empty_z for compel in self._both], dim=-1)
        chunks = missing // empty.shape[1]
        return torch.cat([embeddings, empty.to(embeddings).repeat(1, chunks, 1)], dim=1)
