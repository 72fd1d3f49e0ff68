"""The training clips of the demo video model: what moves, in which direction, and its caption."""

from itertools import product
from random import Random

import numpy as np
import pytest

from gpu_workers.training.demo_video.captions import caption
from gpu_workers.training.demo_video.motion_metrics import direction
from gpu_workers.training.demo_video.nearest_clip import likest
from gpu_workers.training.demo_video.render import FRAMES, film
from gpu_workers.training.demo_video.subjects import (
    DIRECTIONS,
    SHAPES,
    MovingScene,
    MovingShape,
    held_out,
    scene,
    taught,
)

BOAT = MovingScene("sunset", "sea", "boat", "left")
STAR = MovingShape("red", "star", "blue", "up")
WAYS = 100


@pytest.mark.parametrize("size", [(96, 96), (128, 64)])
def test_a_clip_has_the_requested_frames_and_size(size: tuple[int, int]) -> None:
    assert film(STAR, *size).shape == (FRAMES, size[1], size[0], 3)


@pytest.mark.parametrize(("shape", "motion"), list(product(SHAPES, DIRECTIONS)))
def test_every_shape_goes_the_way_it_is_to_go(shape: str, motion: str) -> None:
    assert direction(film(MovingShape("white", shape, "purple", motion))) == motion


@pytest.mark.parametrize("motion", ["left", "right"])
@pytest.mark.parametrize("hour", ["day", "sunset", "night", "dawn"])
def test_a_boat_sails_the_way_it_is_to_sail(hour: str, motion: str) -> None:
    assert direction(film(MovingScene(hour, "sea", "boat", motion))) == motion


def test_a_windmill_turns() -> None:
    first, *_, last = film(MovingScene("day", "meadow", "windmill", None))
    assert np.abs(first.astype(int) - last).max() > 50


def test_what_stands_still_goes_nowhere() -> None:
    still = np.repeat(film(STAR)[:1], FRAMES, axis=0)
    assert direction(still) is None


def test_a_clip_is_most_like_the_drawing_of_its_own_subject() -> None:
    noise = np.random.default_rng(1).normal(0, 12, film(BOAT).shape)
    seen = np.clip(film(BOAT) + noise, 0, 255).astype(np.uint8)
    assert likest(seen) == BOAT


def test_captions_say_which_way_where_it_is_not_the_usual_one() -> None:
    random = Random(2)
    for _ in range(WAYS):
        assert "left" in caption(BOAT, random).replace("leftwards", "left")
        text = caption(STAR, random)
        assert "up" in text or "top" in text, text


def test_people_have_many_ways_to_ask() -> None:
    random = Random(0)
    assert len({caption(BOAT, random) for _ in range(WAYS)}) > WAYS * 0.8


def test_training_never_shows_what_is_held_out() -> None:
    random = Random(3)
    assert not any(held_out(taught(random)) for _ in range(300))


def test_a_boat_is_at_sea_and_never_held_out() -> None:
    random = Random(5)
    boats = [one for one in (scene(random) for _ in range(300)) if one.thing == "boat"]
    assert boats
    assert {boat.ground for boat in boats} == {"sea"}
    assert not any(held_out(boat) for boat in boats)
