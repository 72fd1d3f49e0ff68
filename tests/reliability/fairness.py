"""Promise 6: users take turns, however many jobs one of them has queued."""

import random
import statistics
import time

from tests.reliability.clients import Clients, orders
from tests.reliability.fault import Fault
from tests.reliability.recovery import until_ended
from tests.reliability.report import Proof, spread
from tests.reliability.scale import STEP_SECONDS, Scale
from tests.reliability.worker_process import working
from tests.support.local_system import LocalSystem, UserClient, wait_until

_MIN_INDEX = 0.95
_MAX_LENGTHS = 2.0
_STEPS = 5
_EQUALS = 3
_THREADS = 6
_COMPLETED = """
    select user_id::text as id from jobs
    where user_id = any(%s::uuid[]) and completed_at > %s order by completed_at
"""
_WAITING = "select count(*) from jobs where user_id = %s and status = 'queued'"
_WAIT = """
    select extract(epoch from newcomer.started_at - newcomer.created_at)::float8 as seconds,
        avg(extract(epoch from other.completed_at - other.started_at))::float8 as length
    from jobs as newcomer
    join jobs as other on other.user_id = %s and other.status = 'completed'
        and (other.started_at, other.completed_at)
            overlaps (newcomer.created_at, newcomer.started_at)
    where newcomer.id = %s
    group by newcomer.id
"""
"""How long a newcomer's job waited, and how long the jobs took that ran meanwhile."""


def prove(system: LocalSystem, scale: Scale) -> Proof:
    """Measure three equal users, then newcomers with one job each beside a user with many."""
    proof = Proof(
        6,
        "fair queue",
        f"beside {scale.hoard} jobs of one user another's first starts within "
        f"{_MAX_LENGTHS:.0f} job lengths; Jain index of three equal users at least {_MIN_INDEX}",
    )
    with working(system, slots=1, steps=_STEPS):
        index = _equals(system, scale, proof)
        lengths = _newcomers(system, scale, proof)
    proof.seen = f"at most {max(lengths):.2f} job lengths; Jain index {index:.3f}"
    if index < _MIN_INDEX:
        proof.blame(system, Fault("fair", f"The Jain index of equal users is {index:.3f}."))
    if max(lengths) > _MAX_LENGTHS:
        proof.blame(system, Fault("late", f"A newcomer waited {max(lengths):.2f} job lengths."))
    return proof


def _equals(system: LocalSystem, scale: Scale, proof: Proof) -> float:
    """Three users queue the same number of jobs in turn; return how even their shares are.

    Jobs that the first user ran before the other users submitted do not count, so the first round
    is
    left out.
    """
    people, chance = [UserClient(system) for _ in range(_EQUALS)], scale.chance("equals")
    for person in people:
        _queue(person, scale.fair_jobs, chance)
    users = [person.id for person in people]
    began = system.value("select now()")
    window = scale.fair_jobs // 2 * _EQUALS
    wait_until(
        lambda: len(system.rows(_COMPLETED, users, began)) >= _EQUALS + window,
        what="the equal users' jobs",
    )
    rows = system.rows(_COMPLETED, users, began)[_EQUALS : _EQUALS + window]
    shares = [sum(row["id"] == user for row in rows) for user in users]
    until_ended(system, users, seconds=120 + 3 * window)
    proof.add_figure("jobs of each of three equal users", scale.fair_jobs)
    proof.add_figure(
        f"of {window} that completed, from the second round on, each had",
        " / ".join(map(str, shares)),
    )
    return jain(shares)


def _newcomers(system: LocalSystem, scale: Scale, proof: Proof) -> list[float]:
    """Return how long each newcomer's job waited, in multiples of a job's duration."""
    hoarder, chance = UserClient(system), scale.chance("newcomers")
    _queue(hoarder, scale.hoard, chance)
    waits = []
    for _ in range(scale.newcomers):
        time.sleep(chance.uniform(0, _STEPS * STEP_SECONDS))
        newcomer = UserClient(system)
        job_id = newcomer.create_job()
        newcomer.wait_for(job_id)
        waits += system.rows(_WAIT, hoarder.id, job_id)
    waiting = system.value(_WAITING, hoarder.id)
    lengths = [row["seconds"] / row["length"] for row in waits]
    proof.add_figure("newcomers", len(waits))
    proof.add_figure("jobs of the first user that still waited after them", waiting)
    proof.add_figure("length of a job, from start to end", spread([row["length"] for row in waits]))
    proof.add_figure("a newcomer's job started after", spread([row["seconds"] for row in waits]))
    proof.add_figure("the same in job lengths, median and most", _format_lengths(lengths))
    return lengths


def _queue(person: UserClient, count: int, chance: random.Random) -> None:
    clients = Clients()
    requests = orders([person], count, chance, plain=True)
    clients.send(requests, threads=_THREADS, may_go=lambda _: True)
    assert not clients.faults, clients.faults


def jain(shares: list[int]) -> float:
    """Return Jain's fairness index: 1 for equal shares, 1/n where one of n has everything."""
    squares = sum(share**2 for share in shares)
    return sum(shares) ** 2 / (len(shares) * squares) if squares else 0.0


def _format_lengths(lengths: list[float]) -> str:
    return f"{statistics.median(lengths):.2f} and {max(lengths):.2f}"
