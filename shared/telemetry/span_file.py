"""Append spans to a file as OTLP JSON lines, one span per line.

The format is that of OpenTelemetry's file exporter. Functions and workers append to the same file,
each batch in one write, so that lines are not interleaved. Spans are finished spans of the SDK
(``ReadableSpan``).
"""

import fcntl
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

MAX_BYTES = 50_000_000
"""A larger file is rotated to ``.1``, which replaces the previously rotated file."""

_KINDS = {"INTERNAL": 1, "SERVER": 2, "CLIENT": 3, "PRODUCER": 4, "CONSUMER": 5}
_ERROR = {"code": 2}
_encode = json.JSONEncoder(separators=(",", ":")).encode


def append(path: Path, spans: Iterable[Any]) -> None:
    """Append spans to the file; create it if it is missing."""
    lines = "".join(_line(span) + "\n" for span in spans)
    opened = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(opened, lines.encode())
        if os.fstat(opened).st_size > MAX_BYTES:
            _rotate(opened, path)
    finally:
        os.close(opened)


def _rotate(opened: int, path: Path) -> None:
    """Rotate the file once, even if several processes find it too large."""
    fcntl.flock(opened, fcntl.LOCK_EX)
    if path.exists() and path.stat().st_ino == os.fstat(opened).st_ino:
        path.replace(path.with_name(path.name + ".1"))


def _line(span: Any) -> str:  # noqa: ANN401 - does not import the SDK
    resource = {"attributes": _attributes(span.resource.attributes)}
    scope_spans = {
        "scope": {"name": span.instrumentation_scope.name},
        "spans": [_span_record(span)],
    }
    return _encode({"resourceSpans": [{"resource": resource, "scopeSpans": [scope_spans]}]})


def _span_record(span: Any) -> dict[str, Any]:  # noqa: ANN401 - as above
    record = {
        "traceId": f"{span.context.trace_id:032x}",
        "spanId": f"{span.context.span_id:016x}",
        "name": span.name,
        "kind": _KINDS[span.kind.name],
        "startTimeUnixNano": str(span.start_time),
        "endTimeUnixNano": str(span.end_time),
        "attributes": _attributes(span.attributes),
        "status": _ERROR if span.status.status_code.name == "ERROR" else {},
    }
    if span.parent:
        record["parentSpanId"] = f"{span.parent.span_id:016x}"
    if span.links:
        record["links"] = [
            {
                "traceId": f"{link.context.trace_id:032x}",
                "spanId": f"{link.context.span_id:016x}",
            }
            for link in span.links
        ]
    return record


def _attributes(attributes: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    return [{"key": name, "value": _value(value)} for name, value in (attributes or {}).items()]


def _value(value: object) -> dict[str, object]:
    match value:
        case bool():
            return {"boolValue": value}
        case int():
            return {"intValue": str(value)}  # as protobuf writes 64 bits in JSON
        case float():
            return {"doubleValue": value}
        case _:
            return {"stringValue": str(value)}
