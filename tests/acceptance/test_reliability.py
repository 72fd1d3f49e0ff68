"""The six guarantees of ``make reliability``, checked by its code at small and medium scale.

Faults that a slow or busy machine can cause count only in ``make reliability``, which runs alone.
"""

import pytest

from tests.reliability.report import page
from tests.reliability.run import PROVERS, prove
from tests.reliability.scale import Scale

LITTLE = Scale(
    jobs=12,
    kills=5,
    replayed_jobs=3,
    keys=2,
    askers=40,
    cancels=15,
    disconnects=48,
    hoard=15,
    newcomers=2,
    fair_jobs=4,
)
MIDDLING = Scale(
    seed=2,
    jobs=120,
    kills=25,
    replayed_jobs=20,
    keys=4,
    cancels=30,
    disconnects=150,
    hoard=300,
    newcomers=3,
    fair_jobs=15,
)


def test_the_promises_hold_in_little() -> None:
    _assert_kept(LITTLE)


@pytest.mark.slow
def test_the_promises_hold() -> None:
    _assert_kept(MIDDLING)


def _assert_kept(scale: Scale) -> None:
    proofs = prove(scale)
    assert [proof.number for proof in proofs] == sorted(PROVERS)
    faults = [fault for proof in proofs for fault in proof.faults if not fault.depends_on_speed]
    broken = [proof for proof in proofs if not proof.holds]
    histories = "\n".join(history for proof in broken for history in proof.histories)
    assert not faults, f"{faults}\n{page(broken, scale)}\n{histories}"
