"""The data folder: one supervisor at a time, and what it tells of its processes."""

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypedDict

from infra.local.errors import LocalSystemError
from infra.local.process.atomic_file import write_json

_MADE_HERE = (
    *("postgres", "postgres.new", "storage", "tasks", "logs", "samples"),
    *("ports.json", "processes.json", "auth.sqlite3"),
)


class BusyError(LocalSystemError):
    """Another supervisor holds the folder."""


class Process(TypedDict):
    """One line of ``processes.json``."""

    name: str
    pid: int
    port: int


@contextlib.contextmanager
def lock(data: Path) -> Iterator[None]:
    """Hold the folder, made if it is missing; the kernel lets go when the process ends."""
    data.mkdir(parents=True, exist_ok=True)
    _restrict(data)
    lock = data / ".lock"
    lock.touch(mode=0o600)
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise BusyError(f"A local system is running on {data} already.") from None
        yield


def _restrict(data: Path) -> None:
    """Let no other account read the folder, nor what an earlier run left in it.

    Root runs Postgres as another account, which has to pass through to its own folder.
    """
    data.chmod(0o711 if os.geteuid() == 0 else 0o700)
    for path in data.iterdir():
        if path.name in _MADE_HERE and path.stat().st_uid == os.geteuid():
            path.chmod(0o700 if path.is_dir() else 0o600)


def write_processes(data: Path, processes: Iterable[Process]) -> None:
    """Write which processes run now."""
    write_json(data / "processes.json", list(processes))


def clear_processes(data: Path) -> None:
    """Nothing runs any more."""
    (data / "processes.json").unlink(missing_ok=True)


def reset(data: Path) -> None:
    """Remove what the local system made in the folder, and nothing else that may lie there."""
    with lock(data):
        for name in _MADE_HERE:
            path = data / name
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
