"""What a running system has told of its work: spans and lines, read from its files."""

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
    """The header by which the client tells it."""
    return f"00-{trace_id}-{CLIENTS_SPAN}-{int(sampled):02x}"


def spans(system: LocalSystem) -> list[Span]:
    """Every span that was told by now."""
    return trace.read(system.data / trace.FILE)


def spans_of(system: LocalSystem, job_id: str, met: Callable[[list[Span]], bool]) -> list[Span]:
    """The spans of a job, once they are as they should be."""
    found: list[Span] = []

    def look() -> bool:
        found[:] = trace.of_job(spans(system), job_id)
        return met(found)

    wait_until(look, what=f"the spans of {job_id}")
    return found


def names(spans: list[Span]) -> set[str]:
    """Of those spans."""
    return {span.name for span in spans}


def lines(system: LocalSystem, *parts: str) -> list[dict[str, Any]]:
    """The JSON lines in the parts' logs."""
    texts = [(system.data / "logs" / f"{part}.log").read_text() for part in parts]
    return [json.loads(line) for text in texts for line in text.splitlines() if line[:1] == "{"]


def measured(system: LocalSystem, name: str, **about: str) -> list[float]:
    """What was measured by that name, oldest first; of one job, where it is named."""
    rows = [line for line in lines(system, "gateway") if line["message"] == "measured"]
    rows = [one for one in rows if about.items() <= one.items()]
    return [one[name] for one in rows if name in one]
