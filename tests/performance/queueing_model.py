"""A queueing model of the control plane, as a discrete-event simulation.

A job is accepted by a function's process, stored by the database, waits for a free place at a
worker, passes the queue, and then holds a slot until it ends: claim, work and completion, each of
the callbacks handled by a function's process and the database. Every part serves in the order of
arrival. On one machine all parts also need one of its cores; in the cloud each has its own.
"""

import itertools
import random
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from tests.performance.event_simulation import Clock, Line


@dataclass(frozen=True)
class Times:
    """Seconds that one job needs of each part, alone."""

    accept: float
    """A function's process: the enqueue."""
    hear: float
    """A function's process: the claim."""
    report: float
    """A function's process: the completion."""
    store: float
    """The database: the enqueue."""
    claim: float
    """The database: the claim."""
    end: float
    """The database: the completion."""
    work: float
    """A worker's slot."""
    flush: float = 0.0
    """Waiting time of each of the three that keeps nothing busy: disks and networks."""


@dataclass(frozen=True)
class Plant:
    """The parts of the control plane and their capacities."""

    times: Times
    processes: int = 1
    """Processes of the functions."""
    database_cores: int = 1
    slots: int = 1
    prefetch_jobs: int = 1
    dispatches_a_second: float = 500.0
    cores: int | None = None
    """Cores of the one machine that all parts share; None where each has its own."""
    is_steady: bool = False
    """Every service takes its mean, as in computations by hand; otherwise times are exponential."""


@dataclass
class Seen:
    """Results of a simulation."""

    came: list[float] = field(default_factory=list)
    ended: list[float] = field(default_factory=list)
    took: list[float] = field(default_factory=list)
    """Seconds from arrival to end, for each job."""
    busy: dict[str, float] = field(default_factory=dict)
    """The share of the time that each part was busy."""

    @property
    def span(self) -> float:
        """Seconds from the first arrival to the last end."""
        return max(self.ended) - self.came[0]

    @property
    def bottleneck(self) -> str:
        """The part that was busy most."""
        return max(self.busy, key=lambda name: self.busy[name])


class _Run:
    """One simulation of a plant."""

    def __init__(self, plant: Plant, chance: random.Random, more: int = 0) -> None:
        self.clock, self.seen = Clock(), Seen()
        self._more = more
        self._plant, self._chance = plant, chance
        cores = Line(self.clock, plant.cores) if plant.cores else None
        self.lines = {
            "functions": Line(self.clock, plant.processes, cores),
            "database": Line(self.clock, plant.database_cores, cores),
            "queue": Line(self.clock, 1),
            "workers": Line(self.clock, plant.slots),
        } | ({"cores": cores} if cores else {})
        self._machine = cores
        self._room = plant.slots + plant.prefetch_jobs
        self._backlog: deque[float] = deque()

    def come(self) -> None:
        """A request arrives; once it is stored, the job waits for a free place."""
        came, times = self.clock.now, self._plant.times
        self.seen.came.append(came)
        self._steps(
            [("functions", times.accept), ("database", times.store), ("", times.flush)],
            lambda: self._wait(came),
        )

    def _wait(self, came: float) -> None:
        self._backlog.append(came)
        self._fill()

    def _fill(self) -> None:
        while self._room and self._backlog:
            self._room -= 1
            came = self._backlog.popleft()
            pace = 1 / self._plant.dispatches_a_second
            self.lines["queue"].serve(pace, lambda came=came: self._dispatched(came))  # type: ignore[misc]

    def _dispatched(self, came: float) -> None:
        times = self._plant.times
        steps = [
            *(("functions", times.hear), ("database", times.claim), ("", times.flush)),
            *(("work", times.work), ("functions", times.report)),
            *(("database", times.end), ("", times.flush)),
        ]
        workers = self.lines["workers"]
        since = []

        def begin() -> None:
            since.append(self.clock.now)
            self._steps(steps, end)

        def end() -> None:
            workers.busy += self.clock.now - since[0]
            workers.give_back()
            self.seen.ended.append(self.clock.now)
            self.seen.took.append(self.clock.now - came)
            self._room += 1
            self._fill()
            if self._more:
                self._more -= 1
                self.come()

        workers.take(begin)

    def _steps(self, steps: Sequence[tuple[str, float]], then: Callable[[], None]) -> None:
        """Serve the steps in sequence; a step outside our parts only takes time."""
        if not steps:
            then()
            return
        (name, mean), *rest = steps
        seconds = self._about(mean)
        line = self._machine if name == "work" else self.lines.get(name)
        if line:
            line.serve(seconds, lambda: self._steps(rest, then))
        else:
            self.clock.after(seconds, lambda: self._steps(rest, then))

    def _about(self, mean: float) -> float:
        if self._plant.is_steady or not mean:
            return mean
        return self._chance.expovariate(1 / mean)


def run(plant: Plant, arrivals: Sequence[float], *, more: int = 0, seed: int = 1) -> Seen:
    """Simulate jobs that arrive at these seconds, and ``more`` that each arrive as another ends."""
    one = _Run(plant, random.Random(f"services {seed}"), more)
    for when in arrivals:
        one.clock.after(when, one.come)
    one.clock.run()
    span = one.seen.span
    one.seen.busy = {name: line.busy / line.servers / span for name, line in one.lines.items()}
    return one.seen


def poisson(rate: float, jobs: int, seed: int = 1) -> list[float]:
    """Return arrival times of a Poisson process with ``rate`` arrivals per second."""
    chance = random.Random(f"arrivals {seed}")
    return list(itertools.accumulate(chance.expovariate(rate) for _ in range(jobs)))


def most(plant: Plant) -> tuple[float, str]:
    """Return the maximum jobs per second, and the part that was busy most.

    The system always contains twice as many jobs as it has places for. The first and the last
    quarter,
    while it fills and empties, are left out.
    """
    inside = 2 * (plant.slots + plant.prefetch_jobs) + 50
    jobs = max(3000, 6 * inside)
    observed = run(plant, [0.0] * inside, more=jobs - inside)
    ended = sorted(observed.ended)
    first, last = jobs // 4, jobs * 3 // 4
    return (last - first) / (ended[last] - ended[first]), observed.bottleneck


def with_workers(plant: Plant, slots: int, work: float) -> Plant:
    """Return the plant with so many slots, each busy for ``work`` seconds with a job."""
    return replace(plant, slots=slots, times=replace(plant.times, work=work))
