"""Rotation of a worker's key by docs/operations/rotate-secrets.md, under load: no errors."""

import json
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from shared.contracts import webhook_signature
from tests.support.admin_cli import run_ok, settings_of
from tests.support.http import web
from tests.support.local_system import ROOT, TIMEOUT_SECONDS, LocalSystem, UserClient, wait_until
from tests.support.scripted_worker import ScriptedWorker

KEY_ID = "rotating"
OLD, NEW = webhook_signature.new_key(), webhook_signature.new_key()
JOBS_A_STEP = 6


class Revision(LocalSystem):
    """The functions with other keys, beside the running ones, like a revision in the cloud."""

    def __init__(self, of: LocalSystem, *keys: str) -> None:
        super().__init__(of.data, worker="none")
        own = settings_of(of) | {"WORKER_KEYS": json.dumps({KEY_ID: keys})}
        command = [sys.executable, "-m", "infra.local.gateway.app", "--port", str(self.port)]
        self._gateway = subprocess.Popen(
            command, cwd=ROOT, env=own, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        wait_until(self._answers, what="a revision to serve")

    def end(self) -> None:
        """Stop as the cloud does: requests in flight are answered first."""
        self._gateway.send_signal(signal.SIGTERM)
        self._gateway.wait(timeout=TIMEOUT_SECONDS)

    def _answers(self) -> bool:
        try:
            return web.get(f"{self.base}/healthz").is_success
        except httpx.TransportError:
            return False


class Rotated(ScriptedWorker):
    """A worker with one key that calls a random current revision, as a load balancer would."""

    def __init__(self, system: LocalSystem, revisions: list[Revision]) -> None:
        super().__init__(system)
        self.key_id, self.key, self.revisions = KEY_ID, OLD, revisions

    def send(
        self,
        function: str,
        body: dict[str, Any],
        **more: Any,  # noqa: ANN401 - those of ScriptedWorker.send
    ) -> httpx.Response:
        self.system = random.choice(self.revisions)
        return super().send(function, body, **more)

    def is_signed_for(self, job: str) -> bool:
        """Whether the signature of the job's message verifies with the worker's current key."""
        (headers, body) = next(
            delivery for delivery in self.deliveries if job.encode() in delivery[1]
        )
        try:
            webhook_signature.verify([self.key], headers, body, now=time.time())
        except webhook_signature.InvalidSignatureError:
            return False
        return True


class Load:
    """Users who queue jobs without a pause, and the worker that runs them."""

    def __init__(self, worker: Rotated) -> None:
        self.worker = worker
        self.finished = 0
        self.errors: list[str] = []
        self._is_over = threading.Event()
        self._threads = [threading.Thread(target=self._go_on) for _ in range(2)]

    @contextmanager
    def running(self) -> Iterator[None]:
        for thread in self._threads:
            thread.start()
        try:
            yield
        finally:
            self._is_over.set()
            for thread in self._threads:
                thread.join()

    def goes_on(self) -> None:
        """Wait until some more jobs are finished."""
        enough = self.finished + JOBS_A_STEP
        wait_until(lambda: bool(self.errors) or self.finished >= enough, what="some jobs")

    def _go_on(self) -> None:
        while not self._is_over.is_set():
            try:
                self._one_job()
            except Exception as error:  # noqa: BLE001 - collected, and checked at the end
                self.errors.append(repr(error))

    def _one_job(self) -> None:
        job = UserClient(random.choice(self.worker.revisions)).create_job()
        wait_until(lambda: job in self.worker.messages, what="the job's message")
        if not self.worker.is_signed_for(job):
            raise AssertionError("a message whose signature its worker cannot verify")
        self.worker.finish(job)
        self.finished += 1


@pytest.fixture
def started() -> Iterator[list[Revision]]:
    """Every revision that was started; all are stopped at the end."""
    revisions: list[Revision] = []
    yield revisions
    for revision in revisions:
        revision.end()


@pytest.mark.slow
def test_a_worker_s_key_is_changed_under_load(bare: LocalSystem, started: list[Revision]) -> None:
    worker_id = f"{KEY_ID}-sdxl"

    def roll_out(*keys: str) -> None:
        """Run the old and the new revision side by side for a while, then the new one alone."""
        revision = Revision(bare, *keys)
        started.append(revision)
        worker.revisions = started[-2:]
        load.goes_on() if worker.key in keys and not is_retired else time.sleep(1)
        worker.revisions = started[-1:]

    is_retired = False
    started.append(Revision(bare, OLD))
    worker = Rotated(bare, started[-1:])
    load = Load(worker)
    assert worker.register(slots=4).status_code == 200
    with load.running():
        load.goes_on()
        roll_out(OLD, NEW)
        run_ok(bare, "retire", "--id", worker_id)
        is_retired = True
        wait_until(lambda: not holds(bare, worker_id), what="the worker to hold nothing")
        roll_out(NEW, OLD)
        worker.key = NEW
        assert worker.register(slots=4).status_code == 200
        is_retired = False
        load.goes_on()
        roll_out(NEW)
        load.goes_on()
    worker.close()
    run_ok(bare, "retire", "--id", worker_id)
    assert load.errors == []
    assert load.finished >= 4 * JOBS_A_STEP


def holds(system: LocalSystem, worker_id: str) -> int:
    query = (
        "select count(*) from jobs where worker_id = %s and dispatched_at is not null"
        " and status in ('queued', 'processing')"
    )
    return int(system.value(query, worker_id))
