"""Structured logs: one JSON line per event on stdout, in Cloud Logging's format.

No line holds a prompt, a signed URL or a key: events carry ids and numbers, and the text of an
exception is redacted.
"""

import json
import logging
import re
import sys
import traceback
from collections.abc import Sequence
from datetime import UTC, datetime

_URL = re.compile(r"https?://[^\s'\"]+")
_MAX_TRACE = 8000


def event(message: str, *, severity: str = "INFO", **fields: object) -> None:
    """Write one line; a field whose value is None is left out."""
    line = {
        "severity": severity,
        "message": message,
        "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
        **{name: value for name, value in fields.items() if value is not None},
    }
    sys.stdout.write(json.dumps(line, default=str) + "\n")
    sys.stdout.flush()


def format_exception(error: BaseException, secrets: Sequence[str] = ()) -> str:
    """Return the exception's traceback without URLs and without any of ``secrets``.

    Only the last 8,000 characters are kept.
    """
    text = "".join(traceback.format_exception(error))
    for secret in filter(None, secrets):
        text = text.replace(secret, "[redacted]")
    return _URL.sub("[address]", text)[-_MAX_TRACE:]


class _Handler(logging.Handler):
    """Writes the log records of libraries as lines of the same format."""

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        event(
            _URL.sub("[address]", record.getMessage()),
            severity=record.levelname,
            logger=record.name,
            trace=format_exception(error) if error else None,
        )


def redirect_library_logs() -> None:
    """Write the warnings and errors of libraries here; their lower levels would print URLs."""
    logging.basicConfig(level=logging.WARNING, handlers=[_Handler()], force=True)
