"""Where a job's milliseconds go: the spans of one job of a real run."""

import asyncio
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from infra import trace
from infra.local.config import tokens
from tests.performance.bench import fixtures, http_client
from tests.performance.bench.figures import Row, fmt
from tests.performance.bench.scale import Scale
from tests.support.local_system import LocalSystem

_FLUSH_SECONDS = 6
_REST_SECONDS = 0.03
_WARM_UP = 30
_KINDS = {1: "", 2: "serves: ", 3: "asks: ", 4: "sends: ", 5: "takes: "}


@dataclass(frozen=True)
class _Seen:
    """A job as its client observed it, in nanoseconds since 1970."""

    job_id: str
    began: int
    accepted: int
    ended: int


async def measure(scale: Scale) -> list[Row]:
    """Run jobs one at a time with spans on, and draw the one with the median duration."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "traces.jsonl"
        with fixtures.system("noop", TRACES_FILE=str(file)) as system:
            seen = await _live(system, _WARM_UP + scale.of(100, 40))
            await asyncio.sleep(_FLUSH_SECONDS)
        spans = trace.read(file)
    measured = sorted(seen[_WARM_UP:], key=lambda one: one.ended - one.began)
    middle = measured[len(measured) // 2]
    return [_row(middle, trace.of_job(spans, middle.job_id), len(measured))]


async def _live(system: LocalSystem, count: int) -> list[_Seen]:
    user = str(uuid4())
    events = http_client.Events()
    await events.open(system.port, user)
    connection = await http_client.Connection.open(system.port)
    request = http_client.picture("/functions/v1/queue-job", tokens.user_token(user))
    ahead = time.time_ns() - int(time.perf_counter() * 1e9)
    seen = []
    for _ in range(count):
        began = time.time_ns()
        answer = await connection.ask(request)
        accepted = time.time_ns()
        job_id = http_client.job_of(answer)
        ended_at = int(await events.asset_of(job_id) * 1e9) + ahead
        seen.append(_Seen(job_id, began, accepted, ended_at))
        await asyncio.sleep(_REST_SECONDS)
    connection.close()
    await events.close()
    return seen


def _row(job: _Seen, spans: Sequence[trace.Span], count: int) -> Row:
    client = [
        ("client: enqueue to asset", 0.0, _ms(job.began, job.ended), 0),
        ("client: POST queue-job", 0.0, _ms(job.began, job.accepted), 0),
    ]
    inner = [
        (
            f"{_KINDS[span.kind]}{span.name}",
            _ms(job.began, span.start),
            _ms(job.began, span.end),
            depth,
        )
        for depth, span in _tree(spans)
    ]
    table = [["what", "begins at", "lasts", "of which its own"]]
    table += [
        [span.name, f"{fmt(_ms(job.began, span.start))} ms", *_lasting(span, spans)]
        for _, span in _tree(spans)
    ]
    return Row(
        key="waterfall",
        title="One job, from its request to its asset",
        how=(
            f"Of {count} jobs, one at a time on an idle system, the one that took the median time. "
            "The spans are those that functions and worker write "
            "(docs/guides/observability.md); writing them is part of what is seen."
        ),
        aim="",
        seen=f"{fmt(_ms(job.began, job.ended))} ms, of which {fmt(_ms(job.began, job.accepted))} "
        "ms until it was accepted",
        holds=None,
        spans=[*client, *inner],
        table=table,
        notes=[
            (
                "A span's own time is what no span within it accounts for. What lies between two "
                "spans is the way from one process to the next."
            )
        ],
    )


def _lasting(span: trace.Span, spans: Sequence[trace.Span]) -> list[str]:
    within = [other for other in spans if other.parent_id == span.id]
    covered, until = 0, span.start
    for other in sorted(within, key=lambda span: span.start):
        begin, end = max(other.start, until), min(other.end, span.end)
        covered += max(0, end - begin)
        until = max(until, end)
    duration = span.end - span.start
    return [f"{fmt(duration / 1e6)} ms", f"{fmt((duration - covered) / 1e6)} ms"]


def _tree(spans: Sequence[trace.Span]) -> list[tuple[int, trace.Span]]:
    ids = {span.id for span in spans}

    def below(parent: str | None) -> list[tuple[int, trace.Span]]:
        found = []
        for span in spans:
            if span.parent_id == parent or (parent is None and span.parent_id not in ids):
                found += [(0, span), *((depth + 1, two) for depth, two in below(span.id))]
        return found

    return [(depth + 1, span) for depth, span in below(None)]


def _ms(begin: int, end: int) -> float:
    return (end - begin) / 1e6
