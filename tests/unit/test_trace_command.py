"""``python -m infra.trace``: the spans of one job, drawn."""

import json
from pathlib import Path

import pytest

from infra import trace

JOB, OTHER = "7d9b", "8e0c"
MS = 1_000_000


def _line(
    span_id: str, name: str, start: int, end: int, parent: str = "", **facts: str
) -> dict[str, object]:
    record = {
        "traceId": "a" * 32,
        "spanId": span_id,
        "parentSpanId": parent,
        "name": name,
        "kind": 1,
        "startTimeUnixNano": str(start * MS),
        "endTimeUnixNano": str(end * MS),
        "attributes": [
            {"key": f"ourvidz.{key}", "value": {"stringValue": value}}
            for key, value in facts.items()
        ],
    }
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "functions"}}]}
    return {"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": [record]}]}]}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file with two jobs of one client's trace; each span's end is written before its start."""
    path = tmp_path / "traces.jsonl"
    lines = [
        _line("3", "run job", 50, 90, "2", job_id=JOB, outcome="completed"),
        _line("5", "POST queue_job", 0, 100, "1", job_id=OTHER),
        _line("6", "transaction", 10, 20, "5"),
        _line("4", "transaction", 10, 30, "2"),
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    aside = _line("2", "POST queue_job", 0, 40, "1", job_id=JOB)
    path.with_name("traces.jsonl.1").write_text(json.dumps(aside) + "\n")
    return path


def test_a_job_is_drawn_without_the_others_of_its_trace(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["trace", JOB, "--file", str(file)])
    assert trace.main() == 0
    head, *rows = capsys.readouterr().out.splitlines()
    assert head == f"trace {'a' * 32}, 90.0 ms"
    assert [row[10:44].rstrip() for row in rows] == ["POST queue_job", "  transaction", "  run job"]
    assert [row.count("█") for row in rows] == [18, 9, 18]
    assert rows[2].endswith("| completed")
    assert rows[2].split() == [
        "functions",
        "run",
        "job",
        "50.0",
        "40.0",
        "ms",
        *rows[2].split()[6:],
    ]


def test_a_job_without_spans_is_reported(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["trace", "9f1d", "--file", str(file)])
    assert trace.main() == 1
    assert "no span of job 9f1d" in capsys.readouterr().err
