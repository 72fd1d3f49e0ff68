"""Subjects of clips (the demo video model's vocabulary) and the held-out split."""

from dataclasses import dataclass
from random import Random
from typing import TypeVar
from zlib import crc32

from gpu_workers.training.demo_image.subjects import COLOURS, GROUNDS, HOURS

SHAPES = ("circle", "square", "triangle", "star", "heart")
THINGS = ("boat", "balloon", "windmill", "cloud")
DIRECTIONS = ("right", "left", "up", "down")

_GROUNDS: dict[str, tuple[str, ...]] = {
    "boat": ("sea",),
    "balloon": GROUNDS,
    "windmill": ("meadow", "snow"),
    "cloud": tuple(ground for ground in GROUNDS if ground != "sea"),
}
_MOTIONS: dict[str, tuple[str | None, ...]] = {
    "boat": ("right", "left"),
    "balloon": ("up", "left", "right"),
    "windmill": (None,),
    "cloud": ("right", "left"),
}
_Word = TypeVar("_Word")

_HELD_OUT_OF_A_HUNDRED = 8
_HELD_OUT_THINGS = ("balloon", "cloud")
"""Things with many combinations; a boat at each hour exists only once."""


@dataclass(frozen=True)
class MovingShape:
    """One shape of one colour that moves across a plain background."""

    colour: str
    shape: str
    background: str
    motion: str

    @property
    def key(self) -> str:
        """The identity of the subject."""
        return f"{self.colour} {self.shape} {self.background} {self.motion}"


@dataclass(frozen=True)
class MovingScene:
    """A landscape at an hour with a moving thing; a windmill's ``motion`` is None."""

    hour: str
    ground: str
    thing: str
    motion: str | None

    @property
    def key(self) -> str:
        """The identity of the subject."""
        return f"{self.hour} {self.ground} {self.thing} {self.motion}"


Moving = MovingShape | MovingScene

PROPERTIES: dict[str, tuple[str, ...]] = {
    "colour": tuple(sorted(COLOURS)),
    "background": tuple(sorted(COLOURS)),
    "shape": SHAPES,
    "motion": DIRECTIONS,
    "hour": HOURS,
    "ground": GROUNDS,
    "thing": THINGS,
}
"""The attributes that captions name, with their values."""


def properties(subject: Moving) -> dict[str, str]:
    """Return the attributes of a subject that captions name."""
    return {name: value for name, value in vars(subject).items() if name in PROPERTIES and value}


def shape(random: Random) -> MovingShape:
    """Return a random shape."""
    colour, background = random.sample(sorted(COLOURS), 2)
    return MovingShape(
        colour=colour,
        shape=random.choice(SHAPES),
        background=background,
        motion=random.choice(DIRECTIONS),
    )


def scene(random: Random) -> MovingScene:
    """Return a random landscape with a thing that fits it: a boat needs the sea."""
    thing = random.choices(THINGS, (5, 4, 2, 2))[0]
    ground, motion = _any(_GROUNDS[thing], random), _any(_MOTIONS[thing], random)
    return MovingScene(
        hour=random.choice(HOURS),
        ground=ground,
        thing=thing,
        motion=motion,
    )


def grounds_and_motions() -> list[tuple[str, str, str | None]]:
    """Return all combinations of a thing, its grounds and its motions."""
    return [
        (thing, ground, motion)
        for thing in THINGS
        for ground in _GROUNDS[thing]
        for motion in _MOTIONS[thing]
    ]


def _any(words: tuple[_Word, ...], random: Random) -> _Word:
    return words[0] if len(words) == 1 else random.choice(words)


def held_out(subject: Moving) -> bool:
    """Return whether a subject is held out from training, so that a model cannot memorise it."""
    if isinstance(subject, MovingScene) and subject.thing not in _HELD_OUT_THINGS:
        return False
    return crc32(subject.key.encode()) % 100 < _HELD_OUT_OF_A_HUNDRED


def taught(random: Random) -> Moving:
    """Return a random subject for training."""
    draw = random.choice((shape, scene))
    while True:
        subject: Moving = draw(random)
        if not held_out(subject):
            return subject
