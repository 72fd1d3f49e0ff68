"""OpenTelemetry's SDK: where spans are made, and told of. Imported by the first span alone."""

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
from opentelemetry.trace import Link, NonRecordingSpan, Span, SpanContext, SpanKind, TraceFlags

from shared.contracts import span_file, trace_context
from shared.observability.tracing import Facts, Kind
from shared.settings import Telemetry

_PAUSE_MS = 1000
_MOST_AT_ONCE = 64
"""Writing so many takes a millisecond or two, for which a request may wait."""

_FLUSH_SECONDS = 5
_GOOGLE = ".googleapis.com"
_GOOGLE_SCOPE = "https://www.googleapis.com/auth/trace.append"


class File(SpanExporter):
    """Appends to a file."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)

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
        about = {"service.name": told.k_service or "functions"}
        if told.google_cloud_project:
            about["gcp.project_id"] = told.google_cloud_project
        sampler = ParentBased(TraceIdRatioBased(told.traces_ratio))
        self._provider = TracerProvider(sampler=sampler, resource=Resource(about))
        if told.traces_file:
            self._send_to(File(told.traces_file))
        if told.traces_endpoint:
            self._send_to(Collector(told.traces_endpoint))
        self._tracer = self._provider.get_tracer("ourvidz")
        self._is_ending = False
        self._tell_before_the_end()

    def start(self, name: str, kind: Kind, parent: str | None, facts: Facts) -> Span | None:
        """A span; None where it would be a part of nothing that is recorded."""
        here = trace.get_current_span()
        links = []
        if parent or kind == "server":
            context = _remote(parent)
            links = [Link(here.get_span_context())] if here.is_recording() else []
        elif here.is_recording():
            context = None
        else:
            return None
        return self._tracer.start_span(
            name, context, kind=SpanKind[kind.upper()], attributes=facts, links=links
        )

    @staticmethod
    def traceparent(span: Span) -> str:
        """What is handed on."""
        context = span.get_span_context()
        ids = f"{context.trace_id:032x}", f"{context.span_id:016x}"
        return str(trace_context.Traceparent(*ids, is_sampled=context.trace_flags.sampled))

    @contextmanager
    def current(self, span: Span) -> Iterator[None]:
        """What is started within is a part of it; it ends with the block."""
        with trace.use_span(
            span, end_on_exit=True, record_exception=False, set_status_on_exception=False
        ):
            yield
        if self._is_ending:
            self.flush()

    def flush(self) -> None:
        """Tell what has ended."""
        # In a thread, since a signal may interrupt the very thread that is telling.
        telling = threading.Thread(target=self._provider.force_flush, daemon=True)
        telling.start()
        telling.join(_FLUSH_SECONDS)

    def _send_to(self, exporter: SpanExporter) -> None:
        self._provider.add_span_processor(
            BatchSpanProcessor(
                exporter, schedule_delay_millis=_PAUSE_MS, max_export_batch_size=_MOST_AT_ONCE
            )
        )

    def _tell_before_the_end(self) -> None:
        """At SIGTERM uvicorn lets requests end, and then dies of it: no atexit is run."""
        if threading.current_thread() is not threading.main_thread():
            return
        before = signal.getsignal(signal.SIGTERM)

        def end(number: int, frame: FrameType | None) -> None:
            self._is_ending = True
            self.flush()
            if callable(before):
                before(number, frame)
            else:
                signal.signal(number, before or signal.SIG_DFL)
                signal.raise_signal(number)

        signal.signal(signal.SIGTERM, end)


def _remote(traceparent: str | None) -> Context:
    """Where a span goes on that began elsewhere."""
    given = trace_context.read(traceparent)
    if given is None:
        return Context()
    flags = TraceFlags(TraceFlags.SAMPLED if given.is_sampled else TraceFlags.DEFAULT)
    ids = int(given.trace_id, 16), int(given.span_id, 16)
    began = SpanContext(*ids, is_remote=True, trace_flags=flags)
    return trace.set_span_in_context(NonRecordingSpan(began), Context())
