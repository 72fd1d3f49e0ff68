"""How long a job takes through the control plane, with the noop worker: ``make bench``.

One job at a time on an idle system, over HTTP alone. ``enqueue`` is the client's POST queue-job;
``enqueue to asset`` ends when the asset's row is committed, looked for every millisecond by a
connection of its own.
"""

import argparse
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import psycopg

from infra.local import postgres
from tests.system import ROOT, Person, System

_REPORT = ROOT / "docs" / "performance.md"
_WARM_UP = 50
_POLL_SECONDS = 0.001
_PACKAGES = ("functions-framework", "psycopg", "google-cloud-storage", "google-cloud-tasks")

Times = dict[str, list[float]]


def main() -> None:
    """Measure, print, and write the report."""
    parser = argparse.ArgumentParser(prog="python -m tests.performance.journey")
    parser.add_argument("--jobs", type=int, default=200, help="in each run")
    parser.add_argument("--runs", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        system = System(Path(folder) / "data", worker="noop", STARTING_CREDITS="1000000")
        system.start()
        try:
            person = Person(system)
            _run(system, person, _WARM_UP)
            runs = [_run(system, person, arguments.jobs) for _ in range(arguments.runs)]
        finally:
            system.stop()
    report = _report(runs, arguments.jobs)
    _REPORT.write_text(report)
    sys.stdout.write(report)


def _run(system: System, person: Person, jobs: int) -> Times:
    times: Times = {"enqueue": [], "enqueue to asset": []}
    url = postgres.url(system.ports()["postgres"])
    with psycopg.connect(url, autocommit=True) as connection:
        for _ in range(jobs):
            began = time.perf_counter()
            job_id = person.queue()
            times["enqueue"].append(time.perf_counter() - began)
            while not _is_made(connection, job_id):
                time.sleep(_POLL_SECONDS)
            times["enqueue to asset"].append(time.perf_counter() - began)
    return times


def _is_made(connection: psycopg.Connection, job_id: str) -> bool:
    rows = connection.execute("select from workspace_assets where job_id = %s", [job_id])
    return rows.rowcount > 0


def _report(runs: Sequence[Times], jobs: int) -> str:
    rows = [
        _row(name, percentile, runs)
        for name in ("enqueue", "enqueue to asset")
        for percentile in (50, 95)
    ]
    packages = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    return "\n".join(
        [
            "# Performance",
            "",
            "Written by `make bench`; nothing here is typed by hand.",
            "",
            (
                f"{len(runs)} runs of {jobs} jobs, one at a time, with the noop worker: every step "
                "durable, a real upload and a checked callback."
            ),
            (
                f"Python {platform.python_version()}, {packages}, {platform.system()} "
                f"{platform.machine()}."
            ),
            "",
            "| what | median of the runs | least and most |",
            "|---|---|---|",
            *rows,
            "",
        ]
    )


def _row(name: str, percentile: int, runs: Sequence[Times]) -> str:
    values = [statistics.quantiles(run[name], n=100)[percentile - 1] * 1000 for run in runs]
    spread = f"{min(values):.1f} to {max(values):.1f} ms"
    return f"| {name}, p{percentile} | {statistics.median(values):.1f} ms | {spread} |"


if __name__ == "__main__":
    main()
