"""The size of a proof, and the settings of the systems it runs on."""

import random
from dataclasses import dataclass

LEASE_SECONDS = 5.0
SWEEP_SECONDS = 5.0
BOUND_SECONDS = LEASE_SECONDS + 2 * SWEEP_SECONDS
"""A job that a kill has struck runs again within a lease and two sweeps."""

SLOTS = 4
STEPS = 6
STEP_SECONDS = 0.1

ENVIRONMENT = {
    "LEASE_SECONDS": str(LEASE_SECONDS),
    "SWEEP_SECONDS": str(SWEEP_SECONDS),
    "IDEMPOTENCY_LEASE_SECONDS": "5",
    "STARTING_CREDITS": "1000000",
    "MAX_QUEUED_JOBS_PER_USER": "0",
    "WORKER_SLOTS": str(SLOTS),
    "NOOP_STEPS": str(STEPS),
    "NOOP_SECONDS": str(STEP_SECONDS),
}


@dataclass(frozen=True)
class Scale:
    """The numbers of a run; the defaults are those of ``make reliability``."""

    seed: int = 1
    jobs: int = 1000
    kills: int = 200
    replayed_jobs: int = 100
    keys: int = 10
    askers: int = 100
    """Simultaneous submissions with one key."""
    cancels: int = 100
    answer_seconds: float = 0.1
    """Limit for the answer to a cancellation (p95); higher where the machine is shared."""
    disconnects: int = 1000
    hoard: int = 1000
    newcomers: int = 5
    fair_jobs: int = 60
    """Jobs of each of the three equal users."""

    def chance(self, what: str) -> random.Random:
        """Return the random source for ``what``: the same in each run with one seed."""
        return random.Random(f"{self.seed}-{what}")
