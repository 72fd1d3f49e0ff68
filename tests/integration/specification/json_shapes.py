"""Shapes of JSON as data, and a check of values against them.

A shape is a dict of fields, a name with ``?`` being optional; ``[shape]`` is a list of it; a tuple
holds the known values; ``str``, ``float``, ``bool`` and ``dict`` are TypeScript's string, number,
boolean and any object. An object may have further fields.
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
    """The request and the response of a function."""

    request: Shape
    answer: Shape
    least: Body
    """A request with only the required fields."""
    also: Body = field(default_factory=dict)
    """The further fields that this implementation requires."""
    whole: Body = field(default_factory=dict)
    """A request with every field; none where ``least`` has them all."""
    caller: Literal["user", "admin", "worker"] = "user"

    @property
    def sample(self) -> Body:
        """A request with every field."""
        return {**self.also, **(self.whole or self.least)}


class Spot(NamedTuple):
    """A field of a body, as a path."""

    steps: tuple[Step, ...]
    shape: Shape
    is_required: bool

    def __str__(self) -> str:
        return ".".join(map(str, self.steps))


def faults(value: object, shape: Shape, at: str = "it") -> Iterator[str]:
    """Yield a message for each part of a value that does not match the shape."""
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
    """Yield every field of a shape, recursively; of a list, those of the first item."""
    if steps:
        yield Spot(steps, shape, is_required)
    if isinstance(shape, dict):
        for name, inner in shape.items():
            plain = name.rstrip("?")
            yield from spots(inner, (*steps, plain), is_required=plain == name)
    elif isinstance(shape, list):
        yield from spots(shape[0], (*steps, 0), is_required=False)


def found(body: Body, spot: Spot) -> Any:  # noqa: ANN401 - JSON
    """The value of a field. Raises LookupError where the body has none."""
    return _holder(body, spot)[spot.steps[-1]]


def without(body: Body, spot: Spot) -> Body:
    """A copy of the body without the field."""
    copy = deepcopy(body)
    del _holder(copy, spot)[spot.steps[-1]]
    return copy


def put(body: Body, spot: Spot, value: object) -> Body:
    """A copy of the body with this value in the field."""
    copy = deepcopy(body)
    _holder(copy, spot)[spot.steps[-1]] = value
    return copy


def wrong(body: Body, spot: Spot) -> Body:
    """A copy of the body with a value of another type in the field."""
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
