"""Clip captions: a picture's caption with a motion."""

from random import Random

from gpu_workers.training.demo_image.captions import caption as captioned
from gpu_workers.training.demo_image.subjects import Scene, Shape
from gpu_workers.training.demo_video.subjects import Moving, MovingScene, MovingShape

_USUAL = {"balloon": "up", "windmill": "right"}
"""A thing's motion if the caption names none; all other things go to the right."""

_WAYS = {
    "right": ("right", "to the right", "to the right", "from left to right", "rightwards"),
    "left": ("left", "to the left", "to the left", "from right to left", "leftwards"),
    "up": ("up", "up", "upwards", "to the top", "from the bottom to the top"),
    "down": ("down", "down", "downwards", "to the bottom", "from the top to the bottom"),
}
_VERBS = {
    "boat": ("sailing", "sails", "moving", "moves", "drifting", "that sails", "gliding", "going"),
    "balloon": ("flying", "flies", "floating", "floats", "moving", "drifting", "going"),
    "cloud": ("drifting", "drift", "moving", "move", "floating", "passing", "flying"),
    "shape": ("moving", "moving", "moves", "going", "drifting", "flying", "sliding", "that moves"),
}
_RISES = ("rising", "rises", "going up", "rising up", "that rises", "taking off", "lifting off")
_TURNS = ("turning", "turns", "spinning", "that turns", "rotating", "with turning sails", "")
_CLOUDS = ("clouds", "clouds", "a cloud", "a cloud", "white clouds", "a big cloud", "with clouds")


def caption(subject: Moving, random: Random) -> str:
    """Return a random prompt for a clip's subject."""
    if isinstance(subject, MovingShape):
        still: Shape | Scene = Shape(
            subject.colour, subject.shape, "middle", subject.background, "medium", 0
        )
    else:
        thing = "nothing" if subject.thing == "cloud" else subject.thing
        still = Scene(subject.hour, subject.ground, thing, "middle", None, 0)
    words = _moved(captioned(still, random), _motion(subject, random), random)
    if isinstance(subject, MovingScene) and subject.thing == "cloud":
        return _clouded(words, random)
    return words


def _moved(still: str, motion: str, random: Random) -> str:
    if not motion:
        return still
    if random.random() < 0.1:  # noqa: PLR2004 - now and then
        return f"{motion}, {still}"
    return f"{still}{random.choice((',', ',', ' and it is', ''))} {motion}"


def _motion(subject: Moving, random: Random) -> str:
    thing = subject.thing if isinstance(subject, MovingScene) else "shape"
    if thing == "windmill":
        return random.choice(_TURNS)
    if subject.motion == _USUAL.get(thing, "right") and random.random() < 0.5:  # noqa: PLR2004
        return ""
    if (thing, subject.motion) == ("balloon", "up") and random.random() < 0.5:  # noqa: PLR2004
        return random.choice(_RISES)
    assert subject.motion  # noqa: S101 - only a windmill has none
    return f"{random.choice(_VERBS[thing])} {random.choice(_WAYS[subject.motion])}"


def _clouded(words: str, random: Random) -> str:
    clouds = random.choice(_CLOUDS)
    if any(words.startswith(verb) for verb in _VERBS["cloud"]):
        return f"{clouds} {words}"
    if random.random() < 0.5:  # noqa: PLR2004 - as often as not
        return f"{clouds} {random.choice(('over', 'over', 'above', 'in the sky,'))} {words}"
    return f"{words}, {clouds}"
