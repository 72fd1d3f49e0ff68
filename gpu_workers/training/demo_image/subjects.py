"""Subjects of drawings (the demo models' vocabulary) and the held-out split."""

from dataclasses import dataclass
from random import Random
from zlib import crc32

Colour = tuple[int, int, int]

COLOURS: dict[str, Colour] = {
    "red": (222, 42, 48),
    "orange": (247, 138, 29),
    "yellow": (252, 217, 46),
    "green": (42, 160, 72),
    "blue": (36, 96, 214),
    "purple": (128, 58, 178),
    "pink": (248, 150, 190),
    "brown": (126, 78, 44),
    "black": (28, 28, 34),
    "white": (246, 246, 246),
}
SHAPES = ("circle", "square", "triangle", "star", "heart", "ring", "cross", "diamond")
PLACES = ("left", "right", "top", "bottom", "middle")
SCALES = ("small", "medium", "big")
HOURS = ("day", "sunset", "night", "dawn")
GROUNDS = ("sea", "meadow", "desert", "mountains", "snow")
THINGS = ("boat", "house", "tree", "palm", "tent", "lighthouse", "windmill", "balloon", "nothing")
SIDES = ("left", "right", "middle")

_HELD_OUT_OF_A_HUNDRED = 8


@dataclass(frozen=True)
class Shape:
    """One shape of one colour on a plain background."""

    colour: str
    shape: str
    place: str
    background: str
    scale: str
    variation: int

    @property
    def key(self) -> str:
        """The identity of the subject, without its scale and variation."""
        return f"{self.colour} {self.shape} {self.place} {self.background}"


@dataclass(frozen=True)
class Scene:
    """A landscape at an hour with a thing; ``colour`` is None for the thing's usual colour."""

    hour: str
    ground: str
    thing: str
    side: str
    colour: str | None
    variation: int

    @property
    def key(self) -> str:
        """The identity of the subject, without the thing's colour and the variation."""
        return f"{self.hour} {self.ground} {self.thing} {self.side}"


Subject = Shape | Scene

PROPERTIES: dict[str, tuple[str, ...]] = {
    "colour": tuple(sorted(COLOURS)),
    "background": tuple(sorted(COLOURS)),
    "shape": SHAPES,
    "place": PLACES,
    "hour": HOURS,
    "ground": GROUNDS,
    "thing": THINGS,
}
"""The attributes that captions name, with their values."""


def properties(subject: Subject) -> dict[str, str]:
    """Return the attributes of a subject that captions name."""
    return {name: value for name, value in vars(subject).items() if name in PROPERTIES and value}


def shape(random: Random) -> Shape:
    """Return a random shape."""
    colour, background = random.sample(sorted(COLOURS), 2)
    return Shape(
        colour=colour,
        shape=random.choice(SHAPES),
        place=random.choice(PLACES),
        background=background,
        scale=random.choice(SCALES),
        variation=random.randrange(2**31),
    )


def scene(random: Random) -> Scene:
    """Return a random landscape with a thing that fits it: a boat needs the sea."""
    ground = random.choice(GROUNDS)
    things = [thing for thing in THINGS if thing != "boat"]
    thing = random.choice([*things, "boat", "boat", "boat", "boat"] if ground == "sea" else things)
    coloured = thing not in {"nothing", "palm"} and random.random() < 0.35  # noqa: PLR2004 - a third
    return Scene(
        hour=random.choice(HOURS),
        ground=ground,
        thing=thing,
        side=random.choice(SIDES),
        colour=random.choice(sorted(COLOURS)) if coloured else None,
        variation=random.randrange(2**31),
    )


def held_out(subject: Subject) -> bool:
    """Return whether a subject is held out from training, so that a model cannot memorise it."""
    return crc32(subject.key.encode()) % 100 < _HELD_OUT_OF_A_HUNDRED


def training_subject(random: Random) -> Subject:
    """Return a random subject for training."""
    return _first(random, kept=False)


def held_out_subject(random: Random) -> Subject:
    """Return a random subject that is held out from training."""
    return _first(random, kept=True)


def _first(random: Random, *, kept: bool) -> Subject:
    # Shapes need more training examples than landscapes.
    draw = random.choice((shape, shape, scene))
    while True:
        subject: Subject = draw(random)
        if held_out(subject) is kept:
            return subject
