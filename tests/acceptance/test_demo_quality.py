"""How well the demo model follows prompts: 260 prompts that were not in training."""

from pathlib import Path

import pytest
import torch

from gpu_workers.training.demo_image.classifier import trained
from gpu_workers.training.demo_image.evaluate import Score, load, paint, questions, score, subjects

SHAPES, SCENES = 200, 60


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Score:
    """Scores of one generation run, shared by every test below; the judge is trained first."""
    torch.set_num_threads(2)
    judge = trained(Path(tmp_path_factory.mktemp("judge")) / "classifier.pt")
    found = subjects(SHAPES, SCENES)
    return score(found, paint(load(), questions(found)), judge)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "minimum"),
    [
        ("background", 0.98),
        ("object colour", 0.98),
        ("place", 0.98),
        ("shape", 0.9),
        ("hour", 0.95),
        ("ground", 0.95),
        ("thing", 0.75),
    ],
)
def test_prompts_are_followed(measured: Score, name: str, minimum: float) -> None:
    assert measured.share(name) >= minimum
