"""OpenTelemetry spans of requests and jobs, in the trace of the job.

Without a destination in the settings, no spans are recorded and the SDK is not imported. Span
attributes are names, ids and numbers, never a prompt, a URL or the text of an error.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from shared.telemetry import trace_context
from shared.telemetry.settings import telemetry_settings
from shared.telemetry.trace_context import Attributes, SpanKind

if TYPE_CHECKING:
    from opentelemetry.trace import Span

    from shared.telemetry.otel import Tracer


@dataclass(slots=True)
class Process:
    """Common properties of the spans of this process."""

    service_name: str = "functions"
    """The name of the service if Cloud Run sets none."""
    flush_on_sigterm: bool = True
    """Whether SIGTERM exports finished spans, since uvicorn then ends without ``atexit``."""


process = Process()
"""Set by the entry point of a process, before the first span."""


class SpanHandle:
    """A running span, or a stand-in that records nothing."""

    def __init__(self, traceparent: str | None, span: "Span | None" = None) -> None:
        self.traceparent = traceparent
        """The ``traceparent`` for child spans; None if there is no trace."""
        self._span = span

    def set_attributes(self, attributes: Attributes) -> None:
        """Add attributes to the span."""
        if self._span:
            self._span.set_attributes(attributes)

    def set_error(self, error_type: str) -> None:
        """Mark the span as failed."""
        if self._span:
            from opentelemetry.trace import StatusCode  # noqa: PLC0415 - only where there are spans

            self._span.set_status(StatusCode.ERROR)
            self._span.set_attribute("error.type", error_type)


@contextmanager
def span(
    name: str,
    kind: SpanKind = "internal",
    *,
    parent: str | None = None,
    attributes: Attributes | None = None,
) -> Iterator[SpanHandle]:
    """Time a block of code.

    An exception marks the span as failed, unless its attribute ``is_failure`` is false.

    Args:
        name: A name of low cardinality. Values that differ by request belong in ``attributes``.
        kind: As OpenTelemetry defines it. A ``server`` span without a parent starts a trace.
        parent: A ``traceparent`` to continue; the span is then linked to the current one. Without
            it the span is a child of the current span, and is not recorded if there is none.
        attributes: Attributes to start with.
    """
    tracer = _tracer()
    started = tracer.start(name, kind, parent, attributes or {}) if tracer else None
    if tracer is None or started is None:
        yield SpanHandle(parent)
        return
    handle = SpanHandle(tracer.traceparent(started), started)
    with tracer.as_current(started):
        try:
            yield handle
        except Exception as error:
            if getattr(error, "is_failure", True):
                handle.set_error(type(error).__name__)
            raise


def record_event(name: str, *, parent: str | None, attributes: Attributes) -> None:
    """Record an event of a job, as a span without duration in the job's trace."""
    with span(name, parent=parent, attributes=attributes):
        pass


def current_traceparent(default: str | None) -> str | None:
    """Return the ``traceparent`` of the current span, or ``default`` if there is none."""
    tracer = _tracer()
    return (tracer.current_traceparent() if tracer else None) or default


def unsampled(traceparent: str | None) -> str | None:
    """Return the trace marked as not recorded, for heartbeats, which come four times a second."""
    context = trace_context.parse(traceparent)
    return str(context.unsampled()) if context else None


def flush() -> None:
    """Export the finished spans. Blocks for up to five seconds."""
    if tracer := _tracer():
        tracer.flush()


@cache
def _tracer() -> "Tracer | None":
    settings = telemetry_settings()
    if not (settings.traces_file or settings.traces_endpoint):
        return None
    from shared.telemetry.otel import Tracer  # noqa: PLC0415 - the SDK, only where there are spans

    return Tracer(
        settings,
        service_name=settings.k_service or process.service_name,
        flush_on_sigterm=process.flush_on_sigterm,
    )
