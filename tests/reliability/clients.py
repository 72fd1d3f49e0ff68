"""Clients that submit jobs while the system is being killed, and retry."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple
from uuid import UUID

import httpx

from tests.reliability.fault import Fault
from tests.support.local_system import UserClient

_TIMEOUT_SECONDS = 120
_PAUSE_SECONDS = 0.2
_LONGEST_PAUSE_SECONDS = 1.0
_LOOK_SECONDS = 0.02
_IMAGES = [*[1] * 6, 2, 3]
_DESTINATIONS = [*["workspace"] * 5, "library"]
_PROMISED = {202, 409, 503}


class Order(NamedTuple):
    """One job that a client submits once, under one idempotency key."""

    person: UserClient
    key: str
    images: int
    destination: str


class Clients:
    """Clients that retry with the same key until they receive 202."""

    def __init__(self) -> None:
        self.accepted: dict[str, set[str]] = {}
        """Every job id that was returned for each key."""
        self.answers: Counter[str] = Counter()
        self.faults: list[Fault] = []
        self._lock = threading.Lock()

    def send(self, orders: Sequence[Order], *, threads: int, may_go: Callable[[int], bool]) -> None:
        """Send the requests in order, each once ``may_go(number)`` is true, until accepted."""
        turns = iter(enumerate(orders))

        def work() -> None:
            while (turn := self._next(turns)) is not None:
                number, order = turn
                until = time.monotonic() + _TIMEOUT_SECONDS
                while not may_go(number) and time.monotonic() < until:
                    time.sleep(_LOOK_SECONDS)
                self.persist(order)

        with ThreadPoolExecutor(threads) as pool:
            for future in [pool.submit(work) for _ in range(threads)]:
                future.result()

    def persist(self, order: Order) -> None:
        """Retry one request until it is accepted."""
        until = time.monotonic() + _TIMEOUT_SECONDS
        while time.monotonic() < until:
            answer = self._ask(order)
            if answer is not None and answer.status_code == httpx.codes.ACCEPTED:
                with self._lock:
                    job_id = str(answer.json()["job"]["id"])
                    self.accepted.setdefault(order.key, set()).add(job_id)
                return
            time.sleep(_pause(answer))
        with self._lock:
            message = f"A client was not answered within {_TIMEOUT_SECONDS} s."
            self.faults.append(Fault("answer", message))

    def job_ids(self) -> set[str]:
        """Return every job id that a client received."""
        return {job_id for ids in self.accepted.values() for job_id in ids}

    def doubles(self) -> list[Fault]:
        """Return a fault for each key that was answered with more than one job."""
        return [
            Fault("doubled", f"The key {key} was answered with {len(ids)} jobs.", min(ids))
            for key, ids in self.accepted.items()
            if len(ids) > 1
        ]

    def _ask(self, order: Order) -> httpx.Response | None:
        metadata = {
            "prompt": "a red star on blue",
            "num_images": order.images,
            "destination": order.destination,
        }
        body = {"jobType": "sdxl_image_fast", "metadata": metadata}
        try:
            answer = order.person.invoke("queue-job", body, **{"idempotency-key": order.key})
        except httpx.TransportError:
            self._count("no answer")
            return None
        self._count(str(answer.status_code))
        if answer.status_code not in _PROMISED:
            with self._lock:
                message = f"A client was answered {answer.status_code}: {answer.text}"
                self.faults.append(Fault("answer", message))
        return answer

    def _next(self, turns: Iterator[tuple[int, Order]]) -> tuple[int, Order] | None:
        with self._lock:
            return next(turns, None)

    def _count(self, what: str) -> None:
        with self._lock:
            self.answers[what] += 1


def orders(
    people: Sequence[UserClient], count: int, chance: random.Random, *, plain: bool = False
) -> list[Order]:
    """Generate requests of random users; unless ``plain``, of several images or for the library."""
    images, destinations = ([1], ["workspace"]) if plain else (_IMAGES, _DESTINATIONS)
    return [
        Order(
            chance.choice(people),
            _key(chance),
            chance.choice(images),
            chance.choice(destinations),
        )
        for _ in range(count)
    ]


def _key(chance: random.Random) -> str:
    return str(UUID(int=chance.getrandbits(128)))


def _pause(answer: httpx.Response | None) -> float:
    retry_after = answer.headers.get("retry-after") if answer is not None else None
    return min(float(retry_after), _LONGEST_PAUSE_SECONDS) if retry_after else _PAUSE_SECONDS
