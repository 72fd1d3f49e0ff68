"""Follow one job: ``python -m infra.trace JOB_ID [--data .local/data]``.

Draws, from the spans that the local system has written, what happened to the job and when; the
file may be another's, in OpenTelemetry's JSON lines.
"""

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE = Path("logs", "traces.jsonl")
"""In the local system's data folder."""

_JOB = "ourvidz.job_id"
_COLUMNS = 40
_SHOWN = ("ourvidz.dispatch_no", "ourvidz.outcome", "http.response.status_code", "error.type")


@dataclass(frozen=True)
class Span:
    """One block of work."""

    trace_id: str
    id: str
    parent_id: str | None
    name: str
    kind: int
    start: int
    """In nanoseconds since 1970."""
    end: int
    service: str
    facts: dict[str, str]
    failed: bool


def read(*files: Path) -> list[Span]:
    """Every span in the files that are there, in the order of their beginnings."""
    lines = (line for file in files if file.exists() for line in file.read_text().splitlines())
    return sorted((span for line in lines for span in _spans(line)), key=lambda span: span.start)


def of_job(spans: Iterable[Span], job_id: str) -> list[Span]:
    """What was done for one job: what names it, and all that is part of that."""
    known = list(spans)
    chosen: set[tuple[str, str]] = set()
    found = {(span.trace_id, span.id) for span in known if span.facts.get(_JOB) == job_id}
    while found:
        chosen |= found
        found = {
            (span.trace_id, span.id)
            for span in known
            if (span.trace_id, span.parent_id) in chosen and (span.trace_id, span.id) not in chosen
        }
    return [span for span in known if (span.trace_id, span.id) in chosen]


def draw(spans: Sequence[Span]) -> str:
    """A waterfall: a line a span, below what it is part of."""
    begin, end = min(span.start for span in spans), max(span.end for span in spans)
    scale = _COLUMNS / max(end - begin, 1)
    rows = [f"trace {spans[0].trace_id}, {(end - begin) / 1e6:.1f} ms"]
    for depth, one in _tree(spans):
        first = min(int((one.start - begin) * scale), _COLUMNS - 1)
        bar = max(1, round((one.end - one.start) * scale))
        name = f"{'  ' * depth}{one.name}"[:34]
        drawn = f"{' ' * first}{'█' * bar}"[:_COLUMNS]
        attributes = " ".join(one.facts[name] for name in _SHOWN if name in one.facts)
        times = f"{(one.start - begin) / 1e6:9.1f} {(one.end - one.start) / 1e6:8.1f} ms"
        rows.append(f"{one.service:9} {name:34} {times} |{drawn:{_COLUMNS}}| {attributes}".rstrip())
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
        service = _facts(resource["resource"]).get("service.name", "")
        for scope in resource["scopeSpans"]:
            for span in scope["spans"]:
                yield _span(span, service)


def _span(one: dict[str, Any], service: str) -> Span:
    return Span(
        trace_id=one["traceId"],
        id=one["spanId"],
        parent_id=one.get("parentSpanId"),
        name=one["name"],
        kind=one["kind"],
        start=int(one["startTimeUnixNano"]),
        end=int(one["endTimeUnixNano"]),
        service=service,
        facts=_facts(one),
        failed=bool(one.get("status")),
    )


def _facts(raw: dict[str, Any]) -> dict[str, str]:
    return {one["key"]: str(next(iter(one["value"].values()))) for one in raw.get("attributes", [])}


def main() -> int:
    """Draw what the command line asks for; the process's exit status."""
    parser = argparse.ArgumentParser(prog="python -m infra.trace", description=__doc__)
    parser.add_argument("job_id", metavar="JOB_ID")
    parser.add_argument("--data", type=Path, default=Path(".local/data"), help="the local system's")
    parser.add_argument("--file", type=Path, help="instead: a file of spans")
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
