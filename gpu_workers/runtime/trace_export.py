"""OpenTelemetry's SDK: where spans are made, and told of. Imported by the first span alone."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, ParentBased
from opentelemetry.trace import NonRecordingSpan, Span, SpanContext, SpanKind, TraceFlags

from gpu_workers.runtime.settings import Telemetry
from gpu_workers.runtime.tracing import Facts, Kind
from shared.contracts import span_file, trace_context

_PAUSE_MS = 1000
_MOST_AT_ONCE = 64
"""Writing so many takes a millisecond or two, for which a request may wait."""

_FLUSH_MS = 5000
_GOOGLE = ".googleapis.com"
_GOOGLE_SCOPE = "https://www.googleapis.com/auth/trace.append"


class File(SpanExporter):
    """Appends to a file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Append a batch. Raises OSError, which the SDK logs."""
        span_file.append(self._path, spans)
        return SpanExportResult.SUCCESS


class Collector(SpanExporter):
    """Sends by OTLP over HTTP; what that takes is imported by the batch that needs it."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send a batch."""
        return self._client.export(spans)

    @cached_property
    def _client(self) -> SpanExporter:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415
            OTLPSpanExporter,
        )

        if not (urlsplit(self._endpoint).hostname or "").endswith(_GOOGLE):
            return OTLPSpanExporter(endpoint=self._endpoint)
        import google.auth  # noqa: PLC0415 - only Google asks who is sending
        from google.auth.transport.requests import AuthorizedSession  # noqa: PLC0415

        credentials, _ = google.auth.default(scopes=[_GOOGLE_SCOPE])
        return OTLPSpanExporter(endpoint=self._endpoint, session=AuthorizedSession(credentials))


class Spans:
    """The process's spans."""

    def __init__(self, told: Telemetry) -> None:
        about = {"service.name": "worker"}
        if told.google_cloud_project:
            about["gcp.project_id"] = told.google_cloud_project
        # Whoever began the trace has decided whether it is kept.
        self._provider = TracerProvider(sampler=ParentBased(ALWAYS_ON), resource=Resource(about))
        if told.traces_file:
            self._send_to(File(told.traces_file))
        if told.traces_endpoint:
            self._send_to(Collector(told.traces_endpoint))
        self._tracer = self._provider.get_tracer("ourvidz")

    def start(self, name: str, kind: Kind, parent: str | None, facts: Facts) -> Span | None:
        """A span; None where it would be a part of nothing that is recorded."""
        context = _remote(parent)
        if context is None and not trace.get_current_span().is_recording():
            return None
        return self._tracer.start_span(name, context, kind=SpanKind[kind.upper()], attributes=facts)

    @staticmethod
    def current(span: Span) -> AbstractContextManager[Span]:
        """What is started within is a part of it; it ends with the block."""
        return trace.use_span(
            span, end_on_exit=True, record_exception=False, set_status_on_exception=False
        )

    @staticmethod
    def traceparent(span: Span) -> str:
        """What is handed on."""
        context = span.get_span_context()
        ids = f"{context.trace_id:032x}", f"{context.span_id:016x}"
        return str(trace_context.Traceparent(*ids, is_sampled=context.trace_flags.sampled))

    def going_on(self) -> str | None:
        """The traceparent of what is going on."""
        here = trace.get_current_span()
        return self.traceparent(here) if here.get_span_context().is_valid else None

    def flush(self) -> None:
        """Tell what has ended."""
        self._provider.force_flush(_FLUSH_MS)

    def _send_to(self, exporter: SpanExporter) -> None:
        self._provider.add_span_processor(
            BatchSpanProcessor(
                exporter, schedule_delay_millis=_PAUSE_MS, max_export_batch_size=_MOST_AT_ONCE
            )
        )


def _remote(traceparent: str | None) -> Context | None:
    """Where a span goes on that began elsewhere."""
    given = trace_context.read(traceparent)
    if given is None:
        return None
    flags = TraceFlags(TraceFlags.SAMPLED if given.is_sampled else TraceFlags.DEFAULT)
    ids = int(given.trace_id, 16), int(given.span_id, 16)
    began = SpanContext(*ids, is_remote=True, trace_flags=flags)
    return trace.set_span_in_context(NonRecordingSpan(began), Context())
