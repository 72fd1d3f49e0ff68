"""Spans: what a worker did for a job and for how long, in the job's own trace (OpenTelemetry).

Off unless a setting says where spans go; then nothing of OpenTelemetry's SDK is imported. A span
holds names, ids and figures: no prompt, no address, no text of an error.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Literal

from gpu_workers.runtime import settings
from gpu_workers.runtime.pipeline import Stopped
from shared.contracts import trace_context

if TYPE_CHECKING:
    from opentelemetry.trace import Span

    from gpu_workers.runtime.trace_export import Spans

Kind = Literal["internal", "client", "consumer"]
Facts = Mapping[str, str | int | float | bool]


class Traced:
    """A block of work, as it is told about."""

    def __init__(self, traceparent: str | None, span: "Span | None" = None) -> None:
        self.traceparent = traceparent
        """Under which whatever comes of the block goes on; None where there is no trace."""
        self._span = span

    def tell(self, facts: Facts) -> None:
        """Add to what is told of it."""
        if self._span:
            self._span.set_attributes(facts)

    def fail(self, error_type: str) -> None:
        """It ended by an error."""
        if self._span:
            from opentelemetry.trace import StatusCode  # noqa: PLC0415 - only where there are spans

            self._span.set_status(StatusCode.ERROR)
            self._span.set_attribute("error.type", error_type)


@contextmanager
def span(
    name: str, kind: Kind = "internal", *, parent: str | None = None, facts: Facts | None = None
) -> Iterator[Traced]:
    """Time a block of work: under ``parent``, else a part of what is going on, else nothing."""
    spans = _spans()
    started = spans.start(name, kind, parent, facts or {}) if spans else None
    if spans is None or started is None:
        yield Traced(parent)
        return
    traced = Traced(spans.traceparent(started), started)
    with spans.current(started):
        try:
            yield traced
        except Exception as error:
            if not isinstance(error, Stopped):
                traced.fail(type(error).__name__)
            raise


def traceparent(otherwise: str | None) -> str | None:
    """What a request for the job at hand carries; ``otherwise`` where there are no spans."""
    spans = _spans()
    return (spans.going_on() if spans else None) or otherwise


def unrecorded(traceparent: str | None) -> str | None:
    """The same for what is not worth a span: heartbeats come four times a second."""
    told = trace_context.read(traceparent)
    return str(told.unrecorded()) if told else None


def flush() -> None:
    """Tell what has ended. It blocks."""
    if spans := _spans():
        spans.flush()


@cache
def _spans() -> "Spans | None":
    told = settings.telemetry()
    if not (told.traces_file or told.traces_endpoint):
        return None
    from gpu_workers.runtime.trace_export import Spans  # noqa: PLC0415 - the SDK, if need be

    return Spans(told)
