"""OpenTelemetry SDK setup: provider, exporters, flush at SIGTERM.

It is imported by the first span of a process.
"""

import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from types import FrameType
from urllib.parse import urlsplit

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import Link, NonRecordingSpan, Span, SpanContext, TraceFlags
from opentelemetry.trace import SpanKind as OtelSpanKind

from shared.telemetry import span_file, trace_context
from shared.telemetry.settings import TelemetrySettings
from shared.telemetry.trace_context import Attributes, SpanKind

_EXPORT_INTERVAL_MS = 1000
_BATCH_SIZE = 64
"""Writing this many spans delays a request by a millisecond or two."""

_FLUSH_TIMEOUT_SECONDS = 5
_GOOGLE = ".googleapis.com"
_GOOGLE_SCOPE = "https://www.googleapis.com/auth/trace.append"


class FileSpanExporter(SpanExporter):
    """Appends spans to a file."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Append a batch.

        Raises:
            OSError: The file cannot be written; the SDK logs it.
        """
        span_file.append(self._path, spans)
        return SpanExportResult.SUCCESS


class OtlpSpanExporter(SpanExporter):
    """Sends spans by OTLP over HTTP. The exporter is imported with the first batch."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send a batch."""
        return self._exporter.export(spans)

    @cached_property
    def _exporter(self) -> SpanExporter:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415
            OTLPSpanExporter,
        )

        if not (urlsplit(self._endpoint).hostname or "").endswith(_GOOGLE):
            return OTLPSpanExporter(endpoint=self._endpoint)
        import google.auth  # noqa: PLC0415 - only Google needs credentials
        from google.auth.transport.requests import AuthorizedSession  # noqa: PLC0415

        credentials, _ = google.auth.default(scopes=[_GOOGLE_SCOPE])
        return OTLPSpanExporter(endpoint=self._endpoint, session=AuthorizedSession(credentials))


class Tracer:
    """Starts the spans of a process and exports them."""

    def __init__(
        self, settings: TelemetrySettings, *, service_name: str, flush_on_sigterm: bool
    ) -> None:
        resource = {"service.name": service_name}
        if settings.google_cloud_project:
            resource["gcp.project_id"] = settings.google_cloud_project
        sampler = ParentBased(TraceIdRatioBased(settings.traces_ratio))
        self._provider = TracerProvider(sampler=sampler, resource=Resource(resource))
        if settings.traces_file:
            self._export_to(FileSpanExporter(settings.traces_file))
        if settings.traces_endpoint:
            self._export_to(OtlpSpanExporter(settings.traces_endpoint))
        self._tracer = self._provider.get_tracer("ourvidz")
        self._is_terminating = False
        if flush_on_sigterm:
            self._flush_on_sigterm()

    def start(
        self, name: str, kind: SpanKind, parent: str | None, attributes: Attributes
    ) -> Span | None:
        """Start a span; None if it would not belong to a recorded trace."""
        current = trace.get_current_span()
        context = _remote_context(parent)
        if context is None and kind == "server":
            context = Context()
        if context is None and not current.is_recording():
            return None
        is_linked = context is not None and current.is_recording()
        return self._tracer.start_span(
            name,
            context,
            kind=OtelSpanKind[kind.upper()],
            attributes=attributes,
            links=[Link(current.get_span_context())] if is_linked else [],
        )

    @staticmethod
    def traceparent(span: Span) -> str:
        """Return the ``traceparent`` with which other processes continue the span."""
        context = span.get_span_context()
        ids = f"{context.trace_id:032x}", f"{context.span_id:016x}"
        return str(trace_context.Traceparent(*ids, is_sampled=context.trace_flags.sampled))

    def current_traceparent(self) -> str | None:
        """Return the ``traceparent`` of the current span; None if there is none."""
        current = trace.get_current_span()
        return self.traceparent(current) if current.get_span_context().is_valid else None

    @contextmanager
    def as_current(self, span: Span) -> Iterator[None]:
        """Make a span the current one, and end it with the block."""
        with trace.use_span(
            span, end_on_exit=True, record_exception=False, set_status_on_exception=False
        ):
            yield
        if self._is_terminating:
            self.flush()

    def flush(self) -> None:
        """Export the spans that have ended."""
        # In a thread, since the signal may have interrupted the thread that is exporting.
        exporting = threading.Thread(target=self._provider.force_flush, daemon=True)
        exporting.start()
        exporting.join(_FLUSH_TIMEOUT_SECONDS)

    def _export_to(self, exporter: SpanExporter) -> None:
        self._provider.add_span_processor(
            BatchSpanProcessor(
                exporter,
                schedule_delay_millis=_EXPORT_INTERVAL_MS,
                max_export_batch_size=_BATCH_SIZE,
            )
        )

    def _flush_on_sigterm(self) -> None:
        """Export at SIGTERM, and after each span that ends from then on."""
        if threading.current_thread() is not threading.main_thread():
            return
        previous = signal.getsignal(signal.SIGTERM)

        def handle(number: int, frame: FrameType | None) -> None:
            self._is_terminating = True
            self.flush()
            if callable(previous):
                previous(number, frame)
            else:
                signal.signal(number, previous or signal.SIG_DFL)
                signal.raise_signal(number)

        signal.signal(signal.SIGTERM, handle)


def _remote_context(traceparent: str | None) -> Context | None:
    """Return the context of a span that another process started; None if there is none."""
    parsed = trace_context.parse(traceparent)
    if parsed is None:
        return None
    flags = TraceFlags(TraceFlags.SAMPLED if parsed.is_sampled else TraceFlags.DEFAULT)
    ids = int(parsed.trace_id, 16), int(parsed.span_id, 16)
    remote = SpanContext(*ids, is_remote=True, trace_flags=flags)
    return trace.set_span_in_context(NonRecordingSpan(remote), Context())
