"""Run the tests in random order on a busy machine, and once on one core; write a report."""

import argparse
import contextlib
import os
import platform
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree as ET

from tests.support.local_system import ROOT

_REPORT = ROOT / "docs/reports/random-order.md"
_ROUNDS = 5
_LOAD = 4
_BUSY = "while True: pass"
_TESTS = (
    *(sys.executable, "-m", "pytest", "-m", "not slow"),
    *("-n", "auto", "--maxprocesses", "4", "--dist", "worksteal"),
)
"""The tests and options of `make test`."""
_RANDOM = ("-p", "randomly", "--randomly-dont-reset-seed")


@dataclass(frozen=True, slots=True)
class Round:
    """Results of one run of all tests."""

    name: str
    seed: int | None
    passed: int
    failed: Sequence[str]
    """The ids of tests that failed or broke off."""
    skipped: int
    seconds: float

    @property
    def row(self) -> str:
        """A row of the report's table."""
        seed = "" if self.seed is None else str(self.seed)
        failed = "<br>".join(self.failed) or "0"
        return (
            f"| {self.name} | {seed} | {self.passed:,} | {failed} | {self.skipped} "
            f"| {self.seconds:.0f} s |"
        )


def main() -> int:
    """Run the rounds of the command line; return 1 where a test failed in any of them."""
    parser = argparse.ArgumentParser(prog="python -m tests.reliability.random_order")
    parser.add_argument("--rounds", type=int, default=_ROUNDS, help="in random order")
    parser.add_argument("--load", type=int, default=_LOAD, help="busy processes beside them")
    parser.add_argument("--no-single-core", action="store_true", help="leave out the last round")
    parser.add_argument("--out", type=Path, default=_REPORT)
    options = parser.parse_args()
    rounds: list[Round] = []
    for _ in range(options.rounds):
        with _busy(options.load):
            name = f"random order, {options.load} busy processes"
            rounds.append(_run(name, seed=random.randrange(2**32)))
        _write(options.out, rounds)
    if not options.no_single_core:
        rounds.append(_run("one core", cores={min(os.sched_getaffinity(0))}))
        _write(options.out, rounds)
    return int(any(one.failed for one in rounds))


def _run(name: str, *, seed: int | None = None, cores: set[int] | None = None) -> Round:
    with tempfile.TemporaryDirectory() as folder:
        results = Path(folder) / "results.xml"
        order = [*_RANDOM, f"--randomly-seed={seed}"] if seed is not None else []
        began = time.monotonic()
        ended = subprocess.run(
            [*_TESTS, *order, f"--junitxml={results}"],
            cwd=ROOT,
            check=False,
            preexec_fn=lambda: os.sched_setaffinity(0, cores) if cores else None,
        )
        seconds = time.monotonic() - began
        if not results.exists():
            return Round(
                name, seed, 0, [f"pytest ended with status {ended.returncode}"], 0, seconds
            )
        return _read(results, name, seed, seconds)


def _read(results: Path, name: str, seed: int | None, seconds: float) -> Round:
    passed, skipped, failed = 0, 0, dict[str, None]()
    for case in ET.parse(results).iter("testcase"):  # noqa: S314 - pytest wrote it
        outcomes = {child.tag for child in case}
        if outcomes & {"failure", "error"}:
            module = re.sub(r"\.", "/", case.get("classname", ""))
            failed[f"{module}.py::{case.get('name')}"] = None
        elif "skipped" in outcomes:
            skipped += 1
        else:
            passed += 1
    return Round(name, seed, passed, list(failed), skipped, seconds)


@contextlib.contextmanager
def _busy(count: int) -> Iterator[None]:
    """Run processes that each use as much of a core as they can get."""
    processes = [subprocess.Popen([sys.executable, "-c", _BUSY]) for _ in range(count)]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


def _write(report: Path, rounds: Sequence[Round]) -> None:
    describe = ["git", "-C", str(ROOT), "describe", "--always", "--dirty", "--abbrev=12"]
    commit = subprocess.run(describe, capture_output=True, text=True, check=False).stdout.strip()
    lines = [
        "# Tests in random order",
        "",
        "Written by `make test-random`. Its figures are not edited by hand.",
        "",
        (
            f"{datetime.now(UTC):%Y-%m-%d}, commit {commit}, Python {platform.python_version()}, "
            f"{len(os.sched_getaffinity(0))} cores."
        ),
        "",
        (
            "Each round is a run of all tests that `make test` runs. The seed repeats its order: "
            "`pytest -p randomly --randomly-seed=SEED`."
        ),
        "",
        "| round | seed | passed | failed | skipped | took |",
        "|---|---|---|---|---|---|",
        *(one.row for one in rounds),
        "",
    ]
    report.parent.mkdir(parents=True, exist_ok=True)
    report.write_text("\n".join(lines))


if __name__ == "__main__":
    sys.exit(main())
