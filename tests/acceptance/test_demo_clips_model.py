"""The committed demo model for clips, run by the worker's code."""

import json
from pathlib import Path
from random import Random

import pytest
import torch
from PIL import Image

from gpu_workers.runtime.pipeline import PermanentError
from gpu_workers.training.demo_image.evaluate import Score
from gpu_workers.training.demo_image.pixel_metrics import read
from gpu_workers.training.demo_video.captions import caption
from gpu_workers.training.demo_video.evaluate import filmed, load, subjects
from gpu_workers.training.demo_video.motion_metrics import direction
from gpu_workers.training.demo_video.nearest_clip import likest
from gpu_workers.training.demo_video.render import FRAMES
from gpu_workers.training.demo_video.subjects import MovingShape
from gpu_workers.wan.pipeline import WanPipeline
from tests.unit.wan.fixtures import frames, loaded, made, reference

MODEL = Path(__file__).parents[2] / "gpu_workers/demo/models/demo-wan"
MAX_BYTES = 6_000_000


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> WanPipeline:
    """The demo model, loaded once."""
    return loaded(tmp_path_factory.mktemp("none"), wan_model=str(MODEL))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("prompt", "hour", "way"),
    [
        ("a boat on the sea at sunset", "sunset", "right"),
        ("a boat on the sea by day, sailing to the left", "day", "left"),
    ],
)
def test_a_boat_sails_on_the_sea(demo: WanPipeline, prompt: str, hour: str, way: str) -> None:
    clip = frames(made(demo, prompt=prompt, steps=25, guidance_scale=6.5))
    assert clip.shape == (FRAMES, 96, 96, 3)
    seen = likest(clip)
    assert (seen.hour, seen.ground, seen.thing) == (hour, "sea", "boat")
    assert direction(clip) == way


@pytest.mark.slow
def test_prompts_are_followed() -> None:
    """The bounds are what 200 prompts gave, less a margin; the model's card has the figures."""
    torch.set_num_threads(2)
    pipe, random, counted = load(MODEL), Random(8), Score()
    for seed, subject in enumerate(subjects(24, 24)):
        clip = filmed(pipe, caption(subject, random), seed=seed)
        if isinstance(subject, MovingShape):
            measured = read(Image.fromarray(clip[FRAMES // 2]))
            counted.note("background", measured.background, subject.background)
            counted.note("colour", measured.colour, subject.colour)
        else:
            counted.note("hour", likest(clip).hour, subject.hour)
            counted.note("ground", likest(clip).ground, subject.ground)
        if subject.motion:
            counted.note("motion", direction(clip), subject.motion)
    minimum = {"background": 0.95, "colour": 0.8, "hour": 0.95, "ground": 0.95, "motion": 0.95}
    assert {
        name: counted.share(name) for name in minimum if counted.share(name) < minimum[name]
    } == {}


@pytest.mark.slow
def test_it_begins_with_no_picture_and_says_so(demo: WanPipeline) -> None:
    with pytest.raises(PermanentError) as refused:
        made(demo, references=[reference("start")])
    assert refused.value.message == "This worker's model films from text alone."


def test_the_model_is_small_enough_to_be_committed() -> None:
    files = [file for file in MODEL.rglob("*") if file.is_file()]
    assert sum(file.stat().st_size for file in files) < MAX_BYTES
    assert {"README.md", "clip.json", "model_index.json"} <= {file.name for file in files}
    assert all(file.suffix != ".bin" for file in files)


def test_nothing_in_it_names_the_machine_it_was_made_on() -> None:
    for file in MODEL.rglob("*.json"):
        read_back = json.loads(file.read_text())
        assert not str(read_back.get("_name_or_path", "")).startswith("/"), file
