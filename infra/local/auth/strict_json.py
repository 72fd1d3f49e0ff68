"""Strict JSON parsing: only values that every client can read and a token can hold."""

import math
from typing import Any

from pydantic_core import from_json

MAX_INTEGER = 2**63 - 1


def read(body: bytes) -> Any:  # noqa: ANN401 - JSON
    """Return the value of a JSON text.

    Raises:
        ValueError: The text is not JSON, nests deeper than 200 levels, or holds a number that is
            not finite, an integer of more than 64 bits, a NUL, or half of a surrogate pair.
    """
    value = from_json(body, allow_inf_nan=False)
    pending = [value]
    while pending:
        match pending.pop():
            case dict() as members:
                pending += members.keys()
                pending += members.values()
            case list() as items:
                pending += items
            case str() as text if "\0" in text:
                raise ValueError("a text holds a NUL character")
            case bool():
                pass
            case int() as number if abs(number) > MAX_INTEGER:
                raise ValueError("an integer has more than 64 bits")
            case float() as number if not math.isfinite(number):
                raise ValueError("a number is too large")
            case _:
                pass
    return value
