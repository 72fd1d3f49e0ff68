"""Attributes of a subject, predicted from its caption: a loss that trains text encoders."""

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import nn

PRETRAINING_STEPS = 250
PRETRAINING_BATCH = 64
_PRETRAINING_RATE = 2e-3

_IGNORED = -100
"""The label that cross_entropy ignores: a landscape has no shape."""


class AttributeHeads(nn.ModuleDict):
    """A classifier for each attribute.

    Args:
        attributes: the values of each attribute.
        width: the size of an embedding.
    """

    def __init__(self, attributes: Mapping[str, Sequence[str]], width: int) -> None:
        super().__init__(
            {name: nn.Linear(width, len(values)) for name, values in attributes.items()}
        )
        self._attributes = attributes

    def loss(self, embeddings: torch.Tensor, subjects: Sequence[Mapping[str, str]]) -> torch.Tensor:
        """Return how badly the attributes of the subjects are predicted.

        Args:
            embeddings: of the captions, shape (n, width).
            subjects: the attributes of each; none for a caption that says nothing.
        """
        losses = []
        for name, values in self._attributes.items():
            labels = [
                values.index(subject[name]) if name in subject else _IGNORED for subject in subjects
            ]
            if any(label != _IGNORED for label in labels):
                scores = self[name](embeddings)
                losses.append(nn.functional.cross_entropy(scores, torch.tensor(labels)))
        return torch.stack(losses).sum()


def pretrain(reader: nn.Module, batch_loss: Callable[[], torch.Tensor], steps: int) -> None:
    """Train the text encoders alone first: a batch without pictures costs little.

    Args:
        reader: the text encoders and their heads.
        batch_loss: returns the loss of a new batch of ``PRETRAINING_BATCH`` captions.
        steps: at most ``PRETRAINING_STEPS`` are run.
    """
    optimiser = torch.optim.AdamW(reader.parameters(), _PRETRAINING_RATE)
    for step in range(min(steps, PRETRAINING_STEPS)):
        loss = batch_loss()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        optimiser.zero_grad()
        if step % 50 == 0:
            print(f"reading {step} loss {loss.item():.3f}", flush=True)  # noqa: T201 - progress of a command
