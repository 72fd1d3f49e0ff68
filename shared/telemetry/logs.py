"""Logs as JSON lines, as Cloud Logging reads them from standard output.

``bind`` adds fields to every line of the request at hand. No prompt, token, signed URL or key is
ever given to a logger, and a user is told by a hash of their id.
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
    """Add ``fields`` to each further line of this request."""
    _bound.set({**_bound.get(), **fields})


def get_bound(name: str) -> object:
    """What was bound by that name."""
    return _bound.get().get(name)


def start_request_log(traceparent: str, **fields: Any) -> None:  # noqa: ANN401 - whatever JSON can hold
    """A request begins: forget what was bound, and take its trace (W3C Trace Context)."""
    _began.set(time.perf_counter())
    _traceparent.set(traceparent)
    _bound.set({**trace_fields(traceparent), **fields})


def traceparent() -> str | None:
    """The trace of this request, to hand on."""
    return _traceparent.get()


def request_seconds() -> float:
    """How long the request at hand has taken by now."""
    return time.perf_counter() - _began.get()


def emit_metrics(**figures: float) -> None:
    """Figures for metrics, by the names that they have in infra/terraform/modules/monitoring."""
    logger.info("measured", extra={"fields": figures})


def user_hash(user_id: str) -> str:
    """A user, as the lines tell them: the same in all, and no way back to the id."""
    return hashlib.sha256(f"ourvidz-user {user_id}".encode()).hexdigest()[:16]


def trace_fields(traceparent: str | None) -> dict[str, Any]:
    """The fields by which Cloud Logging and Cloud Trace link a line to a span."""
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
    """One JSON object a line; a line break in a message cannot make a second line."""

    def format(self, record: logging.LogRecord) -> str:
        """The record, its request's bound fields and its own ``extra={"fields": ...}``."""
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
    """Return where an error happened, its type, and Postgres' code for it.

    Its message is left out: it may quote a row or a request.
    """
    frames = "".join(traceback.format_tb(error.__traceback__)) if error else ""
    code = getattr(error, "sqlstate", None)
    return f"{frames}{type(error).__name__}" + (f": SQLSTATE {code}" if code else "")


def configure() -> None:
    """Send the product's lines to standard output. Safe to call twice."""
    if logger.handlers:
        return
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonLines())
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
