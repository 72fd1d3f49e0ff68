"""Row 4: a hundred jobs, from the first request to the last asset."""

import asyncio
import time
from collections.abc import Iterator
from uuid import uuid4

from infra.local.config import tokens
from tests.performance.bench import fixtures, http_client
from tests.performance.bench.figures import Row, Series, fmt
from tests.performance.bench.scale import Scale

_JOBS = 100
_CONNECTIONS = 8
_SLOTS = (1, 4)
"""The first is the default of `make run`."""
_AIM_SECONDS = 1.5


async def measure(scale: Scale) -> list[Row]:
    """Measure with the worker's default of one slot, and with four."""
    drained, queued = {}, {}
    for slots in _SLOTS[: scale.of(2, 1)]:
        with fixtures.system("noop", WORKER_SLOTS=str(slots)) as system:
            await drain(system.port, 40)
            rounds = [await drain(system.port, _JOBS) for _ in range(scale.rounds)]
        queued[slots], drained[slots] = ([one[side] for one in rounds] for side in (0, 1))
    return [_row(scale, queued, drained)]


async def drain(port: int, jobs: int) -> tuple[float, float]:
    """Return the seconds until all jobs are accepted, and until all assets are received."""
    user = str(uuid4())
    events = http_client.Events()
    await events.open(port, user)
    request = http_client.picture("/functions/v1/queue-job", tokens.user_token(user))
    connections = [await http_client.Connection.open(port) for _ in range(_CONNECTIONS)]
    waiting = iter(range(jobs))
    began = time.perf_counter()
    ids = await asyncio.gather(*(_ask(connection, request, waiting) for connection in connections))
    accepted = time.perf_counter() - began
    seen = [await events.asset_of(job_id) for some in ids for job_id in some]
    for connection in connections:
        connection.close()
    await events.close()
    await asyncio.sleep(0.1)
    return accepted, max(seen) - began


async def _ask(
    connection: http_client.Connection, request: bytes, waiting: Iterator[int]
) -> list[str]:
    ids = []
    for _ in waiting:
        answer = await connection.ask(request)
        ids.append(http_client.job_of(answer))
    return ids


def _row(scale: Scale, queued: dict[int, list[float]], drained: dict[int, list[float]]) -> Row:
    series = []
    for slots, seconds in drained.items():
        name = f"{slots} {'slot' if slots == 1 else 'slots'}"
        series.append(Series(f"{name}: all accepted", "s", queued[slots]))
        series.append(Series(f"{name}: all drained", "s", seconds))
    one_slot = series[1]
    return Row(
        key="4",
        title="100 jobs drained by a noop worker",
        how=(
            f"{scale.rounds} rounds, each of another user, after 40 jobs to warm up; queued over "
            f"{_CONNECTIONS} connections. From the first request until the last asset is on "
            "the user's job-events stream. One worker, with one slot as `make run` starts it."
        ),
        aim=f"at most {_AIM_SECONDS} s",
        seen=f"{fmt(one_slot.median)} s ({one_slot.spread})",
        holds=one_slot.median <= _AIM_SECONDS,
        series=series,
        aim_at=_AIM_SECONDS,
        notes=["Published of such a machine: ComfyUI 0.69 s (memory only), InvokeAI 60 s."],
    )
