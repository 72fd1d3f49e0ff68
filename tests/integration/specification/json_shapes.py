"""Shapes of JSON as data, and where a value is not of its shape.

A shape is a dict of fields, a name with ``?`` being optional; ``[shape]`` is a list of it; a tuple
holds the known values; ``str``, ``float``, ``bool`` and ``dict`` are TypeScript's string, number,
boolean and an object of anything. Whatever else an object carries is its own business.
"""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

Shape = Any
Body = dict[str, Any]
Step = str | int


@dataclass(frozen=True)
class Interface:
    """A function's request and answer."""

    request: Shape
    answer: Shape
    least: Body
    """A request with only the required fields."""
    also: Body = field(default_factory=dict)
    """What ours needs beyond those."""
    whole: Body = field(default_factory=dict)
    """A request with every field; none where ``least`` has them all."""
    caller: Literal["user", "admin", "worker"] = "user"

    @property
    def sample(self) -> Body:
        """A request with every field that there is."""
        return {**self.also, **(self.whole or self.least)}


class Spot(NamedTuple):
    """A field of a body."""

    steps: tuple[Step, ...]
    shape: Shape
    is_required: bool

    def __str__(self) -> str:
        return ".".join(map(str, self.steps))


def faults(value: object, shape: Shape, at: str = "it") -> Iterator[str]:
    """Where a value is not of the shape."""
    if isinstance(shape, dict) and isinstance(value, dict):
        for name, inner in shape.items():
            plain = name.rstrip("?")
            if plain in value:
                yield from faults(value[plain], inner, f"{at}.{plain}")
            elif plain == name:
                yield f"{at}.{name} is missing"
    elif isinstance(shape, list) and isinstance(value, list):
        for place, one in enumerate(value):
            yield from faults(one, shape[0], f"{at}[{place}]")
    elif not _is_plainly(value, shape):
        yield f"{at} is {value!r}"


def spots(
    shape: Shape, steps: tuple[Step, ...] = (), *, is_required: bool = True
) -> Iterator[Spot]:
    """Every field of a shape and the fields in it; of a list, its first."""
    if steps:
        yield Spot(steps, shape, is_required)
    if isinstance(shape, dict):
        for name, inner in shape.items():
            plain = name.rstrip("?")
            yield from spots(inner, (*steps, plain), is_required=plain == name)
    elif isinstance(shape, list):
        yield from spots(shape[0], (*steps, 0), is_required=False)


def found(body: Body, spot: Spot) -> Any:  # noqa: ANN401 - JSON
    """What a body has in that field. Raises LookupError where it has none."""
    return _holder(body, spot)[spot.steps[-1]]


def without(body: Body, spot: Spot) -> Body:
    """The body, less that field."""
    copy = deepcopy(body)
    del _holder(copy, spot)[spot.steps[-1]]
    return copy


def put(body: Body, spot: Spot, value: object) -> Body:
    """The body with that value in that field."""
    copy = deepcopy(body)
    _holder(copy, spot)[spot.steps[-1]] = value
    return copy


def wrong(body: Body, spot: Spot) -> Body:
    """The body with something of another type in that field."""
    return put(body, spot, 5 if spot.shape in (str, dict) else "something else")


def _holder(body: Body, spot: Spot) -> Any:  # noqa: ANN401 - an object or a list
    holder: Any = body
    for step in spot.steps[:-1]:
        holder = holder[step]
    return holder


def _is_plainly(value: object, shape: Shape) -> bool:
    if isinstance(shape, tuple):
        return value in shape
    if shape is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(shape, type) and isinstance(value, shape)
