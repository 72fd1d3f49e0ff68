"""What a clip shows: the words that the demo model of clips is taught, and nothing else."""

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
"""What there are many combinations of; a boat at each hour there is but once."""


@dataclass(frozen=True)
class MovingShape:
    """One shape of one colour that crosses a plain background."""

    colour: str
    shape: str
    background: str
    motion: str

    @property
    def key(self) -> str:
        """Its name."""
        return f"{self.colour} {self.shape} {self.background} {self.motion}"


@dataclass(frozen=True)
class MovingScene:
    """A landscape at an hour with a thing that moves in it; a windmill's motion is none."""

    hour: str
    ground: str
    thing: str
    motion: str | None

    @property
    def key(self) -> str:
        """Its name."""
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
"""What a caption tells of a subject, and all that it may be."""


def properties(subject: Moving) -> dict[str, str]:
    """Those that the subject has."""
    return {name: value for name, value in vars(subject).items() if name in PROPERTIES and value}


def shape(random: Random) -> MovingShape:
    """Any shape."""
    colour, background = random.sample(sorted(COLOURS), 2)
    return MovingShape(
        colour=colour,
        shape=random.choice(SHAPES),
        background=background,
        motion=random.choice(DIRECTIONS),
    )


def scene(random: Random) -> MovingScene:
    """Any landscape, and what can move there: a boat needs the sea."""
    thing = random.choices(THINGS, (5, 4, 2, 2))[0]
    ground, motion = _any(_GROUNDS[thing], random), _any(_MOTIONS[thing], random)
    return MovingScene(
        hour=random.choice(HOURS),
        ground=ground,
        thing=thing,
        motion=motion,
    )


def grounds_and_motions() -> list[tuple[str, str, str | None]]:
    """Each thing with each ground that it is seen on and each way that it goes there."""
    return [
        (thing, ground, motion)
        for thing in THINGS
        for ground in _GROUNDS[thing]
        for motion in _MOTIONS[thing]
    ]


def _any(some: tuple[_Word, ...], random: Random) -> _Word:
    return some[0] if len(some) == 1 else random.choice(some)


def held_out(subject: Moving) -> bool:
    """Whether it is kept from training, so that following it is not remembering it."""
    if isinstance(subject, MovingScene) and subject.thing not in _HELD_OUT_THINGS:
        return False
    return crc32(subject.key.encode()) % 100 < _HELD_OUT_OF_A_HUNDRED


def taught(random: Random) -> Moving:
    """A subject for training."""
    draw = random.choice((shape, scene))
    while True:
        subject: Moving = draw(random)
        if not held_out(subject):
            return subject
