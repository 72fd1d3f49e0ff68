"""``make reliability``: kill, replay and crowd a running system, and report broken promises.

Writes docs/reports/reliability.md. Exit status 1 where a promise does not hold.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.reliability import cancels, fairness, idempotency, kill, readers, replays
from tests.reliability.report import Proof, page
from tests.reliability.scale import ENVIRONMENT, Scale
from tests.support.local_system import ROOT, LocalSystem

_REPORT = ROOT / "docs" / "reports" / "reliability.md"

Prover = Callable[[LocalSystem, Scale], Proof]

PROVERS: dict[int, Prover] = {
    1: kill.prove,
    2: replays.prove,
    3: idempotency.prove,
    4: cancels.prove,
    5: readers.prove,
    6: fairness.prove,
}
_GROUPS: dict[str, tuple[int, ...]] = {"noop": (1, 3, 5), "none": (2, 4, 6)}
"""The promises that are proved on one system, by its worker; with none, each starts its own."""


def prove(scale: Scale, only: Collection[int] = tuple(PROVERS)) -> list[Proof]:
    """Prove the promises one after the other; return the proofs in the order of their numbers."""
    proofs: list[Proof] = []
    for worker, numbers in _GROUPS.items():
        selected = [number for number in numbers if number in only]
        if not selected:
            continue
        with _running(worker) as system:
            proofs += [_timed(PROVERS[number], system, scale) for number in selected]
    return sorted(proofs, key=lambda proof: proof.number)


def _timed(prover: Prover, system: LocalSystem, scale: Scale) -> Proof:
    began = time.monotonic()
    proof = prover(system, scale)
    proof.seconds = time.monotonic() - began
    verdict = "holds" if proof.holds else "does NOT hold"
    sys.stderr.write(f"{proof.number}. {proof.name}: {verdict} ({proof.seconds:.0f} s)\n")
    return proof


@contextmanager
def _running(worker: str) -> Iterator[LocalSystem]:
    with tempfile.TemporaryDirectory() as folder:
        system = LocalSystem(Path(folder) / "data", worker=worker, **ENVIRONMENT)
        try:
            system.start()
            yield system
        finally:
            system.stop()


def main() -> int:
    """Prove the promises of the command line, and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.reliability.run")
    for name in ("seed", "jobs", "kills"):
        parser.add_argument(f"--{name}", type=int, default=getattr(Scale, name))
    parser.add_argument("--readers", type=int, default=Scale.disconnects, help="disconnects")
    parser.add_argument("--only", help="the promises' numbers, with commas")
    parser.add_argument("--out", type=Path, default=_REPORT)
    options = parser.parse_args()
    scale = Scale(
        seed=options.seed, jobs=options.jobs, kills=options.kills, disconnects=options.readers
    )
    only = [int(number) for number in options.only.split(",")] if options.only else list(PROVERS)
    proofs = prove(scale, only)
    text = page(proofs, scale)
    options.out.write_text(text)
    sys.stdout.write(text)
    for proof in proofs:
        for history in proof.histories:
            sys.stdout.write(f"\n{history}\n")
    return 0 if all(proof.holds for proof in proofs) else 1


if __name__ == "__main__":
    sys.exit(main())
