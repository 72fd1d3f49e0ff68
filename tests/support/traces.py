"""Spans and log records of a running system, read from its files."""

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from infra import trace
from infra.trace import Span
from tests.support.local_system import LocalSystem, wait_until

TRACE = "logging.googleapis.com/trace"
CLIENTS_SPAN = "00f067aa0ba902b7"


def new_trace() -> str:
    """A trace id that a client chooses."""
    return uuid4().hex


def traceparent(trace_id: str, *, sampled: bool = True) -> str:
    """The header in which a client sends its trace id."""
    return f"00-{trace_id}-{CLIENTS_SPAN}-{int(sampled):02x}"


def spans(system: LocalSystem) -> list[Span]:
    """Every span recorded so far."""
    return trace.read(system.data / trace.FILE)


def spans_of(system: LocalSystem, job_id: str, met: Callable[[list[Span]], bool]) -> list[Span]:
    """Wait until the spans of a job meet the condition and return them."""
    found: list[Span] = []

    def look() -> bool:
        found[:] = trace.of_job(spans(system), job_id)
        return met(found)

    wait_until(look, what=f"the spans of {job_id}")
    return found


def names(spans: list[Span]) -> set[str]:
    """The names of the spans."""
    return {span.name for span in spans}


def lines(system: LocalSystem, *parts: str) -> list[dict[str, Any]]:
    """The JSON records in the logs of these processes."""
    texts = [(system.data / "logs" / f"{part}.log").read_text() for part in parts]
    return [json.loads(line) for text in texts for line in text.splitlines() if line[:1] == "{"]


def measured(system: LocalSystem, name: str, **about: str) -> list[float]:
    """The values of a metric, oldest first; ``about`` selects those of a job."""
    rows = [line for line in lines(system, "gateway") if line["message"] == "measured"]
    rows = [one for one in rows if about.items() <= one.items()]
    return [one[name] for one in rows if name in one]
