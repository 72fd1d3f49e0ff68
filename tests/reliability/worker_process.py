"""A noop worker process for a system without one: other slots and steps, or behind a proxy."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.local.config import environment
from tests.reliability.proxy import Relay
from tests.reliability.scale import SLOTS, STEP_SECONDS, STEPS
from tests.support.local_system import ROOT, LocalSystem, free_port, wait_until

_KINDS = 2
"""A noop worker registers once for each kind of job: sdxl and wan."""
_START_SECONDS = 30
_RUN = "import runpy; runpy.run_module('gpu_workers.noop.main', run_name='__main__')"
_REGISTERED = "select count(*) from workers where worker_url = %s"


@contextmanager
def working(
    system: LocalSystem,
    *,
    slots: int = SLOTS,
    steps: int = STEPS,
    relay: Relay | None = None,
    prelude: str = "",
) -> Iterator["OwnWorker"]:
    """Run a registered worker, at the proxy's URL where there is one.

    ``prelude`` is Python source that its process runs first.
    """
    worker = OwnWorker(system, slots, steps, relay, prelude)
    try:
        wait_until(
            lambda: system.value(_REGISTERED, worker.url) == _KINDS,
            what="the worker to register",
        )
        yield worker
    finally:
        worker.stop()


class OwnWorker:
    """The worker's process."""

    def __init__(
        self, system: LocalSystem, slots: int, steps: int, relay: Relay | None, prelude: str
    ) -> None:
        port = relay.worker_port if relay else free_port()
        parts = environment.LocalSystem(
            system.data, system.port, {**system.ports(), "worker": port}
        )
        self.url = relay.url if relay else parts.address_of("worker")
        env = {
            "WORKER_URL": self.url,
            "FUNCTIONS_URL": f"{relay.url if relay else system.base}/functions/v1",
            "WORKER_SLOTS": str(slots),
            "NOOP_STEPS": str(steps),
            "NOOP_SECONDS": str(STEP_SECONDS),
            "DRAIN_SECONDS": "0",
        }
        self.log = Path(system.data, "logs", f"worker-{port}.log")
        with self.log.open("w") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-u", "-c", f"{prelude}\n{_RUN}"],
                cwd=ROOT,
                env={**environment.worker_env(parts, "noop"), **env},
                stdout=log,
                stderr=log,
            )

    def stop(self) -> None:
        """Terminate it as the supervisor does, or kill it after 20 seconds."""
        self._process.terminate()
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
