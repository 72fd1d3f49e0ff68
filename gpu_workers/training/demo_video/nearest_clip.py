"""Nearest-drawing evaluation of landscapes, without a trained classifier."""

from functools import cache
from itertools import product

import numpy as np
from numpy.typing import NDArray

from gpu_workers.training.demo_image.subjects import HOURS
from gpu_workers.training.demo_video.render import FRAMES, OWN_SIDE, Frames, frame
from gpu_workers.training.demo_video.subjects import MovingScene, grounds_and_motions

_COMPARED_FRAMES = (0, FRAMES // 2, FRAMES - 1)
_SIDE = 24
"""Clips are compared at this size, in pixels, so that small shifts do not matter."""


def likest(frames: Frames) -> MovingScene:
    """Return the landscape whose drawn clip differs least from these frames."""
    subjects, drawn = _drawn()
    pixels = OWN_SIDE // _SIDE
    count = len(_COMPARED_FRAMES)
    compared = frames[list(_COMPARED_FRAMES)].astype(np.float32)
    small = compared.reshape(count, _SIDE, pixels, _SIDE, pixels, 3).mean(axis=(2, 4))
    differences = np.abs(drawn - small).mean(axis=(1, 2, 3, 4))
    return subjects[int(differences.argmin())]


@cache
def _drawn() -> tuple[list[MovingScene], NDArray[np.float32]]:
    subjects = [
        MovingScene(hour, ground, thing, motion)
        for hour, (thing, ground, motion) in product(HOURS, grounds_and_motions())
    ]
    clips = [
        [frame(subject, number, _SIDE, _SIDE) for number in _COMPARED_FRAMES]
        for subject in subjects
    ]
    return subjects, np.asarray(clips, np.float32)
