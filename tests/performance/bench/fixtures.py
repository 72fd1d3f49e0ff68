"""The systems that are measured, and a separate database for the baselines."""

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
from psycopg import sql

from infra.local.config import environment
from infra.local.database import server, setup
from infra.local.dev_server import system_on
from tests.performance.bench.baselines import handler
from tests.support.local_system import ROOT, LocalSystem

FLOOR_HANDLER = ROOT / "tests/performance/bench/baselines/handler.py"
FLOOR_START = ROOT / "tests/performance/bench/baselines/start.py"
SETTINGS = {
    "STARTING_CREDITS": "1000000",
    "MAX_QUEUED_JOBS_PER_USER": "1000000",
    "RATE_LIMIT_JOBS_PER_MINUTE": "1000000",
    "RATE_LIMIT_REQUESTS_PER_MINUTE": "1000000",
    "SWEEP_SECONDS": "3600",
    "TRACES_FILE": "",
}
"""A benchmark's user sends more requests than a person may: each limit is so high that it is still
checked but not reached. Spans are off, which is the default outside the local system.
"""

_BUSY_WORKER = """
    insert into workers (id, worker_type, worker_url, key_id, slots, is_always_on)
    values ('busy', 'sdxl', 'http://127.0.0.1:9', 'demo', 1, false) returning id
"""


@contextlib.contextmanager
def system(worker: str, **more: str) -> Iterator[LocalSystem]:
    """Run a local system that is removed after the block."""
    with tempfile.TemporaryDirectory() as folder:
        system = LocalSystem(Path(folder) / "data", worker=worker, **{**SETTINGS, **more})
        try:
            system.start()
            yield system
        finally:
            system.stop()


def settings_of(system: LocalSystem) -> dict[str, str]:
    """Return the environment of the system's functions, for one served beside it and baselines."""
    parts, url = system_on(system.data)
    env = {**environment.functions_env(parts, url), **SETTINGS}
    return {**env, "FLOOR_DATABASE_URL": floor_database(system.ports()["postgres"])}


def source_of(function: str) -> Path:
    """Return the path of a function's handler."""
    return ROOT / "functions" / function.replace("-", "_") / "main.py"


def busy_worker(system: LocalSystem) -> None:
    """Register a worker that never responds: its slots are taken at once, and stay taken."""
    system.rows(_BUSY_WORKER)


def floor_database(port: int, name: str = "floor") -> str:
    """Create a baseline's database if it is missing, and return the functions' URL for it."""
    with psycopg.connect(server.url(port, "postgres"), autocommit=True) as connection:
        known = "select from pg_database where datname = %s"
        if connection.execute(known, [name]).fetchone() is None:
            connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
    url = server.url(port, name)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(handler.TABLE.encode())
        connection.execute("grant insert, select on bare_jobs to functions")
    return setup.functions_url(url)
