"""Evaluate the prompt adherence of the SDXL demo model.

The prompts are of subjects held out from training. Colours and position are measured in the
pixels; shape, thing, hour and ground by a small classifier trained on drawings of such subjects.
"""

import argparse
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import torch
from diffusers import StableDiffusionXLPipeline
from PIL import Image

from gpu_workers.training.demo_image.captions import caption
from gpu_workers.training.demo_image.classifier import Classifier, trained
from gpu_workers.training.demo_image.export import SDXL
from gpu_workers.training.demo_image.pixel_metrics import read
from gpu_workers.training.demo_image.subjects import Scene, Shape, Subject, held_out, scene, shape

_CLASSIFIER = Path(".local/demo/classifier.pt")
_BATCH = 10
_SUBJECTS_SEED = 2026


@dataclass
class Score:
    """How often the observed attribute of a picture is the expected one."""

    right: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    totals: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def note(self, name: str, seen: str | None, expected: str) -> None:
        """Count one observation of the attribute ``name``."""
        self.totals[name] += 1
        self.right[name] += seen == expected

    def share(self, name: str) -> float:
        """Return the part of correct observations, 0 to 1."""
        return self.right[name] / self.totals[name]


def load(folder: Path = SDXL) -> StableDiffusionXLPipeline:
    """Load the model as a worker without a GPU does."""
    pipe: Any = StableDiffusionXLPipeline.from_pretrained(
        folder, dtype=torch.float32, add_watermarker=False
    )
    pipe.set_progress_bar_config(disable=True)
    loaded: StableDiffusionXLPipeline = pipe
    return loaded


def paint(
    pipe: StableDiffusionXLPipeline,
    prompts: list[str],
    *,
    steps: int = 15,
    guidance: float = 6.0,
    seed: int = 0,
) -> list[Image.Image]:
    """Draw a picture for each prompt, with the settings of the job type ``sdxl_image_fast``."""
    painting: Any = pipe
    pictures: list[Image.Image] = []
    for start in range(0, len(prompts), _BATCH):
        part = prompts[start : start + _BATCH]
        seeds = range(seed + start, seed + start + len(part))
        pictures += painting(
            prompt=part,
            num_inference_steps=steps,
            guidance_scale=guidance,
            generator=[torch.Generator("cpu").manual_seed(seed) for seed in seeds],
        ).images
    return pictures


def score(subjects: list[Subject], pictures: list[Image.Image], judge: Classifier) -> Score:
    """Compare pictures with their subjects."""
    counted = Score()
    for subject, picture in zip(subjects, pictures, strict=True):
        if isinstance(subject, Shape):
            measured = read(picture)
            counted.note("background", measured.background, subject.background)
            counted.note("object colour", measured.colour, subject.colour)
            counted.note("place", measured.place, subject.place)
            counted.note("shape", judge.answer(picture, "shape"), subject.shape)
        else:
            for name in ("hour", "ground", "thing"):
                counted.note(name, judge.answer(picture, name), getattr(subject, name))
    return counted


def subjects(shapes: int, scenes: int) -> list[Subject]:
    """Return subjects held out from training, the same ones in each run."""
    random = Random(_SUBJECTS_SEED)
    selected: list[Subject] = []
    while len(selected) < shapes + scenes:
        candidate: Shape | Scene = shape(random) if len(selected) < shapes else scene(random)
        if held_out(candidate):
            selected.append(candidate)
    return selected


def questions(found: list[Subject]) -> list[str]:
    """Return a prompt for each subject, as a caption that was not used in training."""
    random = Random(_SUBJECTS_SEED)
    return [caption(subject, random) for subject in found]


def main() -> None:
    """Evaluate the model and print the scores."""
    parser = argparse.ArgumentParser(
        prog="gpu_workers.training.demo_image.evaluate", description=__doc__
    )
    parser.add_argument("--model", type=Path, default=SDXL)
    parser.add_argument("--shapes", type=int, default=200)
    parser.add_argument("--scenes", type=int, default=100)
    parser.add_argument("--steps", type=int, default=15)
    parser.add_argument("--guidance", type=float, default=6.0)
    parser.add_argument("--classifier", type=Path, default=_CLASSIFIER)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    judge = trained(options.classifier)
    selected = subjects(options.shapes, options.scenes)
    start = time.monotonic()
    pictures = paint(
        load(options.model), questions(selected), steps=options.steps, guidance=options.guidance
    )
    seconds = (time.monotonic() - start) / len(selected)
    counted = score(selected, pictures, judge)
    for name, total in counted.totals.items():
        print(f"{name:14} {counted.right[name]:4} of {total:4}  {counted.share(name):6.1%}")  # noqa: T201
    print(f"{seconds:.2f} s a picture, ten at once")  # noqa: T201


if __name__ == "__main__":
    main()
