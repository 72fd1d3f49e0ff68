"""Evaluation classifier: recognises the shape, thing, hour and ground of a picture.

It is trained on drawings of subjects that the demo models were never trained on.
"""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from random import Random

import numpy as np
import torch
from PIL import Image
from torch import nn

from gpu_workers.training.demo_image.pixel_metrics import SILHOUETTE, silhouette
from gpu_workers.training.demo_image.render import draw
from gpu_workers.training.demo_image.subjects import (
    GROUNDS,
    HOURS,
    SHAPES,
    THINGS,
    Subject,
    scene,
    shape,
)
from gpu_workers.training.demo_image.subjects import held_out as kept_from_training

_SHAPE: dict[str, tuple[str, ...]] = {"shape": SHAPES}
_SCENE: dict[str, tuple[str, ...]] = {"thing": THINGS, "hour": HOURS, "ground": GROUNDS}
_DRAWINGS = 2500
_BATCH = 32
_EPOCHS = 6
_RATE = 2e-3
_SCENE_SIDE = 96
_NOISE = 0.15
"""Noise on the training drawings: a model's pictures are never as clean."""


class _ConvNet(nn.Module):
    """Convolutions that halve the size, and one output layer per question."""

    def __init__(
        self, widths: Sequence[int], side: int, questions: dict[str, tuple[str, ...]]
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for width, wider in pairwise(widths):
            layers += [nn.Conv2d(width, wider, 4, 2, 1), nn.BatchNorm2d(wider), nn.ReLU()]
        self._features = nn.Sequential(*layers, nn.Flatten(), nn.Dropout(0.2))
        inputs = widths[-1] * (side >> (len(widths) - 1)) ** 2
        self._heads = nn.ModuleDict(
            {name: nn.Linear(inputs, len(words)) for name, words in questions.items()}
        )

    def forward(self, images: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return the scores of each question's words."""
        features = self._features(images)
        return {name: head(features) for name, head in self._heads.items()}


class Classifier(nn.Module):
    """A network for silhouettes of shapes and one for landscapes."""

    def __init__(self) -> None:
        super().__init__()
        self.shapes = _ConvNet((1, 16, 32, 64), SILHOUETTE, _SHAPE)
        self.scenes = _ConvNet((3, 16, 32, 64, 64, 96), _SCENE_SIDE, _SCENE)

    @torch.no_grad()
    def answer(self, picture: Image.Image, question: str) -> str:
        """Return the likeliest word for a picture.

        Args:
            picture: the picture.
            question: ``shape``, ``thing``, ``hour`` or ``ground``.
        """
        if question in _SHAPE:
            scores, words = self.shapes(_outline([picture])), _SHAPE[question]
        else:
            scores, words = self.scenes(_to_tensor([picture])), _SCENE[question]
        return words[int(scores[question].argmax())]


def trained(file: Path) -> Classifier:
    """Load the classifier from its file; train and save it if the file does not exist."""
    torch.manual_seed(3)
    classifier = Classifier()
    if file.exists():
        classifier.load_state_dict(torch.load(file, weights_only=True))
        return classifier.eval()
    random = Random(4)
    drawn_shapes = [shape(random) for _ in range(14 * _DRAWINGS)]
    shapes = [subject for subject in drawn_shapes if kept_from_training(subject)]
    drawn_scenes = [scene(random) for _ in range(14 * _DRAWINGS)]
    scenes = [subject for subject in drawn_scenes if kept_from_training(subject)]
    _learn(classifier.shapes, _outline([draw(shape) for shape in shapes]), shapes, _SHAPE)
    _learn(classifier.scenes, _to_tensor([draw(scene) for scene in scenes]), scenes, _SCENE)
    file.parent.mkdir(parents=True, exist_ok=True)
    torch.save(classifier.state_dict(), file)
    return classifier.eval()


def _learn(
    network: _ConvNet,
    images: torch.Tensor,
    subjects: Sequence[Subject],
    questions: dict[str, tuple[str, ...]],
) -> None:
    optimiser = torch.optim.AdamW(network.parameters(), _RATE)
    truths = {
        name: torch.tensor([words.index(getattr(subject, name)) for subject in subjects])
        for name, words in questions.items()
    }
    for epoch in range(_EPOCHS):
        for group in optimiser.param_groups:
            group["lr"] = _RATE * (1 - epoch / _EPOCHS)
        for indexes in torch.split(torch.randperm(len(images)), _BATCH):
            noise = _NOISE * torch.rand(1) * torch.randn_like(images[indexes])
            scores = network(images[indexes] + noise)
            losses = [
                nn.functional.cross_entropy(scores[name], truths[name][indexes])
                for name in questions
            ]
            torch.stack(losses).sum().backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            optimiser.zero_grad()


def _outline(pictures: Sequence[Image.Image]) -> torch.Tensor:
    return torch.from_numpy(np.stack([silhouette(picture) for picture in pictures]))[:, None]


def _to_tensor(pictures: Sequence[Image.Image]) -> torch.Tensor:
    side = (_SCENE_SIDE, _SCENE_SIDE)
    arrays = [np.asarray(picture.resize(side), np.float32) / 127.5 - 1 for picture in pictures]
    return torch.from_numpy(np.stack(arrays)).permute(0, 3, 1, 2).contiguous()
