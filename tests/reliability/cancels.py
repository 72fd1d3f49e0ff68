"""Promise 4: a cancelled job ends at once, and its worker stops."""

import json
import random
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from tests.reliability.audit import audit
from tests.reliability.fault import Fault
from tests.reliability.recovery import until_ended
from tests.reliability.report import Proof, counted, percentile, spread
from tests.reliability.scale import LEASE_SECONDS, STEP_SECONDS, Scale
from tests.reliability.worker_process import working
from tests.support.local_system import LocalSystem, UserClient

_STEPS = 15
_JOB_SECONDS = _STEPS * STEP_SECONDS
_MAX_STOP_SECONDS = LEASE_SECONDS / 6 + STEP_SECONDS
_CANCELLERS = 3
_TOO_LATE = 409
_STATUSES = "select id::text, status from jobs where id = any(%s::uuid[])"


class Cancel(NamedTuple):
    """One cancellation; times in Unix seconds."""

    job_id: str
    status: int
    began: float
    answered: float


def prove(system: LocalSystem, scale: Scale) -> Proof:
    """Cancel jobs at random moments between submission and completion."""
    proof = Proof(
        4,
        "cancelling",
        f"answered within {scale.answer_seconds * 1000:.0f} ms (p95); the worker stops within a "
        f"heartbeat and a step, {_MAX_STOP_SECONDS:.2f} s; no asset, one refund",
    )
    people = [UserClient(system) for _ in range(_CANCELLERS)]
    users = [person.id for person in people]
    with working(system, steps=_STEPS) as worker:
        cancels = _cancel(people, scale)
        until_ended(system, users, seconds=120)
        time.sleep(_MAX_STOP_SECONDS + _JOB_SECONDS)  # a late completion arrives within this time
        stops = _stops(worker.log, cancels)
    found = audit(system, users, [cancel.job_id for cancel in cancels])
    faults = _unkept(system, cancels) + _report(proof, scale, cancels, stops)
    proof.add_figure("jobs", f"{found.jobs}: {counted(found.ended)}")
    proof.add_figure("how claims ended", counted(found.outcomes))
    proof.blame(system, *found.faults, *faults)
    return proof


def _report(
    proof: Proof, scale: Scale, cancels: Sequence[Cancel], stops: Sequence[float]
) -> list[Fault]:
    """Add the figures, and return a fault for each that exceeds its limit."""
    answers = [cancel.answered - cancel.began for cancel in cancels]
    late = sum(cancel.status == _TOO_LATE for cancel in cancels)
    p95, longest = percentile(answers, 0.95), max(stops, default=0)
    proof.add_figure("cancels", f"{len(cancels)}, of which {late} came too late")
    proof.add_figure("answered after", spread(answers, digits=3))
    proof.add_figure("a running job stopped after", spread(stops, digits=2))
    proof.seen = (
        f"{len(cancels) - late} cancelled, answered within {p95 * 1000:.0f} ms (p95); {len(stops)} "
        f"ran and stopped within {longest:.2f} s"
    )
    faults = []
    if p95 > scale.answer_seconds:
        faults.append(Fault("late", f"The answer took {p95 * 1000:.0f} ms (p95)."))
    if longest > _MAX_STOP_SECONDS:
        faults.append(Fault("late", f"A cancelled job ran on for {longest:.2f} s."))
    return faults


def _cancel(people: Sequence[UserClient], scale: Scale) -> list[Cancel]:
    def work(number: int, person: UserClient) -> list[Cancel]:
        chance = scale.chance(f"cancels of {number}")
        count = len(range(number, scale.cancels, len(people)))
        return [_queue_and_cancel(person, chance) for _ in range(count)]

    with ThreadPoolExecutor(len(people)) as pool:
        return [one for many in pool.map(work, range(len(people)), people) for one in many]


def _queue_and_cancel(person: UserClient, chance: random.Random) -> Cancel:
    """Submit a job, and cancel it at a random moment of its expected duration or shortly after."""
    job_id = person.create_job()
    time.sleep(chance.uniform(0, 1.1 * _JOB_SECONDS))
    began = time.time()
    answer = person.invoke("workspace-actions", {"action": "cancel_job", "jobId": job_id})
    cancel = Cancel(job_id, answer.status_code, began, time.time())
    if cancel.status != _TOO_LATE:
        assert answer.status_code == 200, answer.text
        assert answer.json()["job"]["status"] == "cancelled", answer.text
    return cancel


def _stops(log: Path, cancels: Sequence[Cancel]) -> list[float]:
    """Return how many seconds each running job continued after its cancellation was answered."""
    answered = {cancel.job_id: cancel.answered for cancel in cancels if cancel.status != _TOO_LATE}
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    claimed = {line["job_id"] for line in lines if line["message"] == "job claimed"}
    ended = {
        line["job_id"]: datetime.fromisoformat(line["time"]).timestamp()
        for line in lines
        if line["message"] == "job ended"
    }
    return [max(0.0, ended[job_id] - answered[job_id]) for job_id in answered if job_id in claimed]


def _unkept(system: LocalSystem, cancels: Sequence[Cancel]) -> list[Fault]:
    """Return a fault for each job whose status differs from the answer to its cancellation."""
    rows = system.rows(_STATUSES, [cancel.job_id for cancel in cancels])
    status = {row["id"]: row["status"] for row in rows}
    return [
        Fault(
            "kept",
            f"A cancel was answered {cancel.status}, and the job is {status[cancel.job_id]}.",
            cancel.job_id,
        )
        for cancel in cancels
        if status[cancel.job_id] != ("completed" if cancel.status == _TOO_LATE else "cancelled")
    ]
