"""Spans: what a request did and for how long, in the one trace of its job (OpenTelemetry).

Off unless a setting says where spans go; then nothing of OpenTelemetry's SDK is imported. A span
holds names, ids and figures: no prompt, no address, no text of an error.
"""

import functools
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

from shared import settings
from shared.errors import Problem

if TYPE_CHECKING:
    from opentelemetry.trace import Span

    from shared.observability.otel import Spans

Kind = Literal["internal", "server", "client", "producer", "consumer"]
Facts = Mapping[str, str | int | float | bool]

_SERVER_ERROR = 500


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
        """It ended by our fault."""
        if self._span:
            from opentelemetry.trace import StatusCode  # noqa: PLC0415 - only where there are spans

            self._span.set_status(StatusCode.ERROR)
            self._span.set_attribute("error.type", error_type)


@contextmanager
def span(
    name: str, kind: Kind = "internal", *, parent: str | None = None, facts: Facts | None = None
) -> Iterator[Traced]:
    """Time a block of work.

    Args:
        name: of few different values; what differs by request is a fact.
        kind: as OpenTelemetry has it. A server begins a trace where it is given none.
        parent: the ``traceparent`` under which it happens, linked with the request at hand; without
            one, a part of the request at hand, and nothing where none is being recorded.
        facts: what is told of it.
    """
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
            if not isinstance(error, Problem) or error.status >= _SERVER_ERROR:
                traced.fail(type(error).__name__)
            raise


def note(name: str, *, parent: str | None, facts: Facts) -> None:
    """Tell of something that happened to a job, in its trace, at this moment."""
    with span(name, parent=parent, facts=facts):
        pass


@functools.cache
def _spans() -> "Spans | None":
    told = settings.telemetry()
    if not (told.traces_file or told.traces_endpoint):
        return None
    from shared.observability.otel import Spans  # noqa: PLC0415 - the SDK, which nobody else needs

    return Spans(told)
