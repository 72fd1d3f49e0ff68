"""How well the SDXL demo model does as it is told.

Prompts of subjects that training never showed; colours and place are read off the pixels, what
is drawn by a small classifier trained on drawings of such subjects.
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
_AT_ONCE = 10
_SUBJECTS_SEED = 2026


@dataclass
class Score:
    """How often what was seen is what was asked for."""

    right: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    totals: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def note(self, name: str, seen: str | None, wanted: str) -> None:
        """One answer."""
        self.totals[name] += 1
        self.right[name] += seen == wanted

    def share(self, name: str) -> float:
        """The part that was right."""
        return self.right[name] / self.totals[name]


def load(folder: Path = SDXL) -> StableDiffusionXLPipeline:
    """The model, as a worker without a GPU loads it."""
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
    """A picture for each prompt, at the settings of the job type ``sdxl_image_fast``."""
    painting: Any = pipe
    pictures: list[Image.Image] = []
    for start in range(0, len(prompts), _AT_ONCE):
        part = prompts[start : start + _AT_ONCE]
        seeds = range(seed + start, seed + start + len(part))
        pictures += painting(
            prompt=part,
            num_inference_steps=steps,
            guidance_scale=guidance,
            generator=[torch.Generator("cpu").manual_seed(seed) for seed in seeds],
        ).images
    return pictures


def score(subjects: list[Subject], pictures: list[Image.Image], judge: Classifier) -> Score:
    """Hold pictures against what was asked for."""
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
    """Subjects that training never showed, and the same ones each time."""
    random = Random(_SUBJECTS_SEED)
    found: list[Subject] = []
    while len(found) < shapes + scenes:
        one: Shape | Scene = shape(random) if len(found) < shapes else scene(random)
        if held_out(one):
            found.append(one)
    return found


def questions(found: list[Subject]) -> list[str]:
    """A prompt for each subject, in the words of captions that training did not see."""
    random = Random(_SUBJECTS_SEED)
    return [caption(subject, random) for subject in found]


def main() -> None:
    """Measure and print."""
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
    found = subjects(options.shapes, options.scenes)
    start = time.monotonic()
    pictures = paint(
        load(options.model), questions(found), steps=options.steps, guidance=options.guidance
    )
    seconds = (time.monotonic() - start) / len(found)
    counted = score(found, pictures, judge)
    for name, asked_for in counted.totals.items():
        print(f"{name:14} {counted.right[name]:4} of {asked_for:4}  {counted.share(name):6.1%}")  # noqa: T201
    print(f"{seconds:.2f} s a picture, ten at once")  # noqa: T201


if __name__ == "__main__":
    main()
