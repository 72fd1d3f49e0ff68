"""Prompts as Wan reads them: one text encoder, and zeros where nothing is written."""

from collections.abc import Sequence
from random import Random

import torch
from torch import nn
from transformers import PreTrainedTokenizerFast

from gpu_workers.training.demo_image.captions import uninformative_caption
from gpu_workers.training.demo_video import architectures
from gpu_workers.training.demo_video.captions import caption
from gpu_workers.training.demo_video.subjects import PROPERTIES, Moving, properties

LENGTH = 40
"""Tokens that a lesson reads at most."""

_UNGUIDED = 0.1
_UNSAID = -100
"""What cross_entropy leaves out: a landscape has no shape."""


class Reader(nn.Module):
    """The text encoder."""

    def __init__(self, tokenizer: PreTrainedTokenizerFast) -> None:
        super().__init__()
        self.tokenizer = tokenizer
        self.encoder = architectures.text_encoder(len(tokenizer))
        self._heads = nn.ModuleDict(
            {
                name: nn.Linear(architectures.TEXT_WIDTH, len(words))
                for name, words in PROPERTIES.items()
            }
        )

    def forward(self, prompts: list[str]) -> tuple[torch.Tensor, torch.Tensor]:
        """Words in (n, LENGTH, 64) with zeros after the last, and the last of each prompt."""
        tokens = self.tokenizer(
            prompts, padding="max_length", max_length=LENGTH, truncation=True, return_tensors="pt"
        )
        mask = tokens.attention_mask
        words = self.encoder(tokens.input_ids, mask).last_hidden_state * mask[:, :, None]
        return words, words[torch.arange(len(words)), mask.sum(dim=1) - 1]

    def lesson(
        self, subjects: Sequence[Moving], random: Random
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Captions read, now and then none, as classifier-free guidance needs it; and a loss.

        The loss is of what can be told of each subject from its caption alone. It teaches the
        encoder what words mean long before the denoiser could.
        """
        captioned = [None if random.random() < _UNGUIDED else subject for subject in subjects]
        words, ends = self(
            [
                caption(subject, random) if subject else uninformative_caption(random)
                for subject in captioned
            ]
        )
        return words, self._misread(ends, captioned)

    def _misread(self, ends: torch.Tensor, subjects: list[Moving | None]) -> torch.Tensor:
        losses = []
        for name, words in PROPERTIES.items():
            values = [properties(subject).get(name) if subject else None for subject in subjects]
            labels = [words.index(value) if value else _UNSAID for value in values]
            if any(label != _UNSAID for label in labels):
                scores = self._heads[name](ends)
                losses.append(nn.functional.cross_entropy(scores, torch.tensor(labels)))
        return torch.stack(losses).sum()
