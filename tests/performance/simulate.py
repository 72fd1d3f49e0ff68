"""How far it scales: ``python -m tests.performance.simulate``.

Feeds the model of ``plant`` with the service times that ``make bench`` measured, holds it against
what a real run on that machine took, and writes what it foretells into docs/reports/scale.md.
"""

import dataclasses
import json
import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.performance.queueing_model import Plant, Times, most, poisson, run, with_workers
from tests.support.local_system import ROOT

PAGE = ROOT / "docs" / "reports" / "scale.md"
MEASURED = ROOT / "docs" / "reports" / "performance" / "service-times.json"
_BEGIN, _END = "<!-- simulated -->", "<!-- end -->"
_SLOTS = (1, 10, 100, 1000, 2000, 4000)
_WORK_SECONDS = 4.0
"""Seconds for an image, as in the catalogue."""
_PROCESSES = 200
_CLOUD_CORES = 4
"""Cores of the production database, as in infra/terraform."""
_LOADS = (0.5, 0.8, 0.95)
_REPEATS = 5


@dataclass(frozen=True)
class Measured:
    """The service times that ``make bench`` measured."""

    times: Times
    client: float
    """The client's own CPU seconds per job."""
    idle: float
    """Seconds from request to asset on the idle system."""
    cores: int
    jobs: int = 100
    drained: dict[int, float] = field(default_factory=dict)
    """Seconds to drain ``jobs`` jobs, by the worker's slots."""
    at: str = ""
    load: str = ""


def keep(measured: Measured) -> None:
    """Save the measurement, and write the report."""
    MEASURED.parent.mkdir(exist_ok=True)
    MEASURED.write_text(json.dumps(dataclasses.asdict(measured), indent=1) + "\n")
    write(text(measured))


def read() -> Measured:
    """Return the last saved measurement."""
    record: dict[str, Any] = json.loads(MEASURED.read_text())
    drained = {int(slots): seconds for slots, seconds in record.pop("drained").items()}
    return Measured(**{**record, "times": Times(**record["times"]), "drained": drained})


def foretold(measured: Measured, slots: int) -> float:
    """Predict the seconds of a drain on the measured machine, with all parts on its cores."""
    times = dataclasses.replace(measured.times, accept=measured.times.accept + measured.client)
    plant = Plant(times, database_cores=measured.cores, slots=slots, cores=measured.cores)
    spans = [run(plant, [0.0] * measured.jobs, seed=seed).span for seed in range(_REPEATS)]
    return statistics.median(spans)


def write(tables: str) -> None:
    """Write the tables into the page, between its two markers."""
    before, _, rest = PAGE.read_text().partition(_BEGIN)
    after = rest.partition(_END)[2]
    PAGE.write_text(f"{before}{_BEGIN}\n{tables}\n{_END}{after}")


def text(measured: Measured) -> str:
    """Return the tables in Markdown."""
    cloud = Plant(measured.times, processes=_PROCESSES, database_cores=_CLOUD_CORES)
    return "\n".join([*_fed(measured), "", *_saturated(cloud), "", *_loaded(cloud)])


def _fed(measured: Measured) -> list[str]:
    times = measured.times
    parts = [
        ("a function's process", _ms(times.accept), _ms(times.hear), _ms(times.report)),
        ("Postgres", _ms(times.store), _ms(times.claim), _ms(times.end)),
    ]
    return [
        f"Measured {measured.at} on {measured.cores} cores (load {measured.load}); processor time:",
        "",
        *_table(("a job", "enqueue", "claim", "completion"), parts),
        "",
        f"A worker's slot, with the upload and the emulators: {_ms(times.work)}.",
        f"Waiting for disks and for the next process: three times {_ms(times.flush)}.",
        "",
        f"Held against a real run there, {measured.jobs} jobs drained by one noop worker:",
        "",
        *_table(("slots", "measured", "predicted", "off by"), _check(measured)),
    ]


def _saturated(cloud: Plant) -> list[str]:
    endless = with_workers(cloud, 400, 0.001)
    unbound = dataclasses.replace(endless, dispatches_a_second=1e6)
    return [
        f"In the cloud: {_PROCESSES} processes of functions, a Postgres of {_CLOUD_CORES} cores",
        (
            "as fast as those, one queue of 500 dispatches a second, and images of "
            f"{_WORK_SECONDS:.0f} s. The most:"
        ),
        "",
        *_table(("slots of workers", "jobs a second", "busiest part"), _by_slots(cloud)),
        "",
        f"With workers that take no time: {_format_found(most(endless))}.",
        f"Without the queue as well: {_format_found(most(unbound))}.",
    ]


def _loaded(cloud: Plant) -> list[str]:
    thousand = with_workers(cloud, 1000, _WORK_SECONDS)
    return [
        "1,000 slots, images that come at random; from request to asset, in seconds:",
        "",
        *_table(("load", "jobs a second", "p50", "p95"), _by_load(thousand)),
    ]


def _check(measured: Measured) -> Sequence[Sequence[str]]:
    rows = []
    for slots, seen in sorted(measured.drained.items()):
        predicted = foretold(measured, slots)
        rows.append(
            (str(slots), f"{seen:.2f} s", f"{predicted:.2f} s", f"{predicted / seen - 1:+.0%}")
        )
    return rows


def _by_slots(cloud: Plant) -> Sequence[Sequence[str]]:
    rows = []
    for slots in _SLOTS:
        rate, busiest = most(with_workers(cloud, slots, _WORK_SECONDS))
        rows.append((f"{slots:,}", f"{rate:,.1f}", busiest))
    return rows


def _by_load(plant: Plant) -> Sequence[Sequence[str]]:
    rows, full = [], most(plant)[0]
    for load in _LOADS:
        took = run(plant, poisson(load * full, 8000)).took[2000:]
        p50, p95 = (statistics.quantiles(took, n=100)[percent - 1] for percent in (50, 95))
        rows.append((f"{load:.0%}", f"{load * full:,.0f}", f"{p50:.2f}", f"{p95:.2f}"))
    return rows


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [f"| {' | '.join(row)} |" for row in (head, *rows)]
    return [lines[0], "|" + "---|" * len(head), *lines[1:]]


def _format_found(found: tuple[float, str]) -> str:
    return f"{found[0]:,.0f} a second ({found[1]} the busiest)"


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.2f} ms"


def main() -> None:
    """Simulate with the last measurement, and write the report."""
    tables = text(read())
    write(tables)
    sys.stdout.write(tables + "\n")


if __name__ == "__main__":
    main()
