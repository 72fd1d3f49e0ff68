"""Discrete-event simulation of a queue, its users and its workers, in the real dispatch order.

The order is that of the ``dispatch`` queries. Of the users who wait, the one with the fewest
running jobs comes first, then the one served longest ago, with their oldest job. The job goes to
the worker with the most free slots; a worker holds its slots and one job more. Arrivals are random
in time, user and type. Durations vary about a mean of their type, which differs from the
catalogue's. Claims and callbacks take no time here, and no job fails.
"""

import heapq
import itertools
import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median, quantiles

from shared.contracts.job_catalog import JOB_TYPES, QueueName
from shared.db.queries.metrics import Duration, Load, QueueState
from shared.jobs import eta

_PREFETCH_JOBS = 1
_MEASURED = 100
_SAMPLED = 100


@dataclass(eq=False)
class Job:
    """One job, and the estimate that was made when it arrived."""

    user: int
    job_type: str
    images: int
    seconds: float
    came_at: float
    foretold: eta.Eta | None = None
    began_at: float = 0.0


@dataclass(eq=False)
class _Worker:
    line: list[Job] = field(default_factory=list)
    running: list[Job] = field(default_factory=list)


@dataclass(frozen=True)
class Surroundings:
    """The load: users, job types and workers.

    ``load`` is the arriving work divided by the capacity of the workers. From 1 on, the queue only
    grows.
    """

    name: str
    queue: QueueName
    types: dict[str, int]
    """Relative frequency of each job type."""
    load: float
    workers: int = 1
    slots: int = 1
    users: int = 30
    skew: float = 0.0
    """The n-th user submits in proportion to 1 / n ** skew."""
    burst: int = 1
    """How many jobs a user submits at once, on average."""


class Simulation:
    """One simulation; call ``run`` once."""

    def __init__(self, surroundings: Surroundings, seed: int) -> None:
        self._around = surroundings
        self._chance = random.Random(seed)
        self._number = itertools.count()
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._now = 0.0
        self._workers = [_Worker() for _ in range(surroundings.workers)]
        self._waiting: defaultdict[int, list[Job]] = defaultdict(list)
        self._running: defaultdict[int, int] = defaultdict(int)
        self._served: defaultdict[int, int] = defaultdict(lambda: -1)
        self._ended: defaultdict[str, list[float]] = defaultdict(list)
        self._usual = {
            name: JOB_TYPES[name].expected_seconds * self._chance.uniform(0.6, 1.6)
            for name in surroundings.types
        }

    def run(self, arrivals: int) -> list[Job]:
        """Simulate until all jobs have started, and return them in the order of arrival."""
        jobs = self._arrivals(arrivals)
        for job in jobs:
            self._at(job.came_at, lambda job=job: self._arrive(job))  # type: ignore[misc]
        while self._events:
            self._now, _, happen = heapq.heappop(self._events)
            happen()
        return jobs

    def _arrivals(self, count: int) -> list[Job]:
        around, chance, at, jobs = self._around, self._chance, 0.0, list[Job]()
        names, often = list(around.types), list(around.types.values())
        images = [(1 + JOB_TYPES[name].max_images) / 2 for name in names]
        each = sum(
            self._usual[name] * one * share
            for name, one, share in zip(names, images, often, strict=True)
        ) / sum(often)
        rate = around.load * around.workers * around.slots / each / around.burst
        weights = [1 / (number + 1) ** around.skew for number in range(around.users)]
        while len(jobs) < count:
            at += chance.expovariate(rate)
            (user,) = chance.choices(range(around.users), weights)
            for _ in range(chance.randint(1, 2 * around.burst - 1)):
                (name,) = chance.choices(names, often)
                number = chance.randint(1, JOB_TYPES[name].max_images)
                seconds = self._usual[name] * number * chance.lognormvariate(0, 0.3)
                jobs.append(Job(user, name, number, seconds, at))
        return jobs[:count]

    def _arrive(self, job: Job) -> None:
        held = [len(worker.line) + len(worker.running) for worker in self._workers]
        job.foretold = eta.estimate(
            self._state(),
            self._durations(),
            slots=len(held) * self._around.slots,
            is_free=min(held) < self._around.slots,
        )
        self._waiting[job.user].append(job)
        self._fill()

    def _fill(self) -> None:
        for worker in self._free_slots():
            waiting = [user for user, jobs in self._waiting.items() if jobs]
            if not waiting:
                return
            user = min(waiting, key=lambda one: (self._running[one], self._served[one]))
            self._running[user] += 1
            self._served[user] = next(self._number)
            worker.line.append(self._waiting[user].pop(0))
            self._begin(worker)

    def _free_slots(self) -> list[_Worker]:
        free = {
            worker: self._around.slots + _PREFETCH_JOBS - len(worker.line) - len(worker.running)
            for worker in self._workers
        }
        levels = range(max(free.values()), 0, -1)
        return [worker for level in levels for worker in self._workers if free[worker] >= level]

    def _begin(self, worker: _Worker) -> None:
        while worker.line and len(worker.running) < self._around.slots:
            job = worker.line.pop(0)
            worker.running.append(job)
            job.began_at = self._now
            self._at(self._now + job.seconds, lambda job=job: self._end(worker, job))  # type: ignore[misc]

    def _end(self, worker: _Worker, job: Job) -> None:
        worker.running.remove(job)
        self._running[job.user] -= 1
        self._ended[job.job_type].append(job.seconds / job.images)
        self._begin(worker)
        self._fill()

    def _at(self, when: float, happen: Callable[[], None]) -> None:
        heapq.heappush(self._events, (when, next(self._number), happen))

    def _state(self) -> QueueState:
        waiting = sorted(
            (job for jobs in self._waiting.values() for job in jobs), key=lambda job: job.came_at
        )
        both_ends = [*waiting[:_SAMPLED], *waiting[-_SAMPLED:]]
        return QueueState(
            name=self._around.queue,
            waiting=len(waiting),
            oldest_waiting_seconds=None,
            sample=self._loads(waiting if len(waiting) < len(both_ends) else both_ends),
            dispatched=self._loads([job for worker in self._workers for job in worker.line]),
            running=self._loads([job for worker in self._workers for job in worker.running]),
        )

    def _loads(self, jobs: Sequence[Job]) -> list[Load]:
        by_type = defaultdict[str, list[Job]](list)
        for job in jobs:
            by_type[job.job_type].append(job)
        return [
            Load(
                job_type=name,
                jobs=len(several),
                images=sum(job.images for job in several),
                elapsed_seconds=sum(self._now - job.began_at for job in several if job.began_at),
            )
            for name, several in by_type.items()
        ]

    def _durations(self) -> dict[str, Duration]:
        newest = {name: ended[-_MEASURED:] for name, ended in self._ended.items()}
        return {
            name: Duration(job_type=name, median=median(ended), slow=_slow(ended))
            for name, ended in newest.items()
        }


def _slow(seconds: Sequence[float]) -> float:
    return quantiles(seconds, n=10)[-1] if len(seconds) > 1 else seconds[0]
