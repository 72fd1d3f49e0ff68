"""Helpers for the tests of sweep-jobs."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeAlias

from tests.support.local_system import LocalSystem, UserClient

Counts: TypeAlias = dict[str, Any]
Sweep: TypeAlias = Callable[[], Counts]


def at_once(sweep: Sweep, times: int = 3) -> list[Counts]:
    """Run several sweeps at the same time."""
    with ThreadPoolExecutor() as pool:
        futures = [pool.submit(sweep) for _ in range(times)]
    return [future.result() for future in futures]


def objects(system: LocalSystem, person: UserClient, below: str = "") -> set[str]:
    """The user's objects in workspace-temp, as paths below the user's folder."""
    start = f"workspace-temp/{person.id}/{below}"
    return {name.removeprefix(start) for name in system.objects() if name.startswith(start)}
