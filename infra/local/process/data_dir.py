"""The data folder: its lock, the list of processes, and its reset."""

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypedDict

from infra.local.errors import LocalSystemError
from infra.local.process.atomic_file import write_json

_ENTRIES = (
    *("postgres", "postgres.new", "storage", "tasks", "logs", "samples"),
    *("ports.json", "processes.json", "auth.sqlite3"),
)


class BusyError(LocalSystemError):
    """Another supervisor has locked the folder."""


class Process(TypedDict):
    """One entry of ``processes.json``."""

    name: str
    pid: int
    port: int


@contextlib.contextmanager
def lock(data: Path) -> Iterator[None]:
    """Lock the folder, created if it is missing; the kernel unlocks it when the process ends.

    Raises:
        BusyError: another process has locked it.
    """
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
    """Deny other accounts access to the folder, and to the files of an earlier run.

    Root runs Postgres as another account, which needs to traverse the folder.
    """
    data.chmod(0o711 if os.geteuid() == 0 else 0o700)
    for path in data.iterdir():
        if path.name in _ENTRIES and path.stat().st_uid == os.geteuid():
            path.chmod(0o700 if path.is_dir() else 0o600)


def write_processes(data: Path, processes: Iterable[Process]) -> None:
    """Write the list of running processes."""
    write_json(data / "processes.json", list(processes))


def clear_processes(data: Path) -> None:
    """Delete the list of running processes."""
    (data / "processes.json").unlink(missing_ok=True)


def reset(data: Path) -> None:
    """Delete the local system's files in the folder, and no other files.

    Raises:
        BusyError: a local system is running on it.
    """
    with lock(data):
        for name in _ENTRIES:
            path = data / name
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
