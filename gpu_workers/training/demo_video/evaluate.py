"""Evaluate the prompt adherence of the demo video model.

The prompts are captions that were not used in training, half of them of shapes, balloons and
clouds that are held out from it. Colours and motion are measured in the pixels, a shape by the
picture classifier, and a landscape by the most similar drawing.
"""

import argparse
import time
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import torch
from diffusers import WanPipeline
from PIL import Image

from gpu_workers.training.demo_image.classifier import Classifier, trained
from gpu_workers.training.demo_image.evaluate import Score
from gpu_workers.training.demo_image.pixel_metrics import read
from gpu_workers.training.demo_video.captions import caption
from gpu_workers.training.demo_video.export import WAN
from gpu_workers.training.demo_video.motion_metrics import direction
from gpu_workers.training.demo_video.nearest_clip import likest
from gpu_workers.training.demo_video.render import FRAMES, OWN_SIDE, Frames
from gpu_workers.training.demo_video.subjects import Moving, MovingShape, held_out, scene, shape

_CLASSIFIER = Path(".local/demo/classifier.pt")
_SUBJECTS_SEED = 2026


def load(folder: Path = WAN) -> WanPipeline:
    """Load the model as a worker without a GPU does."""
    pipe: Any = WanPipeline.from_pretrained(folder, dtype=torch.float32)
    pipe.set_progress_bar_config(disable=True)
    loaded: WanPipeline = pipe
    return loaded


def filmed(
    pipe: WanPipeline, prompt: str, *, steps: int = 25, guidance: float = 6.5, seed: int = 0
) -> Frames:
    """Generate a clip with the settings of the job type ``wan_video_fast``."""
    filming: Any = pipe
    frames = filming(
        prompt=prompt,
        width=OWN_SIDE,
        height=OWN_SIDE,
        num_frames=FRAMES,
        num_inference_steps=steps,
        guidance_scale=guidance,
        generator=torch.Generator("cpu").manual_seed(seed),
        output_type="np",
    ).frames[0]
    clip: Frames = np.round(frames * 255).astype(np.uint8)
    return clip


def subjects(shapes: int, scenes: int) -> list[Moving]:
    """Return subjects, the same ones in each run; all shapes are held out from training."""
    random = Random(_SUBJECTS_SEED)
    selected: list[Moving] = []
    while len(selected) < shapes:
        candidate = shape(random)
        if held_out(candidate):
            selected.append(candidate)
    return selected + [scene(random) for _ in range(scenes)]


def note(counted: Score, subject: Moving, frames: Frames, judge: Classifier) -> None:
    """Compare a clip with its subject and count the results."""
    middle = Image.fromarray(frames[FRAMES // 2])
    if isinstance(subject, MovingShape):
        measured = read(middle)
        counted.note("background", measured.background, subject.background)
        counted.note("object colour", measured.colour, subject.colour)
        counted.note("shape", judge.answer(middle, "shape"), subject.shape)
        counted.note("motion of shapes", direction(frames), subject.motion)
        return
    nearest = likest(frames)
    for name in ("hour", "ground", "thing"):
        counted.note(name, getattr(nearest, name), getattr(subject, name))
    if subject.motion:
        counted.note("motion in landscapes", direction(frames), subject.motion)


def main() -> None:
    """Evaluate the model and print the scores."""
    parser = argparse.ArgumentParser(
        prog="gpu_workers.training.demo_video.evaluate", description=__doc__
    )
    parser.add_argument("--model", type=Path, default=WAN)
    parser.add_argument("--shapes", type=int, default=100)
    parser.add_argument("--scenes", type=int, default=100)
    parser.add_argument("--steps", type=int, default=25)
    parser.add_argument("--guidance", type=float, default=6.5)
    parser.add_argument("--classifier", type=Path, default=_CLASSIFIER)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    judge, pipe, counted = trained(options.classifier), load(options.model), Score()
    selected, random = subjects(options.shapes, options.scenes), Random(_SUBJECTS_SEED)
    start = time.monotonic()
    for seed, subject in enumerate(selected):
        sampling = {"steps": options.steps, "guidance": options.guidance, "seed": seed}
        note(counted, subject, filmed(pipe, caption(subject, random), **sampling), judge)
    seconds = (time.monotonic() - start) / len(selected)
    for name, total in counted.totals.items():
        print(f"{name:20} {counted.right[name]:4} of {total:4}  {counted.share(name):6.1%}")  # noqa: T201
    print(f"{seconds:.2f} s a clip")  # noqa: T201


if __name__ == "__main__":
    main()
