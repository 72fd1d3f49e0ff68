"""A thousand open event streams of one process: ``python -m tests.performance.streams``.

Each stream is another user's. The delay of an event is the time from its commit, as the one who
committed it sees it, until its client has read it; the clients share the machine with the system.
``spread`` is one event at a time at a steady rate; ``burst`` is one event for everyone in a single
transaction.
"""

import argparse
import asyncio
import random
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from psycopg import AsyncConnection

from infra.local import postgres, tokens
from tests.system import System

_TELL = "insert into workspace_sessions (user_id, session_name) values (%s, %s)"
_OPENING = 50
"""Streams that are opened at a time."""
_LOST_SECONDS = 30

Delays = list[float]


@dataclass
class Listener:
    """One client, and when it read which event."""

    user: str = field(default_factory=lambda: str(uuid4()))
    read: dict[str, float] = field(default_factory=dict)

    async def open(self, port: int) -> None:
        """Begin to listen; from then on it reads by itself."""
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", port)
        request = "GET /functions/v1/job-events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
        self._writer.write(f"{request}{tokens.user_token(self.user)}\r\n\r\n".encode())
        await self._reader.readuntil(b"event: ready")
        self._reading = asyncio.create_task(self._read())

    async def close(self) -> None:
        """Go away."""
        self._reading.cancel()
        self._writer.close()

    async def _read(self) -> None:
        while line := await self._reader.readline():
            if line.startswith(b"data: ") and (at := line.find(b'"session_name":"')) >= 0:
                name = line[at + 16 :].partition(b'"')[0].decode()
                self.read[name] = time.perf_counter()


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.performance.streams")
    parser.add_argument("--streams", type=int, default=1000)
    parser.add_argument("--rate", type=float, default=50, help="events a second, in `spread`")
    parser.add_argument("--seconds", type=float, default=30, help="of `spread`")
    parser.add_argument("--bursts", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        system = System(Path(folder) / "data", worker="none", SWEEP_SECONDS="3600")
        system.start()
        try:
            asyncio.run(_measure(system, arguments))
        finally:
            system.stop()


async def _measure(system: System, arguments: argparse.Namespace) -> None:
    listeners = [Listener() for _ in range(arguments.streams)]
    before = _memory(system)
    began = time.perf_counter()
    for first in range(0, len(listeners), _OPENING):
        some = listeners[first : first + _OPENING]
        await asyncio.gather(*(one.open(system.port) for one in some))
    opened = time.perf_counter() - began
    url = postgres.url(system.ports()["postgres"])
    async with await AsyncConnection.connect(url, autocommit=True) as connection:
        busy = _seconds_of_cpu(system)
        spread = await _spread(connection, listeners, arguments)
        busy = (_seconds_of_cpu(system) - busy) / arguments.seconds
        bursts = [await _burst(connection, listeners, n) for n in range(arguments.bursts)]
        connections = await _connections(connection)
    held = _memory(system)
    await asyncio.gather(*(one.close() for one in listeners))
    rows = [
        f"{len(listeners)} streams of {len(listeners)} users, opened in {opened:.1f} s",
        f"spread, {arguments.rate:.0f} events/s for {arguments.seconds:.0f} s: {_told(spread)}",
        *(
            f"burst {number}, {len(one)} events at once: {_told(one)}"
            for number, one in enumerate(bursts, 1)
        ),
        (
            f"the process: {held:.0f} MB resident ({before:.0f} MB without a stream, "
            f"{1000 * (held - before) / len(listeners):.0f} kB a stream), "
            f"{busy:.0%} of a core in spread"
        ),
        f"connections to the database: {connections}",
    ]
    sys.stdout.write("\n".join(rows) + "\n")


async def _spread(
    connection: AsyncConnection, listeners: list[Listener], arguments: argparse.Namespace
) -> Delays:
    committed = {}
    count = int(arguments.rate * arguments.seconds)
    began = time.perf_counter()
    for number in range(count):
        await asyncio.sleep(max(0, began + number / arguments.rate - time.perf_counter()))
        listener = random.choice(listeners)
        await connection.execute(_TELL, [listener.user, f"spread {number}"])
        committed[listener.user, f"spread {number}"] = time.perf_counter()
    return await _delays(listeners, committed)


async def _burst(connection: AsyncConnection, listeners: list[Listener], number: int) -> Delays:
    async with connection.transaction(), connection.cursor() as cursor:
        await cursor.executemany(_TELL, [(one.user, f"burst {number}") for one in listeners])
    now = time.perf_counter()
    return await _delays(listeners, {(one.user, f"burst {number}"): now for one in listeners})


async def _delays(listeners: list[Listener], committed: dict[tuple[str, str], float]) -> Delays:
    """Of every event; it is an error where one does not arrive."""
    by_user = {one.user: one for one in listeners}
    until = time.perf_counter() + _LOST_SECONDS
    while any(name not in by_user[user].read for user, name in committed):
        if time.perf_counter() > until:
            raise TimeoutError("events were lost")
        await asyncio.sleep(0.1)
    return [by_user[user].read[name] - at for (user, name), at in committed.items()]


async def _connections(connection: AsyncConnection) -> int:
    rows = await connection.execute(
        "select count(*) from pg_stat_activity where usename = 'functions'"
    )
    return int((await rows.fetchone() or [0])[0])


def _memory(system: System) -> float:
    """Of the gateway, resident, in MB."""
    status = Path(f"/proc/{system.pids()['gateway']}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1000


def _seconds_of_cpu(system: System) -> float:
    fields = Path(f"/proc/{system.pids()['gateway']}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def _told(delays: Delays) -> str:
    p50, p95 = (statistics.quantiles(delays, n=100)[of - 1] * 1000 for of in (50, 95))
    return f"p50 {p50:.0f} ms, p95 {p95:.0f} ms, most {max(delays) * 1000:.0f} ms"


if __name__ == "__main__":
    main()
