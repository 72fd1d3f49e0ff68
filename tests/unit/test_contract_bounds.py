"""Every text, list and object of a request has a limit in its contract."""

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, TypeAdapter

from infra import manifest as the_map
from infra.openapi import introspect
from shared.contracts.worker_protocol import SignedManifest
from shared.contracts.worker_registration import Health

_BODY = "bounded by the limit of the body that it is read from"
_JSON = "bounded as JSON, by postgres.PostgresJson"
_METADATA = "bounded with all metadata, by jobs.MAX_METADATA_BYTES"

BOUNDED_ELSEWHERE = {
    "ReportedAsset.generationSettings": _JSON,
    "CallbackRequest.metadata": _JSON,
    "JobMetadata.*": _METADATA,
    "JobMetadata.bucket": _METADATA,
    "JobMetadata.queue": _METADATA,
    "SignedManifest.body": _BODY,
    "SignedManifest.headers": _BODY,
}
"""Fields that their own schema does not bound, and where each is bounded instead."""

_BOUNDED_FORMATS = {"uuid", "date-time", "date", "time"}
_READ_BY_US: list[type[BaseModel]] = [SignedManifest, Health]
"""Messages that are not requests: the manifest a worker uploads, and its health response."""


def _unbounded(name: str, schema: dict[str, Any]) -> Iterator[str]:
    for key in ("anyOf", "oneOf", "allOf"):
        for one in schema.get(key, []):
            yield from _unbounded(name, one)
    match schema.get("type"):
        case "string" if not _is_bounded_text(schema):
            yield name
        case "array" if "maxItems" not in schema:
            yield name
        case "array":
            yield from _unbounded(name, schema.get("items", {}))
        case "object" if "properties" not in schema:
            yield name
        case _:
            return


def _is_bounded_text(schema: dict[str, Any]) -> bool:
    is_listed = "enum" in schema or "const" in schema
    return is_listed or "maxLength" in schema or schema.get("format") in _BOUNDED_FORMATS


def _definitions() -> dict[str, dict[str, Any]]:
    """Return the schema of each model that is read, by name."""
    found: dict[str, dict[str, Any]] = {}
    read: list[Any] = [
        operation.reads
        for function in the_map.read().functions.values()
        for operation in introspect.operations(function)
        if operation.reads is not None
    ]
    for model in [*read, *_READ_BY_US]:
        schema = TypeAdapter(model).json_schema()
        found |= schema.get("$defs", {})
        found[schema.get("title", "")] = schema
    return found


def test_every_field_of_a_request_is_bounded() -> None:
    unbounded = set()
    definitions = _definitions()
    for name, schema in definitions.items():
        for field, value in schema.get("properties", {}).items():
            unbounded |= set(_unbounded(f"{name}.{field}", value))
        if "properties" in schema and schema.get("additionalProperties"):
            unbounded.add(f"{name}.*")
    assert {
        "QueueJobRequest",
        "ReportedAsset",
        "CreateCollection",
        "ListRequest",
    } <= definitions.keys()
    assert unbounded == BOUNDED_ELSEWHERE.keys()
