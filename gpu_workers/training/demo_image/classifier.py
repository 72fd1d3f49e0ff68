"""A small judge of pictures: which shape, which thing, what hour and what ground it sees.

It learns from drawings of subjects that the demo models were never trained on.
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
"""What a model draws is never as clean as a drawing."""


class _ConvNet(nn.Module):
    """Halving convolutions, and an answer to each question."""

    def __init__(
        self, widths: Sequence[int], side: int, questions: dict[str, tuple[str, ...]]
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for width, wider in pairwise(widths):
            layers += [nn.Conv2d(width, wider, 4, 2, 1), nn.BatchNorm2d(wider), nn.ReLU()]
        self._look = nn.Sequential(*layers, nn.Flatten(), nn.Dropout(0.2))
        inputs = widths[-1] * (side >> (len(widths) - 1)) ** 2
        self._say = nn.ModuleDict(
            {name: nn.Linear(inputs, len(words)) for name, words in questions.items()}
        )

    def forward(self, seen: torch.Tensor) -> dict[str, torch.Tensor]:
        """Scores for each question's words."""
        looked = self._look(seen)
        return {name: say(looked) for name, say in self._say.items()}


class Classifier(nn.Module):
    """One eye for the silhouettes of shapes, one for landscapes."""

    def __init__(self) -> None:
        super().__init__()
        self.shapes = _ConvNet((1, 16, 32, 64), SILHOUETTE, _SHAPE)
        self.scenes = _ConvNet((3, 16, 32, 64, 64, 96), _SCENE_SIDE, _SCENE)

    @torch.no_grad()
    def answer(self, picture: Image.Image, question: str) -> str:
        """The likeliest word for a picture."""
        if question in _SHAPE:
            scores, words = self.shapes(_outline([picture])), _SHAPE[question]
        else:
            scores, words = self.scenes(_to_tensor([picture])), _SCENE[question]
        return words[int(scores[question].argmax())]


def trained(file: Path) -> Classifier:
    """The classifier from its file, or trained now and kept there."""
    torch.manual_seed(3)
    classifier = Classifier()
    if file.exists():
        classifier.load_state_dict(torch.load(file, weights_only=True))
        return classifier.eval()
    random = Random(4)
    shapes = [
        one for one in (shape(random) for _ in range(14 * _DRAWINGS)) if kept_from_training(one)
    ]
    scenes = [
        one for one in (scene(random) for _ in range(14 * _DRAWINGS)) if kept_from_training(one)
    ]
    _learn(classifier.shapes, _outline([draw(shape) for shape in shapes]), shapes, _SHAPE)
    _learn(classifier.scenes, _to_tensor([draw(scene) for scene in scenes]), scenes, _SCENE)
    file.parent.mkdir(parents=True, exist_ok=True)
    torch.save(classifier.state_dict(), file)
    return classifier.eval()


def _learn(
    eye: _ConvNet,
    seen: torch.Tensor,
    subjects: Sequence[Subject],
    questions: dict[str, tuple[str, ...]],
) -> None:
    optimiser = torch.optim.AdamW(eye.parameters(), _RATE)
    truths = {
        name: torch.tensor([words.index(getattr(subject, name)) for subject in subjects])
        for name, words in questions.items()
    }
    for epoch in range(_EPOCHS):
        for group in optimiser.param_groups:
            group["lr"] = _RATE * (1 - epoch / _EPOCHS)
        for places in torch.split(torch.randperm(len(seen)), _BATCH):
            noise = _NOISE * torch.rand(1) * torch.randn_like(seen[places])
            scores = eye(seen[places] + noise)
            losses = [
                nn.functional.cross_entropy(scores[name], truths[name][places])
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
