"""Kill parts of the system with SIGKILL, in an order and at times that a seed decides."""

import random
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

from tests.reliability.monitor import Kill, Monitor
from tests.reliability.processes import PARTS, Parts

_LONGEST_PAUSE_SECONDS = 1.5
_MAX_WAIT_SECONDS = 6.0
"""How long a kill waits for its conditions: running jobs, and its share of them ended."""
_LOOK_SECONDS = 0.02


class Blow(NamedTuple):
    """A planned kill."""

    victim: str
    pause: float
    """Minimum seconds after the previous kill."""
    meets_work: bool
    """Whether it waits until jobs run."""


def blows(count: int, chance: random.Random) -> list[Blow]:
    """Plan ``count`` kills, each part equally often; three in four wait until jobs run."""
    victims = [PARTS[number % len(PARTS)] for number in range(count)]
    chance.shuffle(victims)
    return [
        Blow(victim, chance.uniform(0, _LONGEST_PAUSE_SECONDS), chance.random() < 3 / 4)
        for victim in victims
    ]


def strike(planned: Sequence[Blow], parts: Parts, monitor: Monitor, *, jobs: int) -> None:
    """Kill as planned, spread over the ``jobs``, and wait until every part is up again.

    A part that is down is waited for before it is killed again, while others may be killed.
    """
    coming_back: dict[str, Future[None]] = {}
    with ThreadPoolExecutor(len(PARTS)) as nurses:
        for number, blow in enumerate(planned):
            _wait_for_the_moment(blow, monitor, ended=jobs * number // len(planned))
            if blow.victim in coming_back:
                coming_back[blow.victim].result()
            running, pid = monitor.running(), parts.kill(blow.victim)
            kill = Kill(blow.victim, time.time(), running)
            monitor.note(kill)
            coming_back[blow.victim] = nurses.submit(_note_return, parts, kill, pid)
        for future in coming_back.values():
            future.result()


def _wait_for_the_moment(blow: Blow, monitor: Monitor, *, ended: int) -> None:
    time.sleep(blow.pause)
    until = time.monotonic() + _MAX_WAIT_SECONDS
    while time.monotonic() < until:
        if monitor.ended >= ended and (monitor.running() or not blow.meets_work):
            return
        time.sleep(_LOOK_SECONDS)


def _note_return(parts: Parts, kill: Kill, pid: int) -> None:
    kill.back_at = parts.wait_for(kill.victim, pid)
