"""Plain messages for the validation errors of pydantic: what is wrong with which field."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ValidationError

_Context = Mapping[str, Any]

_BOUNDS: dict[str, Callable[[_Context], str]] = {
    "string_too_short": lambda ctx: _at_least(ctx["min_length"], is_text=True),
    "string_too_long": lambda ctx: _at_most(ctx["max_length"], is_text=True),
    "too_short": lambda ctx: _at_least(ctx["min_length"], is_text=_is_text(ctx)),
    "too_long": lambda ctx: _at_most(ctx["max_length"], is_text=_is_text(ctx)),
    "greater_than": lambda ctx: f"must be greater than {_number(ctx['gt'])}",
    "greater_than_equal": lambda ctx: f"must be at least {_number(ctx['ge'])}",
    "less_than": lambda ctx: f"must be less than {_number(ctx['lt'])}",
    "less_than_equal": lambda ctx: f"must be at most {_number(ctx['le'])}",
    "literal_error": lambda ctx: f"must be one of: {_options(ctx['expected'])}",
    "union_tag_invalid": lambda ctx: f"must be one of: {_options(ctx['expected_tags'])}",
}
"""By the type of an error that has a bound: its message. What was sent is never part of it."""

_TYPES = {
    "missing": "is required",
    "extra_forbidden": "is not a known field",
    "string_pattern_mismatch": "has an invalid format",
    "finite_number": "must be a finite number",
    "union_tag_not_found": "is required",
}
_TYPE_PREFIXES = {
    "string_": "must be a string",
    "int_": "must be an integer",
    "float_": "must be a number",
    "bool_": "must be true or false",
    "list_": "must be a list",
    "tuple_": "must be a list",
    "set_": "must be a list",
    "dict_": "must be an object",
    "model_": "must be an object",
    "uuid_": "must be a UUID",
    "datetime_": "must be a date and time with an offset, such as 2026-01-31T12:00:00Z",
    "url_": "must be a URL",
    "none_": "must be null",
}
"""By the beginning of an error's type, for every type that a value may fail to have."""


def error_details(error: ValidationError) -> list[dict[str, str]]:
    """Return each field that failed: its name in the request, a message, and pydantic's type.

    A message is a sentence that names the field, such as "Prompt must not be empty.". It never
    contains the value that was sent.
    """
    details = []
    for item in error.errors(include_input=False, include_url=False):
        kind, ctx = item["type"], item.get("ctx", {})
        path = _path(kind, item["loc"], ctx)
        message = _message(kind, path, item["msg"], ctx)
        details.append({"field": ".".join(map(str, path)), "message": message, "type": kind})
    return details


def summary(details: list[dict[str, str]]) -> str:
    """Return one message for all of them: the first, and how many more there are."""
    first, more = details[0]["message"], len(details) - 1
    if not more:
        return first
    return (
        f"{first} {more} more {'field is' if more == 1 else 'fields are'} not valid; see details."
    )


def _message(kind: str, path: tuple[int | str, ...], text: str, ctx: _Context) -> str:
    label = _label(path)
    if text.startswith("must "):  # of our own contracts
        return f"{label} {text}."
    if kind in _BOUNDS:
        return f"{label} {_BOUNDS[kind](ctx)}."
    for beginning, predicate in {**_TYPES, **_TYPE_PREFIXES}.items():
        if kind.startswith(beginning):
            return f"{label} {predicate}."
    return f"{label}: {text.removeprefix('Value error, ')}."


def _path(kind: str, path: tuple[int | str, ...], ctx: _Context) -> tuple[int | str, ...]:
    """The error's location; an unknown or missing tag is an error of the tag's own field."""
    if kind.startswith("union_tag"):
        return (*path, str(ctx["discriminator"]).strip("'"))
    return path


def _label(path: tuple[int | str, ...]) -> str:
    """Return a field's name as a sentence begins with it: ``Title``, but ``assetId`` as it is."""
    if not path:
        return "The body"
    *before, last = path
    if isinstance(last, int):
        return f"Item {last + 1} of {before[-1] if before else 'the body'}"
    return last.capitalize() if last.islower() and last.isalpha() else last


def _is_text(ctx: _Context) -> bool:
    """Whether a length is in characters: pydantic calls a text with a custom type a value."""
    return bool(ctx["field_type"] == "Value")


def _at_least(limit: int, *, is_text: bool) -> str:
    if limit == 1:
        return "must not be empty"
    if is_text:
        return f"must be at least {limit} characters long"
    return f"must have at least {limit} items"


def _at_most(limit: int, *, is_text: bool) -> str:
    plural = "" if limit == 1 else "s"
    if is_text:
        return f"must be at most {limit} character{plural} long"
    return f"must have at most {limit} item{plural}"


def _number(bound: float) -> str:
    return f"{bound:g}" if isinstance(bound, float) else str(bound)


def _options(expected: str) -> str:
    """Pydantic's list, ``'a', 'b' or 'c'``, without quotation marks."""
    return re.sub(r" or ", ", ", expected).replace("'", "")
