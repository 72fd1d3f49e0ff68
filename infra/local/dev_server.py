"""Serve one function with reload, beside a running local system whose parts it uses.

python -m infra.local.dev_server queue-job [--port 8081] [--data .local/data]

The functions framework serves it, as in the cloud; a saved change starts it again.
"""

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NoReturn

from infra import manifest as the_map
from infra.local.config import environment, keys
from infra.local.config.environment import LocalSystem
from infra.local.database.server import url as postgres_url
from infra.local.database.setup import functions_url
from infra.local.errors import LocalSystemError
from infra.local.process import data_dir, ports, privileges
from infra.manifest import Function

_POLL_SECONDS = 0.3
_STOP_SECONDS = 3
_NEEDED = {"gateway", "storage", "tasks"}

Snapshot = Mapping[Path, tuple[int, int]]


class Served:
    """The framework's process for one function of the tree at ``root``."""

    def __init__(
        self, function: Function, root: Path, port: int, settings: Mapping[str, str]
    ) -> None:
        self._source = root.joinpath(*function.module.split(".")).with_suffix(".py")
        self._root = root
        self._port = port
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; whatever it says goes to the terminal."""
        options = ["--target", "main", "--source", str(self._source)]
        options += ["--host", "127.0.0.1", "--port", str(self._port)]
        self._process = subprocess.Popen(
            [
                *privileges.child_prefix("TERM"),
                *(sys.executable, "-m", "functions_framework", *options),
            ],
            env=self._settings,
            # With -m it comes first on the path, as a bundle's own folder does.
            cwd=self._root,
            # A group of its own: Ctrl-C in the terminal is for the watcher alone.
            start_new_session=True,
        )

    def stop(self) -> None:
        """End it with its own workers: politely, then by force."""
        if self._process is None:
            return
        for number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_STOP_SECONDS)
        self._process = None

    def has_ended(self) -> bool:
        """Whether it ended by itself; told once."""
        if self._process is None or self._process.poll() is None:
            return False
        self._process = None
        return True


def system_on(data: Path) -> tuple[LocalSystem, str]:
    """The system that runs on the data folder, and its database's address for the functions.

    Raises:
        LocalSystemError: where none runs there, or not whole yet.
    """
    listening = _listening(data)
    if missing := sorted(_NEEDED - listening.keys()):
        raise LocalSystemError(f"The local system on {data} lacks its {', '.join(missing)} yet.")
    database = os.environ.get("DATABASE_URL")
    if "postgres" not in listening and not database:
        raise LocalSystemError("That system's database is your own: set DATABASE_URL here too.")
    admin = postgres_url(listening["postgres"]) if "postgres" in listening else str(database)
    return LocalSystem(data, listening["gateway"], listening, database), functions_url(admin)


def serve(served: Served, folders: Iterable[Path]) -> NoReturn:
    """Keep it running on the newest saved text, until a signal comes."""
    try:
        while True:
            before = _snapshot(folders)
            served.start()
            while _snapshot(folders) == before:
                if served.has_ended():
                    _say("It ended; the next saved change starts it again.")
                time.sleep(_POLL_SECONDS)
            _say("A file has changed; starting it again.")
            served.stop()
    finally:
        served.stop()


def _listening(data: Path) -> dict[str, int]:
    try:
        processes = json.loads((data / "processes.json").read_text())
        with data_dir.lock(data):
            processes = []  # whoever wrote the file holds the folder no more
    except FileNotFoundError:
        processes = []
    except data_dir.BusyError:
        pass
    if not processes:
        raise LocalSystemError(f"No local system runs on {data}: start one with `make run`.")
    return {process["name"]: process["port"] for process in processes}


def _snapshot(folders: Iterable[Path]) -> Snapshot:
    return {path: stamp for folder in folders for path, stamp in _stamps(folder)}


def _stamps(below: Path) -> Iterator[tuple[Path, tuple[int, int]]]:
    for path in below.rglob("*"):
        if "__pycache__" not in path.parts and path.is_file():
            with contextlib.suppress(FileNotFoundError):  # an editor replaces it just now
                status = path.stat()
                yield path, (status.st_mtime_ns, status.st_size)


def _function(name: str) -> Function:
    known = the_map.read().functions
    if name not in known:
        raise LocalSystemError(f"There is no function {name}. Known are: {', '.join(known)}.")
    return known[name]


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main() -> int:
    """Serve what the command line asks for; the process's exit status."""
    parser = argparse.ArgumentParser(prog="python -m infra.local.dev_server")
    parser.add_argument("name", metavar="NAME", help="the function's, such as queue-job")
    parser.add_argument("--port", type=int, default=8081)
    parser.add_argument("--data", type=Path, default=Path(".local/data"), help="the system's")
    parser.add_argument("--root", type=Path, default=keys.CHECKOUT, help="another tree to serve")
    arguments = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(0))
    try:
        function = _function(arguments.name)
        system, database_url = system_on(arguments.data.resolve())
        if not ports.is_free(arguments.port):
            raise ports.NoPortError(f"Port {arguments.port} is in use: choose another with --port.")
    except LocalSystemError as error:
        _say(str(error))
        return 1
    root = arguments.root.resolve()
    settings = environment.functions_env(system, database_url)
    folders = [root.joinpath(*function.module.split(".")).parent, root / "shared"]
    _say(f"{function.name} is served at http://127.0.0.1:{arguments.port}. Ctrl-C stops it.")
    serve(Served(function, root, arguments.port, settings), folders)


if __name__ == "__main__":
    sys.exit(main())
