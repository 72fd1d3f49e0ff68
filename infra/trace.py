"""Print a job's trace as a waterfall: ``python -m infra.trace JOB_ID [--data .local/data]``.

It reads the spans written by the local system, or another file of OpenTelemetry's JSON lines.
"""

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE = Path("logs", "traces.jsonl")
"""The file of spans in the local system's data folder."""

_JOB = "ourvidz.job_id"
_COLUMNS = 40
_SHOWN = ("ourvidz.dispatch_no", "ourvidz.outcome", "http.response.status_code", "error.type")


@dataclass(frozen=True)
class Span:
    """One span of a trace; times are nanoseconds since 1970."""

    trace_id: str
    id: str
    parent_id: str | None
    name: str
    kind: int
    start: int
    end: int
    service: str
    facts: dict[str, str]
    failed: bool


def read(*files: Path) -> list[Span]:
    """Return all spans of the existing files, ordered by their start."""
    lines = (line for file in files if file.exists() for line in file.read_text().splitlines())
    return sorted((span for line in lines for span in _spans(line)), key=lambda span: span.start)


def of_job(spans: Iterable[Span], job_id: str) -> list[Span]:
    """Return the spans of one job: those with its id, and their descendants."""
    candidates = list(spans)
    chosen: set[tuple[str, str]] = set()
    added = {(span.trace_id, span.id) for span in candidates if span.facts.get(_JOB) == job_id}
    while added:
        chosen |= added
        added = {
            (span.trace_id, span.id)
            for span in candidates
            if (span.trace_id, span.parent_id) in chosen and (span.trace_id, span.id) not in chosen
        }
    return [span for span in candidates if (span.trace_id, span.id) in chosen]


def draw(spans: Sequence[Span]) -> str:
    """Return a waterfall: one line per span, below its parent."""
    begin, end = min(span.start for span in spans), max(span.end for span in spans)
    scale = _COLUMNS / max(end - begin, 1)
    rows = [f"trace {spans[0].trace_id}, {(end - begin) / 1e6:.1f} ms"]
    for depth, span in _tree(spans):
        first = min(int((span.start - begin) * scale), _COLUMNS - 1)
        width = max(1, round((span.end - span.start) * scale))
        name = f"{'  ' * depth}{span.name}"[:34]
        bar = f"{' ' * first}{'█' * width}"[:_COLUMNS]
        attributes = " ".join(span.facts[name] for name in _SHOWN if name in span.facts)
        times = f"{(span.start - begin) / 1e6:9.1f} {(span.end - span.start) / 1e6:8.1f} ms"
        rows.append(f"{span.service:9} {name:34} {times} |{bar:{_COLUMNS}}| {attributes}".rstrip())
    return "\n".join(rows)


def _tree(spans: Sequence[Span]) -> Iterator[tuple[int, Span]]:
    ids = {span.id for span in spans}

    def below(parent: str | None, depth: int) -> Iterator[tuple[int, Span]]:
        for span in spans:
            is_top = span.parent_id not in ids
            if span.parent_id == parent if parent else is_top:
                yield depth, span
                yield from below(span.id, depth + 1)

    return below(None, 0)


def _spans(line: str) -> Iterator[Span]:
    for resource in json.loads(line)["resourceSpans"]:
        service = _attributes(resource["resource"]).get("service.name", "")
        for scope in resource["scopeSpans"]:
            for span in scope["spans"]:
                yield _span(span, service)


def _span(raw: dict[str, Any], service: str) -> Span:
    return Span(
        trace_id=raw["traceId"],
        id=raw["spanId"],
        parent_id=raw.get("parentSpanId"),
        name=raw["name"],
        kind=raw["kind"],
        start=int(raw["startTimeUnixNano"]),
        end=int(raw["endTimeUnixNano"]),
        service=service,
        facts=_attributes(raw),
        failed=bool(raw.get("status")),
    )


def _attributes(raw: dict[str, Any]) -> dict[str, str]:
    return {
        attribute["key"]: str(next(iter(attribute["value"].values())))
        for attribute in raw.get("attributes", [])
    }


def main() -> int:
    """Print the trace of the job on the command line; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m infra.trace", description=__doc__)
    parser.add_argument("job_id", metavar="JOB_ID")
    parser.add_argument(
        "--data", type=Path, default=Path(".local/data"), help="the local system's data folder"
    )
    parser.add_argument("--file", type=Path, help="a file of spans, instead of --data")
    arguments = parser.parse_args()
    file: Path = arguments.file or arguments.data / FILE
    spans = of_job(read(file.with_name(file.name + ".1"), file), arguments.job_id)
    if not spans:
        sys.stderr.write(f"{file} holds no span of job {arguments.job_id}.\n")
        return 1
    sys.stdout.write(draw(spans) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
