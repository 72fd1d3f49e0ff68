"""Structured JSON logging to standard output, in the format of Cloud Logging.

``bind`` adds fields to every line of the current request. Never log a prompt, token, signed URL or
key. A user id is logged as a hash.
"""

import contextvars
import hashlib
import json
import logging
import sys
import time
import traceback
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from shared.telemetry import trace_context
from shared.telemetry.settings import telemetry_settings

_NOTHING: Mapping[str, Any] = MappingProxyType({})
_bound = contextvars.ContextVar("bound", default=_NOTHING)
_traceparent = contextvars.ContextVar[str | None]("traceparent", default=None)
_began = contextvars.ContextVar[float]("began")

_TRACE = "logging.googleapis.com/trace"

logger = logging.getLogger("ourvidz")


def bind(**fields: Any) -> None:  # noqa: ANN401 - whatever JSON can hold
    """Add ``fields`` to all further lines of this request."""
    _bound.set({**_bound.get(), **fields})


def get_bound(name: str) -> object:
    """Return the bound field of that name; None if there is none."""
    return _bound.get().get(name)


def start_request_log(traceparent: str, **fields: Any) -> None:  # noqa: ANN401 - whatever JSON can hold
    """Start a request: reset the bound fields and set its trace (W3C Trace Context)."""
    _began.set(time.perf_counter())
    _traceparent.set(traceparent)
    _bound.set({**trace_fields(traceparent), **fields})


def traceparent() -> str | None:
    """Return the ``traceparent`` of this request, to pass on."""
    return _traceparent.get()


def request_seconds() -> float:
    """Return the duration of the current request so far, in seconds."""
    return time.perf_counter() - _began.get()


def emit_metrics(**figures: float) -> None:
    """Log values for metrics, by their names in infra/terraform/modules/monitoring."""
    logger.info("measured", extra={"fields": figures})


def user_hash(user_id: str) -> str:
    """Return a hash of a user id for log lines: stable, and not reversible."""
    return hashlib.sha256(f"ourvidz-user {user_id}".encode()).hexdigest()[:16]


def trace_fields(traceparent: str | None) -> dict[str, Any]:
    """Return the fields by which Cloud Logging and Cloud Trace link a line to a span."""
    trace = trace_context.parse(traceparent)
    if trace is None:
        return {}
    project = telemetry_settings().google_cloud_project
    return {
        _TRACE: f"projects/{project}/traces/{trace.trace_id}" if project else trace.trace_id,
        "logging.googleapis.com/spanId": trace.span_id,
        "logging.googleapis.com/trace_sampled": trace.is_sampled,
    }


class JsonLines(logging.Formatter):
    """Formats a record as one JSON object per line; line breaks in messages are escaped."""

    def format(self, record: logging.LogRecord) -> str:
        """Format the record with the request's bound fields and its ``extra={"fields": ...}``."""
        line: dict[str, Any] = {
            "severity": record.levelname,
            "message": record.getMessage(),
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
            + f".{int(record.msecs):03d}Z",
            **_bound.get(),
            **getattr(record, "fields", {}),
        }
        if "user_id" in line:
            line["user"] = user_hash(str(line.pop("user_id")))
        if record.exc_info:
            line["stack_trace"] = _format_exception(record.exc_info[1])
        return json.dumps(line, default=str)


def _format_exception(error: BaseException | None) -> str:
    """Return the stack trace of an error, its type and its SQLSTATE, if any.

    The message is left out, since it may quote a row or a request.
    """
    frames = "".join(traceback.format_tb(error.__traceback__)) if error else ""
    code = getattr(error, "sqlstate", None)
    return f"{frames}{type(error).__name__}" + (f": SQLSTATE {code}" if code else "")


def configure() -> None:
    """Send log lines to standard output. Safe to call twice."""
    if logger.handlers:
        return
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonLines())
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
