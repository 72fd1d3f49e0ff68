"""The reliability report: what was promised and what was measured."""

import math
import os
import platform
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import version

from tests.reliability.fault import Fault
from tests.reliability.history import history
from tests.reliability.scale import LEASE_SECONDS, STEP_SECONDS, STEPS, SWEEP_SECONDS, Scale
from tests.support.local_system import LocalSystem

_MAX_FAULTS = 20
_MAX_HISTORIES = 3
_PACKAGES = ("functions-framework", "psycopg", "google-cloud-storage", "google-cloud-tasks")


@dataclass
class Proof:
    """One promise, compared with what was measured."""

    number: int
    name: str
    promised: str
    seen: str = ""
    figures: list[tuple[str, str]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    """Violations of the promise; it holds if there are none."""
    histories: list[str] = field(default_factory=list)
    """Histories of the jobs concerned."""
    seconds: float = 0

    @property
    def holds(self) -> bool:
        """Whether no violation was found."""
        return not self.faults

    def blame(self, system: LocalSystem, *faults: Fault) -> None:
        """Add faults, with the histories of the jobs that they concern."""
        self.faults += faults
        concerned = dict.fromkeys(fault.job_id for fault in faults if fault.job_id)
        self.histories += [history(system, one) for one in list(concerned)[:_MAX_HISTORIES]]

    def add_figure(self, name: str, value: object) -> None:
        """Add a figure."""
        self.figures.append((name, str(value)))


def page(proofs: Sequence[Proof], scale: Scale) -> str:
    """Return the report in Markdown."""
    seconds = sum(proof.seconds for proof in proofs)
    packages = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    return "\n".join([
        "# Reliability",
        "",
        "Written by `make reliability`. Its figures are not edited by hand.",
        "",
        (
            f"Seed {scale.seed}, {seconds:.0f} s on {os.cpu_count()} cores. The noop worker takes "
            f"{STEPS} steps of {STEP_SECONDS} s unless said; leases of {LEASE_SECONDS:.0f} s, a "
            f"sweep each {SWEEP_SECONDS:.0f} s."
        ),
        f"{_python()}, {packages}, {platform.system()} {platform.machine()}.",
        "",
        "| | guarantee | expected | measured | holds |",
        "|---|---|---|---|---|",
        *(_row(proof) for proof in proofs),
        *(line for proof in proofs for line in _section(proof)),
        "",
    ])  # fmt: skip


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that is at least ``share`` (0 to 1) of the values, or 0 of none."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else 0.0


def spread(seconds: Sequence[float], digits: int = 1) -> str:
    """Format the median, the 95th percentile and the maximum."""
    if not seconds:
        return "none"
    p50, p95 = percentile(seconds, 0.5), percentile(seconds, 0.95)
    return (
        f"p50 {p50:.{digits}f}, p95 {p95:.{digits}f}, most {max(seconds):.{digits}f} s, "
        f"of {len(seconds)}"
    )


def counted(counter: Counter[str]) -> str:
    """Format each item with its count, the most frequent first."""
    return ", ".join(f"{count} {name}" for name, count in counter.most_common()) or "none"


def _python() -> str:
    return f"Python {platform.python_version()}"


def _row(proof: Proof) -> str:
    cells = [proof.number, proof.name, proof.promised, proof.seen, "yes" if proof.holds else "NO"]
    return f"| {' | '.join(map(str, cells))} |"


def _section(proof: Proof) -> list[str]:
    return [
        "",
        f"## {proof.number}. {proof.name}",
        "",
        f"{proof.seconds:.0f} s.",
        "",
        "| what | measured |",
        "|---|---|",
        *(f"| {name} | {value} |" for name, value in proof.figures),
        *([""] if proof.faults else []),
        *(f"- {fault.message}" for fault in proof.faults[:_MAX_FAULTS]),
    ]
