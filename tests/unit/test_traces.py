"""Trace headers, and the file of spans."""

import json
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import ClassVar

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from infra import trace
from shared.telemetry import span_file, trace_context
from tests.support.local_system import TIMEOUT_SECONDS

ROOT = Path(__file__).parents[2]
TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (f"00-{TRACE}-{SPAN}-01", f"00-{TRACE}-{SPAN}-01"),
        (f"00-{TRACE}-{SPAN}-00", f"00-{TRACE}-{SPAN}-00"),
        (f"00-{TRACE}-{SPAN}-03", f"00-{TRACE}-{SPAN}-01"),
        (f"cc-{TRACE}-{SPAN}-01-what-comes-later", f"00-{TRACE}-{SPAN}-01"),
        (f"00-{TRACE}-{SPAN}-01-more", None),
        (f"ff-{TRACE}-{SPAN}-01", None),
        (f"00-{'0' * 32}-{SPAN}-01", None),
        (f"00-{TRACE}-{'0' * 16}-01", None),
        (f"00-{TRACE.upper()}-{SPAN}-01", None),
        (f"00-{TRACE}-{SPAN}-01\n", None),
        (f" 00-{TRACE}-{SPAN}-01", None),
        (f"00-{TRACE}-{SPAN}", None),
        ("", None),
        (None, None),
    ],
)
def test_a_header_is_taken_as_w3c_says(header: str | None, expected: str | None) -> None:
    found = trace_context.parse(header)
    assert (str(found) if found else None) == expected


def test_a_worker_takes_a_nearer_parent_in_its_jobs_trace_alone() -> None:
    signed = f"00-{TRACE}-{SPAN}-01"
    nearer = f"00-{TRACE}-{'a' * 16}-01"
    assert trace_context.same_trace_or_signed(nearer, signed) == nearer
    for header in (f"00-{'b' * 32}-{'a' * 16}-01", "nonsense", None):
        assert trace_context.same_trace_or_signed(header, signed) == signed
    assert trace_context.same_trace_or_signed(nearer, None) is None


def test_a_file_that_is_too_large_is_put_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(span_file, "MAX_BYTES", 1500)
    path = tmp_path / "traces.jsonl"
    for number in range(3):
        span_file.append(path, [_span(number), _span(number)])
    aside = path.with_name("traces.jsonl.1")
    lines = [*aside.read_text().splitlines(), *path.read_text().splitlines()]
    spans = [json.loads(line)["resourceSpans"][0]["scopeSpans"][0]["spans"][0] for line in lines]
    assert [one["spanId"] for one in spans] == [f"{number // 2:016x}" for number in range(6)]
    assert path.stat().st_size < aside.stat().st_size


def test_without_a_place_for_spans_the_sdk_is_not_imported() -> None:
    text = """
import sys
from shared.telemetry import tracing
with tracing.span("a", "server") as one, tracing.span("b", parent=one.traceparent):
    pass
assert not [name for name in sys.modules if name.startswith("opentelemetry.sdk")]
"""
    subprocess.run([sys.executable, "-c", text], cwd=ROOT, env={}, check=True)


def test_pending_spans_are_exported_before_the_end(tmp_path: Path) -> None:
    """Spans are flushed at SIGTERM, which ends uvicorn's processes, even while one is written."""
    text = """
import os, signal
from shared.telemetry import tracing
signal.signal(signal.SIGTERM, lambda *_: None)  # as uvicorn, which first lets requests end
with tracing.span("first", "server"):
    pass
with tracing.span("second", "server"):
    signal.raise_signal(signal.SIGTERM)
os._exit(7)
"""
    path = tmp_path / "traces.jsonl"
    env = {"TRACES_FILE": str(path)}
    ended = subprocess.run([sys.executable, "-c", text], cwd=ROOT, env=env, check=False)
    assert ended.returncode == 7
    assert [span.name for span in trace.read(path)] == ["first", "second"]


def test_spans_are_sent_by_otlp() -> None:
    text = """
from shared.telemetry import tracing
with tracing.span("one", "server", attributes={"ourvidz.job_id": "7"}):
    pass
tracing.flush()
"""
    received: list[tuple[str, bytes]] = []
    collector = type("Collector", (_Collector,), {"received": received})
    with HTTPServer(("127.0.0.1", 0), collector) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/v1/traces"
        env = {
            "TRACES_ENDPOINT": address,
            "GOOGLE_CLOUD_PROJECT": "our-project",
            "OTEL_EXPORTER_OTLP_TIMEOUT": str(TIMEOUT_SECONDS),
        }
        subprocess.run([sys.executable, "-c", text], cwd=ROOT, env=env, check=True)
        server.shutdown()
    ((path, body),) = received
    (resource,) = ExportTraceServiceRequest.FromString(body).resource_spans
    about = {
        attribute.key: attribute.value.string_value for attribute in resource.resource.attributes
    }
    assert path == "/v1/traces"
    assert about == {"service.name": "functions", "gcp.project_id": "our-project"}
    (span,) = resource.scope_spans[0].spans
    assert (span.name, span.attributes[0].value.string_value) == ("one", "7")


class _Collector(BaseHTTPRequestHandler):
    received: ClassVar[list[tuple[str, bytes]]]

    def do_POST(self) -> None:
        size = int(self.headers["content-length"])
        self.received.append((self.path, self.rfile.read(size)))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def _span(number: int) -> SimpleNamespace:
    """A span as the SDK represents it."""
    return SimpleNamespace(
        name="one",
        kind=SimpleNamespace(name="SERVER"),
        context=SimpleNamespace(trace_id=1, span_id=number),
        parent=None,
        links=(),
        start_time=1,
        end_time=2,
        attributes={"text": "a", "whole": 1, "half": 0.5, "true": True},
        status=SimpleNamespace(status_code=SimpleNamespace(name="ERROR")),
        resource=SimpleNamespace(attributes={"service.name": "s"}),
        instrumentation_scope=SimpleNamespace(name="ourvidz"),
    )
