"""Text encoding for training: Wan's text encoder, with zeros after the prompt."""

from collections.abc import Sequence
from random import Random

import torch
from torch import nn
from transformers import PreTrainedTokenizerFast

from gpu_workers.training.attributes import AttributeHeads
from gpu_workers.training.demo_image.captions import uninformative_caption
from gpu_workers.training.demo_video import architectures
from gpu_workers.training.demo_video.captions import caption
from gpu_workers.training.demo_video.subjects import PROPERTIES, Moving, properties

LENGTH = 40
"""The maximum number of prompt tokens in training."""

_UNGUIDED = 0.1


class Reader(nn.Module):
    """The text encoder, and heads that predict a subject's attributes from its caption."""

    def __init__(self, tokenizer: PreTrainedTokenizerFast) -> None:
        super().__init__()
        self.tokenizer = tokenizer
        self.encoder = architectures.text_encoder(len(tokenizer))
        self._heads = AttributeHeads(PROPERTIES, architectures.TEXT_WIDTH)

    def forward(self, prompts: list[str]) -> tuple[torch.Tensor, torch.Tensor]:
        """Encode prompts.

        Returns:
            Token embeddings of shape (n, LENGTH, 64), zero after the last token, and the
            embedding of each prompt's last token.
        """
        tokens = self.tokenizer(
            prompts, padding="max_length", max_length=LENGTH, truncation=True, return_tensors="pt"
        )
        mask = tokens.attention_mask
        words = self.encoder(tokens.input_ids, mask).last_hidden_state * mask[:, :, None]
        return words, words[torch.arange(len(words)), mask.sum(dim=1) - 1]

    def training_batch(
        self, subjects: Sequence[Moving], random: Random
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Encode random captions; some are left out, as classifier-free guidance needs it.

        Returns:
            The token embeddings, and a loss: how badly each subject's attributes are predicted
            from its caption. The loss trains the encoder long before the denoiser could.
        """
        captioned = [None if random.random() < _UNGUIDED else subject for subject in subjects]
        words, ends = self(
            [
                caption(subject, random) if subject else uninformative_caption(random)
                for subject in captioned
            ]
        )
        attributes = [properties(subject) if subject else {} for subject in captioned]
        return words, self._heads.loss(ends, attributes)
