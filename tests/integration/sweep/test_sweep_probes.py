"""sweep-jobs: health probes of workers."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from shared.contracts import webhook_signature
from tests.support.local_system import (
    TIMEOUT_SECONDS,
    LocalSystem,
    UserClient,
    free_port,
    wait_until,
)
from tests.support.scripted_worker import ScriptedWorker
from tests.support.sweep import Sweep, at_once

_SEEN = "update workers set last_seen = now() - interval '5 min', response_ms = null"


class Watched(ScriptedWorker):
    """A worker that counts the probes, and may delay and refuse them."""

    def __init__(self, system: LocalSystem) -> None:
        self.requests = 0
        self.gates: list[threading.Event] = []
        """Each probe waits for the next of these events and then gets a 503."""
        super().__init__(system, "noop")

    def row(self) -> dict[str, Any]:
        """The worker's row."""
        (row,) = self.system.rows("select * from workers where id = 'noop-sdxl'")
        return row

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        worker, plain = self, super()._handler()

        class Handler(plain):  # type: ignore[misc, valid-type]
            def do_GET(self) -> None:  # noqa: N802 - the library's name
                worker.requests += 1
                if worker.gates:
                    worker.gates.pop(0).wait(TIMEOUT_SECONDS)
                    self.send_error(503)
                else:
                    super().do_GET()

        return Handler


@pytest.fixture
def other(bare: LocalSystem, hand_worker: ScriptedWorker) -> Iterator[Watched]:
    """A second worker with the most free slots, so that jobs are sent to it first."""
    assert hand_worker.register(slots=1000).status_code == 200
    worker = Watched(bare)
    assert worker.register().status_code == 200
    bare.rows("update workers set slots = 5000 where id = 'noop-sdxl' returning id")
    worker.requests = 0
    yield worker
    worker.close()
    gone = "is_active = false, is_always_on = true"
    bare.rows(f"update workers set {gone} where key_id = 'noop' returning id")


def test_a_worker_that_answers_is_seen(bare: LocalSystem, other: Watched, sweep: Sweep) -> None:
    bare.rows(f"{_SEEN} where key_id = 'noop' returning id")
    before = other.row()
    assert sweep()["workers_answered"] >= 2
    after = other.row()
    assert after["last_seen"] > before["last_seen"]
    assert (after["health"], after["is_active"]) == ("healthy", True)
    assert after["response_ms"] >= 0


def test_what_a_silent_worker_has_not_claimed_goes_to_another(
    person: UserClient, hand_worker: ScriptedWorker, other: Watched, sweep: Sweep
) -> None:
    waiting, running = person.create_job(), person.create_job()
    other.message(waiting)
    other.claimed(running)
    other.close()
    assert sum(one["workers_silent"] for one in at_once(sweep)) >= 1
    assert hand_worker.message(waiting).dispatch_no == 2
    assert running not in hand_worker.messages, "a claimed job stays with its claim"
    assert (other.row()["health"], other.row()["is_active"]) == ("unhealthy", True)
    hand_worker.finish(waiting)
    assert person.status(waiting) == "completed"


def test_a_worker_that_lost_its_key_is_sent_nothing(
    person: UserClient, hand_worker: ScriptedWorker, other: Watched, sweep: Sweep
) -> None:
    other.key = webhook_signature.new_key()
    sweep()
    assert other.row()["health"] == "unhealthy"
    job_id = person.create_job()
    hand_worker.message(job_id)
    assert job_id not in other.messages


def test_a_worker_that_answers_again_is_sent_jobs_by_the_same_sweep(
    bare: LocalSystem, person: UserClient, hand_worker: ScriptedWorker, sweep: Sweep
) -> None:
    bare.rows("update workers set health = 'unhealthy' where id = 'demo-sdxl' returning id")
    job_id = person.create_job()
    assert bare.value("select dispatched_at from jobs where id = %s", job_id) is None
    assert sweep()["dispatched"] >= 1
    assert hand_worker.message(job_id).dispatch_no == 1


def test_a_worker_unseen_for_ten_minutes_is_not_probed_until_it_registers(
    bare: LocalSystem, other: Watched, sweep: Sweep
) -> None:
    other.key, good = webhook_signature.new_key(), other.key
    for minutes, is_active in [(9, True), (11, False), (11, False)]:
        unseen = f"last_seen = now() - interval '{minutes} min'"
        bare.rows(f"update workers set {unseen} where id = 'noop-sdxl' returning id")
        sweep()
        assert other.row()["is_active"] is is_active, minutes
    assert other.requests == 2
    other.key = good
    assert other.register().status_code == 200
    assert (other.row()["health"], other.row()["is_active"]) == ("healthy", True)


def test_a_worker_that_starts_when_it_is_called_is_not_woken(
    bare: LocalSystem, other: Watched, sweep: Sweep
) -> None:
    sleeps = "is_always_on = false, last_seen = now() - interval '1 day'"
    bare.rows(f"update workers set {sleeps} where id = 'noop-sdxl' returning id")
    sweep()
    assert (other.requests, other.row()["health"], other.row()["is_active"]) == (0, "healthy", True)


def test_a_worker_of_two_types_is_probed_once(
    bare: LocalSystem, other: Watched, sweep: Sweep
) -> None:
    assert other.register("wan").status_code == 200
    bare.rows(f"{_SEEN} where key_id = 'noop' returning id")
    other.requests = 0
    sweep()
    assert other.requests == 1
    seen = "select count(*) from workers where key_id = 'noop' and response_ms is not null"
    assert bare.value(seen) == 2


@pytest.mark.parametrize("where", ["there", "elsewhere"])
def test_a_worker_that_registers_during_its_probe_stays_healthy(
    bare: LocalSystem, other: Watched, sweep: Sweep, where: str
) -> None:
    gate = threading.Event()
    other.gates.append(gate)
    again = other if where == "there" else Watched(bare)
    with ThreadPoolExecutor() as pool:
        swept = pool.submit(sweep)
        wait_until(lambda: other.requests == 1, what="the sweep to ask")
        assert again.register().status_code == 200
        gate.set()
    assert swept.result()["not_done"] == []
    assert (other.row()["health"], other.row()["worker_url"]) == ("healthy", again.url)
    again.close()


def test_at_most_two_hundred_are_probed_least_recently_seen_first(
    bare: LocalSystem, sweep: Sweep
) -> None:
    bare.rows(
        "insert into workers (id, worker_type, worker_url, key_id, last_seen)"
        " select 'lost-' || n, 'chat', %s, 'lost-' || n, now() - n * interval '1 hour'"
        " from generate_series(1, 201) as n returning id",
        f"http://127.0.0.1:{free_port()}",
    )
    active = "select id from workers where id like 'lost-%%' and is_active"
    try:
        assert sweep()["workers_silent"] == 200
        assert bare.rows(active) == [{"id": "lost-1"}]
    finally:
        bare.rows("delete from workers where id like 'lost-%%' returning id")
