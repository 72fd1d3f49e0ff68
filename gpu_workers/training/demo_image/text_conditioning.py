"""Prompts as SDXL reads them: two text encoders side by side, and the second one's sum of it."""

from collections.abc import Sequence
from random import Random

import torch
from torch import nn
from transformers import CLIPTokenizer

from gpu_workers.training.demo_image import architectures
from gpu_workers.training.demo_image.captions import caption, uninformative_caption
from gpu_workers.training.demo_image.subjects import PROPERTIES, Subject, properties

_UNGUIDED = 0.12
_UNGUIDED_AS_NOTHING = 0.08
"""Zeros, which an empty negative prompt is encoded as."""

_LENGTHS = (32, 32, 32, 77)
"""Drawing pads every prompt to 77 tokens, but most lessons need not pay for so many."""

_UNSAID = -100
"""What cross_entropy leaves out: a landscape has no shape."""

Read = tuple[torch.Tensor, torch.Tensor]
"""Words in (n, length, 128), and the whole in (n, 64)."""


class Reader(nn.Module):
    """Both text encoders."""

    def __init__(self, tokenizer: CLIPTokenizer) -> None:
        super().__init__()
        self.tokenizer = tokenizer
        self.first = architectures.text_encoder(len(tokenizer), projected=False)
        self.second = architectures.text_encoder(len(tokenizer), projected=True)
        width = 3 * architectures.TEXT_WIDTH
        self._heads = nn.ModuleDict(
            {name: nn.Linear(width, len(words)) for name, words in PROPERTIES.items()}
        )

    def forward(self, prompts: list[str], length: int) -> Read:
        """Read prompts; SDXL leaves the words of the last layers unused."""
        tokens = self.tokenizer(
            prompts, padding="max_length", max_length=length, truncation=True, return_tensors="pt"
        ).input_ids
        with torch.autocast("cpu", torch.bfloat16):
            first = self.first(tokens, output_hidden_states=True)
            second = self.second(tokens, output_hidden_states=True)
        words = torch.cat([first.hidden_states[-2], second.hidden_states[-2]], dim=-1)
        return words.float(), second.text_embeds.float()

    def training_batch(
        self, subjects: Sequence[Subject], random: Random
    ) -> tuple[Read, torch.Tensor]:
        """Captions read, now and then none, as classifier-free guidance needs it; and a loss.

        The loss is of what can be told of each subject from its caption alone. It teaches the
        encoders what words mean long before the denoiser could.
        """
        fates = [random.random() for _ in subjects]
        prompts = [
            uninformative_caption(random) if fate < _UNGUIDED else caption(subject, random)
            for fate, subject in zip(fates, subjects, strict=True)
        ]
        words, pooled = self(prompts, random.choice(_LENGTHS))
        captioned = [
            None if fate < _UNGUIDED else subject
            for fate, subject in zip(fates, subjects, strict=True)
        ]
        loss = self._misread(torch.cat([words[:, -1], pooled], dim=-1), captioned)
        is_conditioned = torch.tensor(
            [fate >= _UNGUIDED_AS_NOTHING for fate in fates], dtype=words.dtype
        )
        return (words * is_conditioned[:, None, None], pooled * is_conditioned[:, None]), loss

    def _misread(self, read: torch.Tensor, subjects: list[Subject | None]) -> torch.Tensor:
        losses = []
        for name, words in PROPERTIES.items():
            values = [properties(subject).get(name) if subject else None for subject in subjects]
            labels = [words.index(value) if value else _UNSAID for value in values]
            if any(label != _UNSAID for label in labels):
                scores = self._heads[name](read)
                losses.append(nn.functional.cross_entropy(scores, torch.tensor(labels)))
        return torch.stack(losses).sum()
