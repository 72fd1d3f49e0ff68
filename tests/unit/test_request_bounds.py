"""Every field of every request accepts only values that Postgres can store."""

import math
import struct
from collections.abc import Iterator
from typing import Annotated, Any, get_args, get_type_hints

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from infra import manifest as the_map
from infra.openapi import introspect
from shared.contracts.worker_protocol import CallbackRequest

_BIGINTS = {"ReportedAsset.file_size_bytes", "ReportedAsset.seed"}
"""The fields whose column is a ``bigint``; every other number is an ``integer`` or a ``real``."""

_IN_JSON = {"JobMetadata"}
"""The models whose fields are stored within a ``jsonb`` value, which holds any finite number."""

_OBJECT_NAMES = {
    "SignManyRequest.paths",
    "ListRequest.prefix",
    "ListRequest.search",
    "RemoveRequest.prefixes",
}
"""Names of objects. A name that ``user_uploads.is_valid_key`` refuses is answered like one that
does not exist, and reaches no query (tests/integration/storage/test_storage_function*.py).
"""

_NUMBERS = [
    *(str(sign * 2**bits) for bits in (31, 32, 63, 64, 1000) for sign in (1, -1)),
    *(str(-(2**bits) - 1) for bits in (31, 63)),
    *("1e39", "-1e39", "1e308", "1e999", "-1e999", "1e-46", "-1e-50", "1e-320"),
    *("NaN", "Infinity", "-Infinity"),
]
_TEXTS = [r'"\u0000"', r'"a\u0000b"', r'"\ud800"', r'"\udc00a"', r'"a\ud800\u0061"']
_WRAPPERS = ["{}", "[{}]", '{{"a": {}}}', '{{"a": {{"b": [{{"c": {}}}]}}}}']
_VALUES = [
    *(wrapper.format(value) for wrapper in _WRAPPERS for value in (*_NUMBERS, *_TEXTS)),
    *(f"{{{text}: 1}}" for text in _TEXTS),
    *(f'{{"a": [{{{text}: 1}}]}}' for text in _TEXTS),
]
"""As JSON, each alone and inside lists and objects."""


def _models_in(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        for field in annotation.model_fields.values():
            yield from _models_in(field.annotation)
    for argument in get_args(annotation):
        yield from _models_in(argument)


def _fields_of(model: type[BaseModel]) -> Iterator[tuple[str, TypeAdapter[Any]]]:
    for name, field in model.model_fields.items():
        annotation: Any = field.annotation
        if field.metadata:
            annotation = Annotated[(annotation, *field.metadata)]
        yield f"{model.__name__}.{name}", TypeAdapter(annotation)
    if model.model_config.get("extra") == "allow":
        extra = get_type_hints(model, include_extras=True)["__pydantic_extra__"]
        yield f"{model.__name__}.*", TypeAdapter(extra)


def _requests() -> Iterator[type[BaseModel]]:
    """Yield the models that any endpoint reads from a body, with all nested models."""
    for function in the_map.read().functions.values():
        for operation in introspect.operations(function):
            yield from _models_in(operation.reads)


FIELDS = dict(pair for model in _requests() for pair in _fields_of(model))


def _is_storable(value: object, max_int: int) -> bool:
    """Return whether a column of the field's type can store what the field accepted."""
    match value:
        case bool():
            return True
        case int():
            return -max_int - 1 <= value <= max_int
        case float():
            return math.isfinite(value) and _is_float4(value)
        case str() | dict() | list():
            return _is_json(value)
        case _:
            return True  # a nested model; its own fields are tested separately


def _is_float4(value: float) -> bool:
    try:
        (stored,) = struct.unpack("<f", struct.pack("<f", value))
    except OverflowError:
        return False
    return math.isfinite(stored) and (stored == 0) == (value == 0)


def _is_json(value: object) -> bool:
    match value:
        case str():
            return "\0" not in value and not any("\ud800" <= one <= "\udfff" for one in value)
        case float():
            return math.isfinite(value)
        case dict():
            return all(_is_json(one) for pair in value.items() for one in pair)
        case list() | tuple() | set() | frozenset():
            return all(_is_json(one) for one in value)
        case _:
            return True


@pytest.mark.parametrize("name", sorted(FIELDS.keys() - _OBJECT_NAMES))
def test_a_field_accepts_only_what_its_column_holds(name: str) -> None:
    model = name.partition(".")[0]
    max_int = 2**63 - 1 if name in _BIGINTS else 2**31 - 1
    for value in _VALUES:
        try:
            accepted = FIELDS[name].validate_json(value)
        except ValidationError:
            continue
        is_storable = _is_json(accepted) if model in _IN_JSON else _is_storable(accepted, max_int)
        assert is_storable, f"{name} accepts {value[:60]}"


def test_every_request_is_walked() -> None:
    """The list must not be empty: new endpoints are discovered, and a rule over none would pass."""
    models = {name.partition(".")[0] for name in FIELDS}
    assert {"CallbackRequest", "ReportedAsset", "JobFailure", "UpdateWorkerUrlRequest"} <= models
    assert {"QueueJobRequest", "JobMetadata", "CreateCollection", "PlaygroundChatRequest"} <= models
    assert len(models) > 25
    assert all(f"CallbackRequest.{name}" in FIELDS for name in CallbackRequest.model_fields)
