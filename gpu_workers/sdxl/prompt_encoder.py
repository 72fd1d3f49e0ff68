"""From prompts to what the UNet is conditioned on, whole however long they are."""

import threading
from typing import Any, NamedTuple

import torch
from compel import Compel, ReturnedEmbeddingsType
from compel.prompt_parser import FlattenedPrompt, Fragment

from gpu_workers.sdxl.prompt_parser import Prompt


class PromptEmbeddings(NamedTuple):
    """One picture's conditioning, each of a batch of one."""

    positive: torch.Tensor
    negative: torch.Tensor
    pooled: torch.Tensor
    negative_pooled: torch.Tensor


class Encoder:
    """SDXL's two text encoders. A prompt beyond their 77 tokens goes through them in pieces."""

    def __init__(self, pipe: Any) -> None:  # noqa: ANN401 - diffusers has no types
        of = ReturnedEmbeddingsType.PENULTIMATE_HIDDEN_STATES_NON_NORMALIZED
        self._both = [
            Compel(tokenizer, encoder, returned_embeddings_type=of, truncate_long_prompts=False)
            for tokenizer, encoder in (
                (pipe.tokenizer, pipe.text_encoder),
                (pipe.tokenizer_2, pipe.text_encoder_2),
            )
        ]
        # A tokenizer is asked while a batch is drawn, and cannot be used by two threads at once.
        self._reading = threading.Lock()
        self._empty_as_zeros = bool(pipe.config.force_zeros_for_empty_prompt)

    def pieces(self, positive: Prompt, negative: Prompt) -> int:
        """How many pieces the two go through the encoders in."""
        with self._reading:
            return max(self._chunks(one) for one in (positive, negative))

    @torch.no_grad()
    def encode(self, positive: Prompt, negative: Prompt) -> PromptEmbeddings:
        """Encode both, at the same length."""
        with self._reading:
            return self._encode_both(positive, negative)

    def _encode_both(self, positive: Prompt, negative: Prompt) -> PromptEmbeddings:
        wanted, pooled = self._encode(positive)
        if not negative.text and self._empty_as_zeros:
            return PromptEmbeddings(
                wanted, torch.zeros_like(wanted), pooled, torch.zeros_like(pooled)
            )
        unwanted, negative_pooled = self._encode(negative)
        wanted, unwanted = self._as_long(wanted, unwanted), self._as_long(unwanted, wanted)
        return PromptEmbeddings(wanted, unwanted, pooled, negative_pooled)

    def _encode(self, prompt: Prompt) -> tuple[torch.Tensor, torch.Tensor]:
        # Compel's own way of writing weights is not the one that people write, and trips over text.
        read = FlattenedPrompt([Fragment(part.text, part.weight) for part in prompt.parts])
        embeddings = []
        for one in self._both:
            (embedding, _), _ = one.build_conditioning_tensor_for_prompt_object(read)
            embeddings.append(embedding)
        pooled = self._both[1].conditioning_provider.get_pooled_embeddings([prompt.text])
        return torch.cat(embeddings, dim=-1), pooled

    def _chunks(self, prompt: Prompt) -> int:
        provider = self._both[0].conditioning_provider
        texts, weights = zip(*prompt.parts, strict=True)
        tokens, _, _ = provider.get_token_ids_and_expand_weights(list(texts), list(weights), "cpu")
        return int(tokens.shape[0]) // int(provider.max_token_count)

    def _as_long(self, one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
        """Followed by pieces of nothing, where the other is longer."""
        missing = other.shape[1] - one.shape[1]
        if missing <= 0:
            return one
        empty = torch.cat([encoder.conditioning_provider.empty_z for encoder in self._both], dim=-1)
        pieces = missing // empty.shape[1]
        return torch.cat([one, empty.to(one).repeat(1, pieces, 1)], dim=1)
