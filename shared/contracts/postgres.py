"""Field types that accept exactly what a Postgres column of that type can store."""

import json
import math
import struct
from decimal import Decimal
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, Field, JsonValue
from pydantic_core import PydanticCustomError

T = TypeVar("T")

MAX_INT4 = 2**31 - 1
MAX_INT8 = 2**63 - 1
MAX_FLOAT4 = 3.4028234663852886e38
MAX_JSON_BYTES = 64 * 1024
"""Maximum size of a ``jsonb`` value, as Postgres writes it."""

_MAX_JSON_VALUES = MAX_JSON_BYTES // 2
"""Maximum number of values, since each takes a byte and is followed by a comma or bracket."""


def json_size(value: object) -> int:
    """Return the size in bytes of a ``jsonb`` value as Postgres writes it: 1e308 has 309 digits."""
    match value:
        case dict():
            pairs = (json_size(key) + json_size(item) for key, item in value.items())
            return max(len("{}"), sum(pairs) + len(": , ") * len(value))
        case list() | tuple():
            return max(len("[]"), sum(map(json_size, value)) + len(", ") * len(value))
        case float():
            return len(format(Decimal(repr(value)), "f"))
        case _:
            return len(json.dumps(value, ensure_ascii=False).encode())


def is_json_larger(value: object, max_bytes: int) -> bool:
    """Return whether Postgres writes a ``jsonb`` value in more than ``max_bytes`` bytes.

    The exact size is computed only if the compact form is not larger already.
    """
    compact = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return len(compact) > max_bytes or json_size(value) > max_bytes


def _check_float4(value: float) -> float:
    """Refuse a non-zero number that a 4-byte float would store as 0."""
    (stored,) = struct.unpack("<f", struct.pack("<f", value))
    if stored == 0 and value != 0:
        raise PydanticCustomError("too_small", "must be 0, or not closer to 0 than 1e-45")
    return value


def _check_text(value: str) -> str:
    if "\0" in value:
        raise PydanticCustomError("nul_character", "must not contain a NUL character")
    return value


def _check_json(value: T) -> T:
    """Refuse numbers and characters that ``jsonb`` cannot represent, at any depth."""
    pending: list[object] = [value]
    for _ in range(_MAX_JSON_VALUES):
        if not pending:
            return value
        match pending.pop():
            case str() as text:
                _check_text(text)
            case float() as number if not math.isfinite(number):
                raise PydanticCustomError("finite_number", "must contain finite numbers only")
            case dict() as fields:
                pending += [*fields.keys(), *fields.values()]
            case list() | tuple() as items:
                pending += items
            case _:
                continue
    raise _too_long()


def _too_long() -> PydanticCustomError:
    return PydanticCustomError(
        "too_long", "must not be longer than {max_bytes} bytes", {"max_bytes": MAX_JSON_BYTES}
    )


def _check_json_size(value: dict[str, Any]) -> dict[str, Any]:
    if is_json_larger(value, MAX_JSON_BYTES):
        raise _too_long()
    return value


NonNegativeInt4 = Annotated[int, Field(ge=0, le=MAX_INT4)]
"""An ``integer`` from 0."""

PositiveInt4 = Annotated[int, Field(gt=0, le=MAX_INT4)]
"""An ``integer`` from 1."""

PositiveInt8 = Annotated[int, Field(gt=0, le=MAX_INT8)]
"""A ``bigint`` from 1."""

Float4 = Annotated[
    float, Field(ge=-MAX_FLOAT4, le=MAX_FLOAT4, allow_inf_nan=False), AfterValidator(_check_float4)
]
"""A finite ``real``."""

PositiveFloat4 = Annotated[
    float, Field(gt=0, le=MAX_FLOAT4, allow_inf_nan=False), AfterValidator(_check_float4)
]
"""A finite ``real`` above 0."""

Fraction = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False), AfterValidator(_check_float4)]
"""A ``real`` from 0 to 1."""

PostgresText = Annotated[str, AfterValidator(_check_text)]
"""``text``: any characters but NUL. (A lone surrogate makes a request invalid JSON.)"""

PostgresJsonValue = Annotated[JsonValue, AfterValidator(_check_json)]
"""A value within a ``jsonb`` object: no NUL in keys or strings, no NaN and no infinity."""

PostgresJson = Annotated[
    dict[str, Any], AfterValidator(_check_json), AfterValidator(_check_json_size)
]
"""A ``jsonb`` object of at most ``MAX_JSON_BYTES``, with the rules of ``PostgresJsonValue``."""
