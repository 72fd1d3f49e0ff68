"""Sockets of the `realtime` service: ``python -m tests.performance.realtime`` writes the report.

Each socket is another user's. The delay of a change is the time from its commit, as the one who
committed it sees it, until its client has read and parsed its frame; the clients share the machine,
and the service its process with all functions. ``spread`` is one change at a time at a steady rate;
``burst`` is one change for everyone in a single transaction. ``callback`` is ``spread`` until
supabase-js, as Node runs it, has called its client's callback, all of its clients in one process.
"""

import argparse
import asyncio
import os
import platform
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any
from uuid import uuid4

from psycopg import AsyncConnection

from infra.local.config import tokens
from infra.local.database import server
from tests.performance import callbacks
from tests.support.local_system import LocalSystem
from tests.support.realtime_client import Client

_REPORT = Path(__file__).parents[2] / "docs/reports/performance-realtime.md"
_INSERT_SESSION = "insert into workspace_sessions (user_id, session_name) values (%s, %s)"
_OPENING = 25
"""Sockets that are opened at a time."""
_BINDING = {"event": "*", "schema": "public", "table": "workspace_sessions"}
_LOST_SECONDS = 30
_MAX_OF_NODE = 100
"""One Node process with more clients would become the bottleneck."""

_MEANING = (__doc__ or "").partition("\n\n")[2].strip()

Delays = list[float]


class Listener(Client):
    """One client, and its user."""

    def __init__(self, base: str) -> None:
        super().__init__(f"{base}/realtime/v1")
        self.user = str(uuid4())

    async def open(self) -> None:
        """Connect and join; it then reads by itself."""
        await self.__aenter__()
        answer = await self.join("a", _BINDING, token=tokens.user_token(self.user))
        assert answer["status"] == "ok", answer

    def read(self) -> dict[str, float]:
        """Return when each change was received, by the session's name."""
        changes = [one for one in self.all if one["event"] == "postgres_changes"]
        return {
            change["payload"]["data"]["record"]["session_name"]: change["at"] for change in changes
        }


def main() -> None:
    """Measure, print, and write the report."""
    parser = argparse.ArgumentParser(prog="python -m tests.performance.realtime")
    parser.add_argument("--sockets", type=int, nargs="+", default=[100, 1000])
    parser.add_argument("--rate", type=float, default=50, help="changes a second, in `spread`")
    parser.add_argument("--seconds", type=float, default=20, help="of `spread`")
    parser.add_argument("--bursts", type=int, default=5)
    arguments = parser.parse_args()
    rows = []
    for count in arguments.sockets:
        with tempfile.TemporaryDirectory() as folder:
            system = LocalSystem(Path(folder) / "data", worker="none", SWEEP_SECONDS="3600")
            system.start()
            try:
                rows += asyncio.run(_measure(system, count, arguments))
                rows += asyncio.run(_callbacks(system, count, arguments))
            finally:
                system.stop()
    report = _report(rows, arguments)
    _REPORT.write_text(report)
    sys.stdout.write(report)


async def _measure(system: LocalSystem, count: int, arguments: argparse.Namespace) -> list[str]:
    listeners = [Listener(system.base) for _ in range(count)]
    before = _memory(system)
    for first in range(0, count, _OPENING):
        await asyncio.gather(*(listener.open() for listener in listeners[first : first + _OPENING]))
    url = server.url(system.ports()["postgres"])
    async with await AsyncConnection.connect(url, autocommit=True) as connection:
        busy = _seconds_of_cpu(system)
        spread = await _spread(connection, listeners, arguments)
        busy = (_seconds_of_cpu(system) - busy) / arguments.seconds
        bursts = [await _burst(connection, listeners, n) for n in range(arguments.bursts)]
    each = 1000 * (_memory(system) - before) / count
    await asyncio.gather(*(listener.__aexit__() for listener in listeners))
    return [
        f"| {count:,} | spread | {_cells(spread)} | {busy:.0%} of a core, {each:.0f} kB a socket |",
        f"| {count:,} | burst | {_cells([delay for burst in bursts for delay in burst])} | |",
    ]


async def _callbacks(system: LocalSystem, count: int, arguments: argparse.Namespace) -> list[str]:
    if count > _MAX_OF_NODE:
        return []
    found = await callbacks.delays(
        system, sockets=count, rate=arguments.rate, seconds=arguments.seconds
    )
    line = "not run: no Node | | |" if found is None else f"{_cells(found)} | |"
    return [f"| {count:,} | callback | {line}"]


async def _spread(
    connection: AsyncConnection[Any], listeners: list[Listener], arguments: argparse.Namespace
) -> Delays:
    committed = {}
    began = time.perf_counter()
    for number in range(int(arguments.rate * arguments.seconds)):
        await asyncio.sleep(max(0, began + number / arguments.rate - time.perf_counter()))
        listener = random.choice(listeners)
        await connection.execute(_INSERT_SESSION, [listener.user, f"spread {number}"])
        committed[listener, f"spread {number}"] = time.perf_counter()
    return await _delays(committed)


async def _burst(
    connection: AsyncConnection[Any], listeners: list[Listener], number: int
) -> Delays:
    async with connection.transaction(), connection.cursor() as cursor:
        await cursor.executemany(
            _INSERT_SESSION, [(listener.user, f"burst {number}") for listener in listeners]
        )
    now = time.perf_counter()
    return await _delays({(listener, f"burst {number}"): now for listener in listeners})


async def _delays(committed: dict[tuple[Listener, str], float]) -> Delays:
    """Return the delay of every change. Raises TimeoutError where one does not arrive."""
    until = time.perf_counter() + _LOST_SECONDS
    listeners = {listener for listener, _ in committed}
    while True:
        read = {listener: listener.read() for listener in listeners}
        if all(name in read[listener] for listener, name in committed):
            return [read[listener][name] - at for (listener, name), at in committed.items()]
        if time.perf_counter() > until:
            raise TimeoutError("changes were lost")
        await asyncio.sleep(0.2)


def _memory(system: LocalSystem) -> float:
    """Return the resident memory of the gateway, in MB."""
    status = Path(f"/proc/{system.pids()['gateway']}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1000


def _seconds_of_cpu(system: LocalSystem) -> float:
    fields = Path(f"/proc/{system.pids()['gateway']}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _cells(delays: Delays) -> str:
    p50, p95 = (statistics.quantiles(delays, n=100)[of - 1] * 1000 for of in (50, 95))
    return f"{p50:.1f} ms | {p95:.1f} ms | {max(delays) * 1000:.1f} ms"


def _report(rows: Iterable[str], arguments: argparse.Namespace) -> str:
    load = os.getloadavg()[0]
    return f"""# From a row's commit to the client of a socket

Written by `python -m tests.performance.realtime`. Its figures are not edited by hand.

{_MEANING}

`spread` is {arguments.rate:.0f} changes a second for {arguments.seconds:.0f} s, `burst` is
{arguments.bursts} times one change a socket. The aim: a p95 of 50 ms with 100 sockets, in `spread`.
Python {platform.python_version()}, uvicorn {version("uvicorn")}, {os.cpu_count()} cores,
{platform.machine()}; the load average at the end was {load:.1f}.

| sockets | | p50 | p95 | most | the process |
|---|---|---|---|---|---|
{chr(10).join(rows)}
"""


if __name__ == "__main__":
    main()
