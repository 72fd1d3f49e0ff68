"""Log lines in the JSON format of Cloud Logging."""

import json
import logging
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from shared.telemetry import logs
from shared.telemetry.settings import telemetry_settings

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
TRACEPARENT = f"00-{TRACE}-{SPAN}-01"


@pytest.fixture(autouse=True)
def _reset_settings() -> Iterator[None]:
    telemetry_settings.cache_clear()
    yield
    telemetry_settings.cache_clear()


def _line(message: str = "said", *, level: int = logging.INFO, **fields: object) -> dict[str, Any]:
    record = logging.LogRecord("ourvidz", level, __file__, 1, message, None, None)
    record.fields = fields
    text = logs.JsonLines().format(record)
    assert "\n" not in text
    line: dict[str, Any] = json.loads(text)
    return line


def test_a_line_has_what_cloud_logging_looks_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "our-project")
    logs.start_request_log(TRACEPARENT, function="rest")
    logs.bind(job_id="7")
    line = _line("said\nsaid again", level=logging.WARNING, ms=1.5)
    assert line.pop("time").endswith("Z")
    assert line == {
        "severity": "WARNING",
        "message": "said\nsaid again",
        "logging.googleapis.com/trace": f"projects/our-project/traces/{TRACE}",
        "logging.googleapis.com/spanId": SPAN,
        "logging.googleapis.com/trace_sampled": True,
        "function": "rest",
        "job_id": "7",
        "ms": 1.5,
    }


def test_without_a_project_a_trace_goes_by_its_id(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GOOGLE_CLOUD_PROJECT", raising=False)
    logs.start_request_log(TRACEPARENT)
    assert _line()["logging.googleapis.com/trace"] == TRACE
    assert logs.trace_fields(TRACEPARENT)["logging.googleapis.com/trace"] == TRACE
    assert logs.trace_fields(None) == {}


def test_a_user_is_logged_as_a_hash_only() -> None:
    one, other = str(uuid4()), str(uuid4())
    logs.start_request_log(TRACEPARENT)
    logs.bind(user_id=one)
    assert one not in json.dumps(_line())
    assert _line()["user"] == _line()["user"] == logs.user_hash(one)
    assert _line(user_id=other)["user"] == logs.user_hash(other) != logs.user_hash(one)


def test_what_a_request_binds_ends_with_it() -> None:
    logs.start_request_log(TRACEPARENT)
    logs.bind(job_id="7")
    logs.start_request_log(TRACEPARENT)
    assert "job_id" not in _line()
    assert logs.get_bound("job_id") is None
