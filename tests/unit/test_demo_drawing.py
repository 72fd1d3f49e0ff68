"""The training drawings of the demo models: reproducible, and matching their captions."""

from random import Random

import numpy as np
import pytest

from gpu_workers.training.demo_image.pixel_metrics import read
from gpu_workers.training.demo_image.render import draw
from gpu_workers.training.demo_image.subjects import (
    GROUNDS,
    HOURS,
    PLACES,
    SHAPES,
    Scene,
    Shape,
    held_out,
    held_out_subject,
    scene,
    shape,
    training_subject,
)


def _scene(**changed: str) -> Scene:
    about = {"hour": "day", "ground": "sea", "thing": "boat", "side": "left", **changed}
    return Scene(**about, colour=None, variation=3)


def test_same_subject_gives_the_same_pixels() -> None:
    random = Random(1)
    for subject in (shape(random), scene(random)):
        assert draw(subject).tobytes() == draw(subject).tobytes()


def test_another_variation_is_another_picture() -> None:
    first, second = (Shape("red", "star", "left", "blue", "big", each) for each in (1, 2))
    assert draw(first).tobytes() != draw(second).tobytes()


@pytest.mark.parametrize("size", [(96, 96), (128, 72), (72, 128)])
def test_a_picture_has_the_requested_size(size: tuple[int, int]) -> None:
    assert draw(_scene(), *size).size == size


def test_colours_and_place_can_be_read_off_every_shape() -> None:
    random = Random(2)
    for name in SHAPES:
        for place in PLACES:
            background, colour = random.sample(["red", "white", "blue", "black", "brown"], 2)
            subject = Shape(colour, name, place, background, "small", random.randrange(99))
            measured = read(draw(subject))
            assert (
                measured.background,
                measured.colour,
                measured.place,
            ) == (background, colour, place)


def test_hours_and_grounds_look_different() -> None:
    pictures = [np.asarray(draw(_scene(hour=hour))).mean() for hour in HOURS]
    assert len({round(float(mean)) for mean in pictures}) == len(HOURS)
    grounds = [draw(_scene(ground=ground, thing="tree")).tobytes() for ground in GROUNDS]
    assert len(set(grounds)) == len(GROUNDS)


def test_training_never_shows_what_is_held_out() -> None:
    random = Random(3)
    assert not any(held_out(training_subject(random)) for _ in range(300))
    assert all(held_out(held_out_subject(random)) for _ in range(50))


def test_size_and_variation_do_not_let_a_held_out_subject_in() -> None:
    subject = held_out_subject(Random(4))
    again = type(subject)(**{**vars(subject), "variation": subject.variation + 1})
    assert held_out(again)


def test_a_boat_is_at_sea() -> None:
    random = Random(5)
    boats = [one for one in (scene(random) for _ in range(500)) if one.thing == "boat"]
    assert boats
    assert {boat.ground for boat in boats} == {"sea"}
