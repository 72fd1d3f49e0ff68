"""Duration of one dispatch with 100 and with 100,000 queued jobs: part of ``make bench``.

Both backlogs are in one database: ``sdxl_queue`` holds the short one, ``wan_queue`` the long one.
Alternately, a slot is freed in each and filled again, including the Cloud Task.
"""

import argparse
import asyncio
import platform
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

from shared.contracts.job_catalog import QueueName
from shared.jobs import dispatch
from shared.services import Services
from tests.performance import comparison
from tests.support.local_system import ROOT, LocalSystem

_REPORT = ROOT / "docs" / "reports" / "performance-dispatch.md"
SHORT, LONG = 100, 100_000
SHAPES = {"one user": 1, "1,000 users": 1000, "as many users as jobs": 0}
_WARM_UP = 20

_WORKERS = """
    insert into workers (id, worker_type, worker_url, key_id, slots, is_always_on)
    values ('demo-sdxl', 'sdxl', 'http://127.0.0.1:9', 'demo', 1, false),
        ('demo-wan', 'wan', 'http://127.0.0.1:9', 'demo', 1, false)
"""
_WAITING = """
    with users as (
        select n, md5(%s || (n %% %s))::uuid as user_id from generate_series(1, %s) as n
    )
    insert into jobs (user_id, job_type, queue, model_variant, format, quality, original_prompt,
        credits, parameters, created_at)
    select user_id, case %s when 'sdxl_queue' then 'sdxl_image_fast' else 'wan_video_fast' end,
        %s, 'none', 'image', 'fast', 'a red star', 0,
        '{"prompt": "a red star", "steps": 15, "guidanceScale": 6.0, "seed": 1}',
        now() + n * interval '1 ms'
    from users
"""
_COUNT = """
    insert into user_queues (queue, user_id, waiting)
    select queue, user_id, count(*) from jobs group by queue, user_id
"""
_FREE = """
    update jobs set status = 'cancelled', completed_at = now()
    where queue = %s and status = 'queued' and dispatched_at is not null returning id
"""


def main() -> None:
    """Measure, print, and write the report."""
    parser = argparse.ArgumentParser(prog="python -m tests.performance.backlog")
    parser.add_argument("--fills", type=int, default=60, help="of each queue, for each shape")
    arguments = parser.parse_args()
    rows = [comparison.row(shape, *measure(shape, arguments.fills)) for shape in SHAPES]
    report = _report(rows, arguments.fills)
    _REPORT.write_text(report)
    sys.stdout.write(report)


def measure(shape: str, fills: int) -> tuple[list[float], list[float]]:
    """Return the milliseconds of each dispatch, for the short backlog and for the long one."""
    with tempfile.TemporaryDirectory() as folder:
        system = LocalSystem(Path(folder) / "data", worker="none", SWEEP_SECONDS="3600")
        system.start()
        try:
            _prepare(system, SHAPES[shape])
            return asyncio.run(_fill_in_turn(system, fills))
        finally:
            system.stop()


def _prepare(system: LocalSystem, users: int) -> None:
    system.rows(f"{_WORKERS} returning id")
    with comparison.filling_jobs(system, _COUNT) as connection:
        for queue, jobs in (("sdxl_queue", SHORT), ("wan_queue", LONG)):
            connection.execute(_WAITING.encode(), [queue, users or jobs, jobs, queue, queue])


async def _fill_in_turn(system: LocalSystem, fills: int) -> tuple[list[float], list[float]]:
    services = Services(system.settings())
    times: dict[QueueName, list[float]] = {"sdxl_queue": [], "wan_queue": []}
    try:
        for _ in range(_WARM_UP + fills):
            for queue, taken in times.items():
                system.rows(_FREE, queue)
                _keep_short(system)
                began = time.perf_counter()
                if not await dispatch.dispatch_jobs(services, queue):
                    raise RuntimeError(f"nothing was dispatched of {queue}")
                taken.append((time.perf_counter() - began) * 1000)
    finally:
        await services.close()
    short, long = times.values()
    return short[_WARM_UP:], long[_WARM_UP:]


def _keep_short(system: LocalSystem) -> None:
    """Refill the short backlog, so that its length stays constant."""
    missing = SHORT - int(
        system.value(
            "select count(*) from jobs where queue = 'sdxl_queue' and status = 'queued'"
            " and dispatched_at is null"
        )
    )
    if missing > 0:
        params = ["sdxl_queue", missing, missing, "sdxl_queue", "sdxl_queue"]
        with system.database() as connection:
            connection.execute(_WAITING.encode(), params)


def _report(rows: list[str], fills: int) -> str:
    packages = ", ".join(f"{name} {version(name)}" for name in ("psycopg", "google-cloud-tasks"))
    return "\n".join(
        [
            "# Dispatch with a backlog",
            "",
            "Written by `make bench-more`. Its figures are not edited by hand.",
            "",
            (
                f"{fills} fills of each queue, turn by turn in one database: a freed slot, the "
                "fair choice, the row's update, its commit and the Cloud Task."
            ),
            f"Python {platform.python_version()}, {packages}, {platform.machine()}.",
            "",
            (
                f"| waiting jobs are of | median with {SHORT} waiting | with {LONG:,} | ratio "
                "| lowest and highest of each |"
            ),
            "|---|---|---|---|---|",
            *rows,
            "",
        ]
    )


if __name__ == "__main__":
    main()
