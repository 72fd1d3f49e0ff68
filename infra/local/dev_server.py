"""Serve one function with reload, using the services of a running local system.

python -m infra.local.dev_server queue-job [--port 8081] [--data .local/data]

The functions framework serves it, as in the cloud; it restarts after a saved change.
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

from infra import manifest
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
    """The process that serves one function of the source tree at ``root``."""

    def __init__(
        self, function: Function, root: Path, port: int, settings: Mapping[str, str]
    ) -> None:
        self._source = root.joinpath(*function.module.split(".")).with_suffix(".py")
        self._root = root
        self._port = port
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the process; its output goes to the terminal."""
        options = ["--target", "main", "--source", str(self._source)]
        options += ["--host", "127.0.0.1", "--port", str(self._port)]
        self._process = subprocess.Popen(
            [
                *privileges.child_prefix("TERM"),
                *(sys.executable, "-m", "functions_framework", *options),
            ],
            env=self._settings,
            # With -m this folder is first on the path, as a bundle's folder is in the cloud.
            cwd=self._root,
            # A separate process group: Ctrl-C in the terminal reaches only the watcher.
            start_new_session=True,
        )

    def stop(self) -> None:
        """Stop the process and its children: by SIGTERM, then by SIGKILL."""
        if self._process is None:
            return
        for number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_STOP_SECONDS)
        self._process = None

    def has_ended(self) -> bool:
        """Return whether the process ended by itself; True only once."""
        if self._process is None or self._process.poll() is None:
            return False
        self._process = None
        return True


def system_on(data: Path) -> tuple[LocalSystem, str]:
    """Return the system running on a data folder, and the functions' database URL.

    Raises:
        LocalSystemError: none runs there, or it has not started completely.
    """
    listening = _listening(data)
    if missing := sorted(_NEEDED - listening.keys()):
        raise LocalSystemError(
            f"The local system on {data} has not started yet: {', '.join(missing)}."
        )
    database = os.environ.get("DATABASE_URL")
    if "postgres" not in listening and not database:
        raise LocalSystemError("That system's database is your own: set DATABASE_URL here too.")
    admin = postgres_url(listening["postgres"]) if "postgres" in listening else str(database)
    return LocalSystem(data, listening["gateway"], listening, database), functions_url(admin)


def serve(served: Served, folders: Iterable[Path]) -> NoReturn:
    """Serve a function, and restart it after each change in ``folders``, until a signal."""
    try:
        while True:
            before = _snapshot(folders)
            served.start()
            while _snapshot(folders) == before:
                if served.has_ended():
                    _print("It ended; the next saved change starts it again.")
                time.sleep(_POLL_SECONDS)
            _print("A file has changed; starting it again.")
            served.stop()
    finally:
        served.stop()


def _listening(data: Path) -> dict[str, int]:
    try:
        processes = json.loads((data / "processes.json").read_text())
        with data_dir.lock(data):
            processes = []  # the supervisor that wrote the file has ended
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
            with contextlib.suppress(FileNotFoundError):  # an editor is replacing it
                status = path.stat()
                yield path, (status.st_mtime_ns, status.st_size)


def _function(name: str) -> Function:
    functions = manifest.read().functions
    if name not in functions:
        raise LocalSystemError(f"There is no function {name}. Known are: {', '.join(functions)}.")
    return functions[name]


def _print(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main() -> int:
    """Serve the function named on the command line and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m infra.local.dev_server")
    parser.add_argument("name", metavar="NAME", help="the function's name, such as queue-job")
    parser.add_argument("--port", type=int, default=8081)
    parser.add_argument(
        "--data", type=Path, default=Path(".local/data"), help="the system's data folder"
    )
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
        _print(str(error))
        return 1
    root = arguments.root.resolve()
    settings = environment.functions_env(system, database_url)
    folders = [root.joinpath(*function.module.split(".")).parent, root / "shared"]
    _print(f"{function.name} is served at http://127.0.0.1:{arguments.port}. Ctrl-C stops it.")
    serve(Served(function, root, arguments.port, settings), folders)


if __name__ == "__main__":
    sys.exit(main())
