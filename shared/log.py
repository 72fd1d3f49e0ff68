"""Logs as JSON lines, as Cloud Logging reads them from standard output.

``bind`` adds fields to every line of the request at hand. No prompt, token, signed URL or key is
ever given to a logger.
"""

import contextvars
import json
import logging
import sys
import time
import traceback
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

_NOTHING: Mapping[str, Any] = MappingProxyType({})
_bound = contextvars.ContextVar("bound", default=_NOTHING)
_traceparent = contextvars.ContextVar[str | None]("traceparent", default=None)

logger = logging.getLogger("ourvidz")


def bind(**fields: Any) -> None:  # noqa: ANN401 - whatever JSON can hold
    """Add ``fields`` to each further line of this request."""
    _bound.set({**_bound.get(), **fields})


def begin(traceparent: str, **fields: Any) -> None:  # noqa: ANN401 - whatever JSON can hold
    """A request begins: forget what was bound, and take its trace (W3C Trace Context)."""
    _traceparent.set(traceparent)
    _bound.set({"trace": traceparent.split("-")[1], **fields})


def traceparent() -> str | None:
    """The trace of this request, to hand on."""
    return _traceparent.get()


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
        if record.exc_info:
            line["stack_trace"] = _trace(record.exc_info[1])
        return json.dumps(line, default=str)


def _trace(error: BaseException | None) -> str:
    """Where it happened and what kind it was.

    An error's own text may quote a row or a request, so only Postgres' primary message, which
    quotes neither, is told.
    """
    frames = "".join(traceback.format_tb(error.__traceback__)) if error else ""
    primary = getattr(getattr(error, "diag", None), "message_primary", None)
    return f"{frames}{type(error).__name__}: {primary or 'see the frames'}"


def configure() -> None:
    """Send the product's lines to standard output. Safe to call twice."""
    if logger.handlers:
        return
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonLines())
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
