"""A job's life compared with a reference model: events in any order on the real system.

After each event the database must match the model.
"""

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test as run

from shared.db.queries.job_state_machine import OPEN, TABLE
from tests.integration.jobs.reference_model import ENDED
from tests.integration.jobs.state_machine import JobLife
from tests.support.local_system import LocalSystem
from tests.support.scripted_worker import ScriptedWorker


def test_any_order_of_events_leaves_one_end_and_one_account(
    bare: LocalSystem, hand_worker: ScriptedWorker
) -> None:
    _run(bare, hand_worker, examples=20, steps=30)


@pytest.mark.slow
def test_many_orders_of_events(bare: LocalSystem, hand_worker: ScriptedWorker) -> None:
    _run(bare, hand_worker, examples=100, steps=50)


def test_no_transition_leaves_an_end() -> None:
    assert all(set(transition.sources) <= set(OPEN) for transition in TABLE.values())
    assert {transition.target for transition in TABLE.values()} == {"queued", "processing", *ENDED}
    ends = [transition for transition in TABLE.values() if transition.target in ENDED]
    assert all(
        end.credit_action == ("settle" if end.target == "completed" else "refund") for end in ends
    )
    assert all(
        transition.credit_action is None for transition in TABLE.values() if transition not in ends
    )


def _run(system: LocalSystem, worker: ScriptedWorker, *, examples: int, steps: int) -> None:
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
