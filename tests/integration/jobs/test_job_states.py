"""A job's life against a model: every event, in any order, over the real system.

After each event the database must stand as the model says.
"""

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test as run

from shared.db.queries.job_state_machine import OPEN, TABLE
from tests.integration.jobs.reference_model import ENDED
from tests.integration.jobs.state_machine import JobLife
from tests.support.local_system import System
from tests.support.scripted_worker import HandWorker


def test_any_order_of_events_leaves_one_end_and_one_account(
    bare: System, hand_worker: HandWorker
) -> None:
    _run(bare, hand_worker, examples=20, steps=30)


@pytest.mark.slow
def test_many_orders_of_events(bare: System, hand_worker: HandWorker) -> None:
    _run(bare, hand_worker, examples=100, steps=50)


def test_no_transition_leaves_an_end() -> None:
    assert all(set(one.sources) <= set(OPEN) for one in TABLE.values())
    assert {one.target for one in TABLE.values()} == {"queued", "processing", *ENDED}
    ends = [one for one in TABLE.values() if one.target in ENDED]
    assert all(one.account == ("settle" if one.target == "completed" else "refund") for one in ends)
    assert all(one.account is None for one in TABLE.values() if one not in ends)


def _run(system: System, worker: HandWorker, *, examples: int, steps: int) -> None:
    with system.database() as database:
        own = {"system": system, "worker": worker, "database": database}
        run(
            type("ThisJobLife", (JobLife,), own),
            settings=settings(
                max_examples=examples,
                stateful_step_count=steps,
                deadline=None,
                suppress_health_check=list(HealthCheck),
                phases=[Phase.explicit, Phase.generate, Phase.shrink],
                database=None,
            ),
        )
