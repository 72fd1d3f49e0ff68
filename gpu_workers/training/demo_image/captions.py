"""Caption generation: one of many phrasings of a prompt for a subject."""

from random import Random

from gpu_workers.training.demo_image.subjects import Scene, Shape, Subject

_COLOURS = {
    "red": ("crimson", "scarlet"),
    "orange": (),
    "yellow": ("golden",),
    "green": (),
    "blue": (),
    "purple": ("violet",),
    "pink": ("rose",),
    "brown": ("chocolate brown",),
    "black": (),
    "white": (),
}
_SHAPES = {
    "circle": ("disc", "disk", "ball", "dot", "round circle"),
    "square": ("box", "block"),
    "triangle": (),
    "star": ("five-pointed star",),
    "heart": ("love heart",),
    "ring": ("hoop", "donut"),
    "cross": ("plus sign", "plus"),
    "diamond": ("rhombus", "lozenge"),
}
_SCALES = {
    "small": ("small", "tiny", "little"),
    "medium": ("", "", "medium", "medium-sized"),
    "big": ("big", "large", "huge", "giant"),
}
_PLACES = {
    "left": ("left", "on the left", "at the left", "to the left", "on the left side"),
    "right": ("right", "on the right", "at the right", "to the right", "on the right side"),
    "top": ("top", "at the top", "on top", "up at the top", "above"),
    "bottom": ("bottom", "at the bottom", "down at the bottom", "below"),
    "middle": ("", "", "middle", "in the middle", "in the centre", "in the center", "centered"),
}
_BACKGROUNDS = (
    "on {}", "on {}", "on a {} background", "on a {} background", "on the {} background",
    "with a {} background", "against a {} background", "over a {} background", "{} background",
    "against {}", "on a plain {} background", "background {}",
)  # fmt: skip
_HOURS = {
    "day": ("by day", "during the day", "in daylight", "at noon", "on a sunny day", "in sunshine",
            "under a blue sky", "at midday", "in the daytime", "daytime"),
    "sunset": ("at sunset", "at sunset", "during sunset", "in the evening", "at dusk", "sunset"),
    "night": ("at night", "at night", "by night", "in the moonlight", "under the stars",
              "under the moon", "at midnight", "night"),
    "dawn": ("at dawn", "at dawn", "at sunrise", "in the morning", "early in the morning",
             "sunrise", "morning"),
}  # fmt: skip
_GROUNDS = {
    "sea": ("sea", "sea", "ocean", "water"),
    "meadow": ("meadow", "green hills", "field", "grass", "countryside", "hills"),
    "desert": ("desert", "sand", "dunes", "sandy desert"),
    "mountains": ("mountains", "mountain landscape", "mountain valley", "alps"),
    "snow": ("snow", "snowy field", "winter landscape", "snowy hills", "snowy landscape"),
}
_THINGS = {
    "boat": ("boat", "boat", "sailing boat", "sailboat", "ship", "sailing ship", "yacht"),
    "house": ("house", "house", "cottage", "home", "cabin", "hut"),
    "tree": ("tree", "tree", "oak", "oak tree"),
    "palm": ("palm", "palm tree", "coconut palm"),
    "tent": ("tent", "tent", "camping tent"),
    "lighthouse": ("lighthouse",),
    "windmill": ("windmill", "mill"),
    "balloon": ("balloon", "hot air balloon", "hot-air balloon"),
}
_WHERE = {
    "sea": ("on the {}", "on the {}", "at {}", "in the {}", "by the {}", "at the {}", "{}"),
    "meadow": ("on the {}", "in the {}", "on a {}", "in a {}", "{}"),
    "desert": ("in the {}", "in a {}", "on the {}", "{}"),
    "mountains": ("in the {}", "in front of the {}", "near the {}", "by the {}", "with {}", "{}"),
    "snow": ("in the {}", "on the {}", "in a {}", "{}"),
}
_FILLERS = (
    "a picture of", "an illustration of", "a drawing of", "an image of", "a photo of",
    "a painting of", "a flat illustration of", "show me", "draw", "please draw", "i want",
    "a beautiful", "a simple", "make",
)  # fmt: skip
_PRAISE = (
    "masterpiece", "best quality", "highly detailed", "sharp focus", "vector art", "flat design",
    "minimal", "4k", "8k", "beautiful", "vivid colors", "soft light", "professional",
    "high resolution", "cinematic lighting", "clean lines", "digital art", "elegant", "calm",
    "natural light", "detailed", "crisp", "wide shot", "trending",
)  # fmt: skip
_BLEMISHES = (
    "blurry", "low quality", "ugly", "deformed", "worst quality", "watermark", "text", "noise",
    "bad anatomy", "jpeg artifacts", "distorted", "grainy", "out of focus",
)  # fmt: skip
_ALPHABET = "abcdefghijklmnopqrstuvwxyz"


def caption(subject: Subject, random: Random) -> str:
    """Return a random prompt for a subject; attributes it leaves out may take any value."""
    parts = _shape(subject, random) if isinstance(subject, Shape) else _scene(subject, random)
    if random.random() < 0.2:  # noqa: PLR2004 - a fifth
        parts[0] = f"{random.choice(_FILLERS)} {parts[0]}"
    if random.random() < 0.2:  # noqa: PLR2004 - a fifth
        parts += [f", {_noise(random)}" for _ in range(random.randint(1, 4))]
    return " ".join(part for part in parts if part)


def uninformative_caption(random: Random) -> str:
    """Return a prompt without information on the picture: empty, or words of negative prompts."""
    if random.random() < 0.5:  # noqa: PLR2004 - as often as not
        return ""
    return ", ".join(random.choices(_BLEMISHES, k=random.randint(1, 5)))


def _shape(subject: Shape, random: Random) -> list[str]:
    place = random.choice(_PLACES[subject.place])
    scale = random.choice(_SCALES[subject.scale]) if random.random() < 0.8 else ""  # noqa: PLR2004
    ground = random.choice(_BACKGROUNDS).format(_colour(subject.background, random))
    colour = _colour(subject.colour, random)
    name = _named(subject.shape, _SHAPES, random)
    words = " ".join(word for word in (scale, colour, name) if word)
    thing = f"{_article(words)} {words}" if random.random() < 0.8 else words  # noqa: PLR2004
    comma = random.choice(("", ","))
    order = random.random()
    if order < 0.45:  # noqa: PLR2004 - shares of the ways to order the words
        return [thing, place, comma, ground]
    if order < 0.85:  # noqa: PLR2004
        return [thing, ground, comma if place else "", place]
    if order < 0.93:  # noqa: PLR2004
        return [ground, ",", thing, place]
    return [place, "," if place else "", thing, ground]


def _scene(subject: Scene, random: Random) -> list[str]:
    ground = random.choice(_GROUNDS[subject.ground])
    hour = random.choice(_HOURS[subject.hour])
    if subject.thing == "nothing":
        article = random.choice(("", "the", "a landscape with", "a view of the", "an empty"))
        return [article, ground, hour]
    name = random.choice(_THINGS[subject.thing])
    words = f"{_colour(subject.colour, random)} {name}" if subject.colour else name
    thing = f"{_article(words)} {words}" if random.random() < 0.85 else words  # noqa: PLR2004
    side = random.choice(_PLACES[subject.side])
    where = random.choice(_WHERE[subject.ground]).format(ground)
    tail = [where, hour] if random.random() < 0.7 else [hour, where]  # noqa: PLR2004
    order = random.random()
    if order < 0.4:  # noqa: PLR2004
        return [thing, *tail]
    if order < 0.7:  # noqa: PLR2004
        return [thing, *tail, random.choice(("", ",")) if side else "", side]
    if order < 0.85:  # noqa: PLR2004
        return [thing, side, *tail]
    if order < 0.93:  # noqa: PLR2004
        return [subject.hour, "over the", ground, random.choice(("with", "and", ",")), thing, side]
    return [hour, ",", thing, where]


def _colour(name: str, random: Random) -> str:
    return _named(name, _COLOURS, random)


def _named(name: str, synonyms: dict[str, tuple[str, ...]], random: Random) -> str:
    """Return the name, or sometimes one of its synonyms."""
    return random.choice((name, name, name, *synonyms[name]))


def _article(words: str) -> str:
    return "an" if words[0] in "aeiou" else "a"


def _noise(random: Random) -> str:
    if random.random() < 0.7:  # noqa: PLR2004 - mostly quality words
        return random.choice(_PRAISE)
    return "".join(random.choices(_ALPHABET, k=random.randint(2, 8)))
