"""Row 8: a thousand open event streams on one process."""

import asyncio
from pathlib import Path

from psycopg import AsyncConnection

from infra.local.database import server
from tests.performance.bench import fixtures, sse_clients
from tests.performance.bench.figures import Row, Series, fmt, percentile
from tests.performance.bench.function_process import Served, serving
from tests.performance.bench.scale import Scale
from tests.support.local_system import LocalSystem

_STREAMS = 1000
_RATE = 50
_AIM_MS, _AIM_MB = 250, 200


async def measure(scale: Scale) -> list[Row]:
    """Serve the function alone, with one worker process, as the cloud does."""
    seconds = scale.of(10, 4)
    with fixtures.system("none") as system:
        settings = fixtures.settings_of(system)
        with serving(fixtures.source_of("job-events"), settings) as served:
            before = _memory(served)
            open_ones = await sse_clients.open_all(_STREAMS, served.port, "/")
            rounds = await _rounds(system, open_ones, scale, seconds)
            held = _memory(served)
            await asyncio.gather(*(one.close() for one in open_ones))
    return [_row(*rounds, before=before, held=held, seconds=seconds)]


async def _rounds(
    system: LocalSystem, open_ones: list[sse_clients.Listener], scale: Scale, seconds: int
) -> tuple[list[list[float]], list[list[float]]]:
    spreads, bursts = [], []
    url = server.url(system.ports()["postgres"])
    async with await AsyncConnection.connect(url, autocommit=True) as connection:
        await sse_clients.spread(connection, open_ones, rate=_RATE, seconds=2)
        for _ in range(scale.of(5, 3)):
            one = await sse_clients.spread(connection, open_ones, rate=_RATE, seconds=seconds)
            spreads.append(one)
            bursts.append(await sse_clients.burst(connection, open_ones))
    return spreads, bursts


def _memory(served: Served) -> float:
    """Return the resident memory of the worker process, in MB."""
    (pid,) = served.workers()
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1000


def _row(
    spreads: list[list[float]],
    bursts: list[list[float]],
    *,
    before: float,
    held: float,
    seconds: int,
) -> Row:
    late = {
        (name, percent): Series(
            f"{name}, p{percent}", "ms", [percentile(one, percent) * 1000 for one in rounds]
        )
        for name, rounds in (("steady", spreads), ("all at once", bursts))
        for percent in (50, 95)
    }
    steady, burst = late["steady", 95].median, late["all at once", 95].median
    return Row(
        key="8",
        title=f"{_STREAMS:,} open event streams, one process",
        how=(
            f"{len(spreads)} rounds after one to warm up. job-events served by itself, one worker "
            f"process; each stream is another user's. Steady: {_RATE} events a second for "
            f"{seconds} s, each to a random user. All at once: one event for every user in a "
            "single transaction. From the commit, as the one who commits sees it, until the client "
            "has read the event; the clients share one process and the machine."
        ),
        aim=f"p95 {_AIM_MS} ms, under {_AIM_MB} MB",
        seen=(
            f"p95 {fmt(steady)} ms steady, {fmt(burst)} ms all at once; "
            f"{fmt(held)} MB resident ({fmt(before)} MB without a stream)"
        ),
        holds=max(steady, burst) <= _AIM_MS and held < _AIM_MB,
        series=list(late.values()),
        aim_at=_AIM_MS,
    )
