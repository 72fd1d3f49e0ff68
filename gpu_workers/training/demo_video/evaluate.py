"""How well the demo model of clips does as told.

The prompts are captions that training did not see, half of them of shapes and balloons and clouds
that it never showed. Colours and motion are read off the pixels, a shape's outline by the small
classifier of pictures, and a landscape by the drawing that the clip is most like.
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
    """The model, as a worker without a GPU loads it."""
    pipe: Any = WanPipeline.from_pretrained(folder, dtype=torch.float32)
    pipe.set_progress_bar_config(disable=True)
    loaded: WanPipeline = pipe
    return loaded


def filmed(
    pipe: WanPipeline, prompt: str, *, steps: int = 25, guidance: float = 6.5, seed: int = 0
) -> Frames:
    """A clip at the settings of the job type ``wan_video_fast``."""
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
    """Subjects, the same ones each time; shapes are all held out from training."""
    random = Random(_SUBJECTS_SEED)
    found: list[Moving] = []
    while len(found) < shapes:
        one = shape(random)
        if held_out(one):
            found.append(one)
    return found + [scene(random) for _ in range(scenes)]


def note(counted: Score, subject: Moving, frames: Frames, judge: Classifier) -> None:
    """Hold a clip against what was asked for."""
    middle = Image.fromarray(frames[FRAMES // 2])
    if isinstance(subject, MovingShape):
        measured = read(middle)
        counted.note("background", measured.background, subject.background)
        counted.note("object colour", measured.colour, subject.colour)
        counted.note("shape", judge.answer(middle, "shape"), subject.shape)
        counted.note("motion of shapes", direction(frames), subject.motion)
        return
    like = likest(frames)
    for name in ("hour", "ground", "thing"):
        counted.note(name, getattr(like, name), getattr(subject, name))
    if subject.motion:
        counted.note("motion in landscapes", direction(frames), subject.motion)


def main() -> None:
    """Measure and print."""
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
    found, random = subjects(options.shapes, options.scenes), Random(_SUBJECTS_SEED)
    start = time.monotonic()
    for seed, subject in enumerate(found):
        sampling = {"steps": options.steps, "guidance": options.guidance, "seed": seed}
        note(counted, subject, filmed(pipe, caption(subject, random), **sampling), judge)
    seconds = (time.monotonic() - start) / len(found)
    for name, asked_for in counted.totals.items():
        print(f"{name:20} {counted.right[name]:4} of {asked_for:4}  {counted.share(name):6.1%}")  # noqa: T201
    print(f"{seconds:.2f} s a clip")  # noqa: T201


if __name__ == "__main__":
    main()
