"""docs/reports/cost-of-a-job.md: what a job was counted to need, times published prices."""

import re
import statistics
from collections.abc import Sequence
from pathlib import Path

from infra import manifest as the_map
from tests.performance.bench import environment_info
from tests.performance.bench.figures import fmt
from tests.performance.bench.job_costs import Counts, is_frame
from tests.support.local_system import ROOT

PAGE = ROOT / "docs" / "reports" / "cost-of-a-job.md"
_PRICES = ROOT / "docs" / "operations" / "cost.md"
_MILLION = 1_000_000
_TASKS = 0.40
"""US dollars for a million operations: cloud.google.com/tasks/docs/pricing, as of November 2026."""
_TASK_OPERATIONS = 2
"""One to create the task, and one push: it is below 32 KB, and the worker answers 200."""

_HOW = (
    "No heartbeat, no retry, no event stream. Round trips and storage operations are counted by a "
    "relay on the way, statements by pg_stat_statements, the log by its position (a page's first "
    "change after a checkpoint writes it whole, so that it varies)."
)
_PRICED = (
    "US dollars, by the prices and their sources in [operations/cost.md](../operations/cost.md); "
    "without the GPU, which is nearly all of a real bill, and without what is stored and sent. "
    "Function time is this machine's, as if no two requests shared an instance: the most it can "
    "be. Cloud Tasks: 0.40 a million operations, cloud.google.com/tasks/docs/pricing."
)
_POSTGRES = (
    "Postgres is paid by the hour and not by the statement: its line is the time that a million "
    "jobs keep one processor busy. The bytes of its log have no price of their own; they are disk "
    "writes, and what a replica and point-in-time recovery carry."
)


def prices(text: str) -> dict[str, float]:
    """Parse the prices in the table of docs/operations/cost.md, by name."""
    found: dict[str, float] = {}
    for names, values in re.findall(
        r"^\| ([A-Z_]+(?:, [A-Z_]+)*) \| (\d[^|]*) \|", text, re.MULTILINE
    ):
        numbers = re.findall(r"\d+\.\d+", values)
        found |= {
            name: float(number) for name, number in zip(names.split(", "), numbers, strict=False)
        }
    return found


def write(counts: Counts, jobs: int, trips: Sequence[int], active: Sequence[float]) -> None:
    """Write the report. ``active`` is the database's milliseconds for each job, by round."""
    PAGE.write_text(text(counts, jobs, trips, active, _PRICES))


def text(
    counts: Counts, jobs: int, trips: Sequence[int], active: Sequence[float], listed: Path
) -> str:
    """Return the report in Markdown."""
    database_ms = statistics.median(active)
    priced = _priced(counts, jobs, database_ms, prices(listed.read_text()))
    return "\n".join([
        "# What a job costs the control plane",
        "",
        "Written by `make bench`. Its figures are not edited by hand.",
        "",
        f"{jobs} jobs for one picture each, one at a time, by the noop worker. {_HOW}",
        f"{environment_info.machine()}. {environment_info.versions()}.",
        "",
        "| a job | |",
        "|---|---|",
        *(f"| {name} | {number} |" for name, number in _counted(counts, jobs, trips, database_ms)),
        "",
        "## A million jobs",
        "",
        _PRICED,
        "",
        "| | how | $ |",
        "|---|---|---|",
        *(f"| {name} | {how} | {amount:.2f} |" for name, how, amount in priced),
        f"| together | | {sum(amount for _, _, amount in priced):.2f} |",
        "",
        _POSTGRES,
        "",
    ])  # fmt: skip


def _counted(
    counts: Counts, jobs: int, trips: Sequence[int], database_ms: float
) -> list[tuple[str, str]]:
    framed = sum(calls for query, (calls, _) in counts.statements.items() if is_frame(query))
    total = sum(calls for calls, _ in counts.statements.values())
    return [
        ("statements, what begins and ends transactions included", fmt(total / jobs)),
        ("of these, what begins and ends transactions", fmt(framed / jobs)),
        ("round trips to Postgres", fmt(counts.trips / jobs)),
        ("of these, until queue-job has answered (median)", fmt(statistics.median(trips))),
        ("bytes of Postgres' log (WAL)", f"{counts.wal_bytes / jobs:,.0f}"),
        ("time of the database, flushes included", f"{fmt(database_ms)} ms"),
        *((f"storage, {name}", fmt(n / jobs)) for name, n in sorted(counts.storage.items())),
        *(
            (
                f"requests to {name}, and their milliseconds",
                f"{fmt(n / jobs)}, {fmt(ms / jobs)}",
            )
            for name, (n, ms) in sorted(counts.requests.items())
        ),
        ("Cloud Tasks operations (one call, one push)", str(_TASK_OPERATIONS)),
    ]


def _priced(
    counts: Counts, jobs: int, database_ms: float, price: dict[str, float]
) -> list[tuple[str, str, float]]:
    many = sum(n for n, _ in counts.requests.values()) / jobs
    rows = [("requests", f"{fmt(many)} x {price['REQ']} a million", many * price["REQ"])]
    functions = the_map.read().functions
    for name, (_, ms) in sorted(counts.requests.items()):
        memory = _gib(functions[name.replace("_", "-")].memory)
        second = price["CPU_R"] + memory * price["MEM_R"]
        how = f"{fmt(ms / jobs)} ms x (1 vCPU + {memory} GiB)"
        rows.append((f"{name}'s time", how, ms / jobs / 1000 * second * _MILLION))
    for kind in ("A", "B"):
        of_kind = sum(n for key, n in counts.storage.items() if key.startswith(f"{kind}:")) / jobs
        amount = of_kind * price[kind] / 1000 * _MILLION
        rows.append(
            (
                f"storage, class {kind}",
                f"{fmt(of_kind)} x {price[kind]} a thousand",
                amount,
            )
        )
    hours = database_ms / 1000 / 3600 * _MILLION
    rows.append(("Postgres", f"{fmt(hours)} vCPU-hours", hours * price["SQL_CPU"]))
    tasks = _TASK_OPERATIONS * _TASKS
    rows.append(("Cloud Tasks", f"{_TASK_OPERATIONS} x {_TASKS:.2f} a million", tasks))
    return rows


def _gib(memory: str) -> float:
    return int(memory[:-2]) / (1024 if memory.endswith("Mi") else 1)
