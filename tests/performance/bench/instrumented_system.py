"""A local system whose round trips are counted, on a Postgres that collects statistics."""

import asyncio
import contextlib
import json
import os
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg.rows import DictRow, dict_row

from infra.local.config import environment, keys
from infra.local.database import server, setup
from infra.local.process import logs, ports
from infra.local.supervisor.processes import Options
from infra.local.supervisor.supervisor import Supervisor
from tests.performance.bench import fixtures
from tests.performance.bench.relay import Relay, statement, storage_operation
from tests.support.local_system import free_port

_START_SECONDS = 60
_FLAGS = {
    "shared_preload_libraries": "pg_stat_statements",
    "pg_stat_statements.track": "top",
    "pg_stat_statements.track_utility": "on",
}


@dataclass(frozen=True)
class _Watched(environment.LocalSystem):
    """The system's addresses, with its storage behind the relay."""

    storage_relay: int = 0

    def address_of(self, name: str) -> str:
        """Return the address of a part."""
        if name == "storage":
            return f"http://127.0.0.1:{self.storage_relay}"
        return super().address_of(name)


@dataclass(frozen=True)
class Counted:
    """A system, and the counters on its connections."""

    system: environment.LocalSystem
    postgres_port: int
    statements: Relay
    storage: Relay

    @contextlib.contextmanager
    def connected(self, database: str = "postgres") -> Iterator[psycopg.Connection[DictRow]]:
        """Open a connection past the relay, to the server's ``postgres`` database by default."""
        url = server.url(self.postgres_port, database)
        with psycopg.connect(url, autocommit=True, row_factory=dict_row) as connection:
            yield connection

    def last_lines(self) -> list[str]:
        """Return the last lines of the functions' log."""
        return logs.last_lines(logs.file_of(self.system.data, "gateway"), 20).splitlines()

    def log_lines(self) -> list[dict[str, object]]:
        """Return every line of the functions' log, parsed."""
        text = logs.file_of(self.system.data, "gateway").read_text()
        return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


@contextlib.asynccontextmanager
async def counted() -> AsyncIterator[Counted]:
    """Start a system with the noop worker and without sweeps."""
    with tempfile.TemporaryDirectory() as name:
        data = Path(name) / "data"
        data.mkdir()
        keys.make_all()
        own = ports.choose(data / "ports.json", ("storage", "tasks", "worker"), taken=[])
        async with (
            _postgres(data) as port,
            Relay(port, statement) as statements,
            Relay(own["storage"], storage_operation) as storage,
        ):
            relayed = urlsplit(server.url(statements.port))
            url = urlunsplit(relayed._replace(query="sslmode=disable&gssencmode=disable"))
            system = _Watched(data, free_port(), own, url, storage_relay=storage.port)
            supervisor = Supervisor(Options(worker="noop"), system)
            try:
                with patch.dict(os.environ, fixtures.SETTINGS):  # its child processes inherit this
                    await supervisor.start()
                yield Counted(system, port, statements, storage)
            finally:
                await supervisor.stop()


@contextlib.asynccontextmanager
async def _postgres(data: Path) -> AsyncIterator[int]:
    folder, port = data / "postgres", free_port()
    await asyncio.to_thread(server.make_ready, folder)
    flags = [word for name, value in _FLAGS.items() for word in ("-c", f"{name}={value}")]
    process = subprocess.Popen(  # noqa: ASYNC220 - it starts at once
        [*server.command(folder, port), *flags],
        env=environment.base_env(),
        cwd="/",
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(_START_SECONDS):
            while not await asyncio.to_thread(setup.is_up, port):  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.05)
        await asyncio.to_thread(setup.prepare, server.url(port), make=True)
        await asyncio.to_thread(_keep_statistics, port)
        yield port
    finally:
        process.terminate()
        await asyncio.to_thread(process.wait)


def _keep_statistics(port: int) -> None:
    with psycopg.connect(server.url(port, "postgres"), autocommit=True) as connection:
        connection.execute("create extension if not exists pg_stat_statements")
