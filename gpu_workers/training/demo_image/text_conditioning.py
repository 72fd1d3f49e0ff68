"""Text encoding for training: SDXL's two text encoders and the pooled output of the second."""

from collections.abc import Sequence
from random import Random

import torch
from torch import nn
from transformers import CLIPTokenizer

from gpu_workers.training.attributes import AttributeHeads
from gpu_workers.training.demo_image import architectures
from gpu_workers.training.demo_image.captions import caption, uninformative_caption
from gpu_workers.training.demo_image.subjects import PROPERTIES, Subject, properties

_UNGUIDED = 0.12
"""The part of the examples without an informative caption."""
_UNGUIDED_AS_NOTHING = 0.08
"""The part of the examples whose encoding is zeros, as for an empty negative prompt."""

_LENGTHS = (32, 32, 32, 77)
"""Inference pads every prompt to 77 tokens; most training batches are shorter, to save time."""

Read = tuple[torch.Tensor, torch.Tensor]
"""Token embeddings of shape (n, length, 128), and pooled embeddings of shape (n, 64)."""


class Reader(nn.Module):
    """Both text encoders, and heads that predict a subject's attributes from its caption."""

    def __init__(self, tokenizer: CLIPTokenizer) -> None:
        super().__init__()
        self.tokenizer = tokenizer
        self.first = architectures.text_encoder(len(tokenizer), projected=False)
        self.second = architectures.text_encoder(len(tokenizer), projected=True)
        width = 3 * architectures.TEXT_WIDTH
        self._heads = AttributeHeads(PROPERTIES, width)

    def forward(self, prompts: list[str], length: int) -> Read:
        """Encode prompts, padded to ``length`` tokens; SDXL uses the second-to-last layers."""
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
        """Encode random captions; some are left out, as classifier-free guidance needs it.

        Returns:
            The encodings, and a loss: how badly each subject's attributes are predicted from its
            caption. The loss trains the encoders long before the denoiser could.
        """
        dice = [random.random() for _ in subjects]
        prompts = [
            uninformative_caption(random) if die < _UNGUIDED else caption(subject, random)
            for die, subject in zip(dice, subjects, strict=True)
        ]
        words, pooled = self(prompts, random.choice(_LENGTHS))
        captioned = [
            {} if die < _UNGUIDED else properties(subject)
            for die, subject in zip(dice, subjects, strict=True)
        ]
        loss = self._heads.loss(torch.cat([words[:, -1], pooled], dim=-1), captioned)
        is_conditioned = torch.tensor(
            [die >= _UNGUIDED_AS_NOTHING for die in dice], dtype=words.dtype
        )
        return (words * is_conditioned[:, None, None], pooled * is_conditioned[:, None]), loss
