"""Time of system-metrics' statement with 1,000 and with 100,000 jobs: ``make bench``.

Each shape has its own database, first with few jobs and then with many; one in ten has completed
in the last day, the rest are queued. Only the one statement is timed, from sending it to its
result, on a connection that has been used before.
"""

import argparse
import asyncio
import platform
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

from shared.contracts.job_catalog import JOB_TYPES, WORKER_TYPES
from shared.db.queries import metrics
from shared.services import Services
from tests.performance import comparison
from tests.support.local_system import ROOT, LocalSystem

_REPORT = ROOT / "docs" / "reports" / "performance-metrics.md"
_FEW, _MANY = 1_000, 100_000
_SHAPES = {"one user": 1, "1,000 users": 1000, "10,000 users": 10_000, "as many users as jobs": 0}
_WARM_UP = 20

_WORKERS = """
    insert into workers (id, worker_type, worker_url, key_id, slots)
    values ('demo-sdxl', 'sdxl', 'http://127.0.0.1:9', 'demo', 4),
        ('demo-wan', 'wan', 'http://127.0.0.1:9', 'demo', 4)
"""
_JOBS = """
    insert into jobs (user_id, job_type, queue, model_variant, format, quality, original_prompt,
        credits, parameters, created_at, status, attempts, started_at, completed_at)
    select md5((n %% %(users)s)::text)::uuid, job_type, queue, 'none', 'image', 'fast',
        'a red star', 0, '{"prompt": "a red star"}', came_at,
        case when is_done then 'completed' else 'queued' end, is_done::integer,
        case when is_done then came_at end,
        case when is_done then came_at + random() * interval '30 s' end
    from generate_series(1, %(jobs)s) as n
    cross join lateral (
        select n %% 10 = 0 as is_done, now() - n * (interval '20 hours' / %(jobs)s) as came_at,
            n / 10 %% cardinality(%(types)s::text[]) + 1 as which
    ) as numbered
    cross join lateral (
        select (%(types)s::text[])[which] as job_type, (%(queues)s::text[])[which] as queue
    ) as chosen
"""
_COUNT = """
    insert into user_queues (queue, user_id, waiting)
    select queue, user_id, count(*) filter (where status = 'queued') from jobs
    group by queue, user_id
"""


def main() -> None:
    """Measure, print, and write the report."""
    parser = argparse.ArgumentParser(prog="python -m tests.performance.metrics")
    parser.add_argument("--times", type=int, default=200, help="of each size, for each shape")
    arguments = parser.parse_args()
    rows = [_measure(shape, users, arguments.times) for shape, users in _SHAPES.items()]
    report = _report(rows, arguments.times)
    _REPORT.write_text(report)
    sys.stdout.write(report)


def _measure(shape: str, users: int, times: int) -> str:
    with tempfile.TemporaryDirectory() as folder:
        system = LocalSystem(Path(folder) / "data", worker="none", SWEEP_SECONDS="3600")
        system.start()
        try:
            system.rows(f"{_WORKERS} returning id")
            few, many = (_of(system, jobs, users or jobs, times) for jobs in (_FEW, _MANY))
        finally:
            system.stop()
    return comparison.row(shape, few, many)


def _of(system: LocalSystem, jobs: int, users: int, times: int) -> list[float]:
    types = list(JOB_TYPES)
    queues = [row.queue for row in JOB_TYPES.values()]
    values = {"jobs": jobs, "users": users, "types": types, "queues": queues}
    with comparison.filling_jobs(system, _COUNT) as connection:
        connection.execute("truncate jobs, user_queues cascade")
        connection.execute(_JOBS.encode(), values)
    return asyncio.run(_ask(system, times, waiting=jobs - jobs // 10))


async def _ask(system: LocalSystem, times: int, *, waiting: int) -> list[float]:
    services = Services(system.settings())
    taken = []
    try:
        for _ in range(_WARM_UP + times):
            async with services.database.transaction() as connection:
                began = time.perf_counter()
                snapshot = await metrics.read(
                    connection,
                    queues=list(WORKER_TYPES),
                    job_types=list(JOB_TYPES),
                    key_ids=list(services.settings.worker_keys),
                )
                taken.append((time.perf_counter() - began) * 1000)
            if sum(queue.waiting for queue in snapshot.queues) != waiting:
                raise RuntimeError("it does not count what waits")
    finally:
        await services.close()
    return taken[_WARM_UP:]


def _report(rows: list[str], times: int) -> str:
    return "\n".join(
        [
            "# system-metrics with many jobs",
            "",
            "Written by `make bench-more`. Its figures are not edited by hand.",
            "",
            (
                f"The one statement, {times} times of each: one job in ten has completed in the "
                "last day, the others wait, of every type."
            ),
            (
                f"Python {platform.python_version()}, psycopg {version('psycopg')}, "
                f"{platform.machine()}."
            ),
            "",
            (
                f"| jobs of | median with {_FEW:,} | with {_MANY:,} | ratio "
                "| lowest and highest of each |"
            ),
            "|---|---|---|---|---|",
            *rows,
            "",
        ]
    )


if __name__ == "__main__":
    main()
