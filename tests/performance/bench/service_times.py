"""Measure the simulation's input, CPU time per job and part, and real drains to compare it with."""

import asyncio
import dataclasses
import json
import statistics
import time
from pathlib import Path
from uuid import uuid4

from infra.local.config import tokens
from tests.performance import simulate
from tests.performance.bench import environment_info, fixtures, http_client
from tests.performance.bench.drain import drain
from tests.performance.bench.figures import Row
from tests.performance.bench.scale import Scale
from tests.performance.queueing_model import Times
from tests.performance.simulate import Measured
from tests.support.local_system import LocalSystem

_WARM_UP = 40
_DRAINED = 100
_TICKS = 100
"""Clock ticks of CPU time in a second, as in /proc."""


async def measure(scale: Scale) -> list[Row]:
    """Run single jobs for the service times, then 100 at once, with one slot and with four."""
    drained, measured = {}, None
    for slots in (4, 1):
        with fixtures.system("noop", WORKER_SLOTS=str(slots)) as system:
            await drain(system.port, _WARM_UP)
            rounds = [await drain(system.port, _DRAINED) for _ in range(scale.of(5, 2))]
            drained[slots] = statistics.median(total for _, total in rounds)
            if slots == 1:
                measured = await _times(system, scale.of(200, 60))
    if measured is None:
        raise LookupError("nothing was measured")
    now = environment_info.now()
    simulate.keep(
        dataclasses.replace(
            measured, drained=drained, jobs=_DRAINED, at=now["at"], load=now["load"]
        )
    )
    return []


async def _times(system: LocalSystem, jobs: int) -> Measured:
    before, lines = _processor(system), len(_published_changes(system))
    idle, own = await _live(system.port, jobs)
    spent = {name: (s - before[name]) / jobs for name, s in _processor(system).items()}
    shares = _shares(_published_changes(system)[lines:])
    accept, hear, report = (share * spent["gateway"] for share in shares)
    store, claim, end = (share * spent["postgres"] for share in shares)
    work = spent["worker"] + spent["storage"] + spent["tasks"]
    counted = spent["gateway"] + spent["postgres"] + work + own
    flush = max(0.0, idle - counted) / 3
    times = Times(accept, hear, report, store, claim, end, work, flush)
    return Measured(times, client=own, idle=idle, cores=environment_info.cores())


async def _live(port: int, jobs: int) -> tuple[float, float]:
    """Return the median seconds from request to asset, and the client's own CPU time per job."""
    user = str(uuid4())
    events, connection = http_client.Events(), await http_client.Connection.open(port)
    await events.open(port, user)
    request = http_client.picture("/functions/v1/queue-job", tokens.user_token(user))
    own, took = time.process_time(), []
    for _ in range(jobs):
        began = time.perf_counter()
        job_id = http_client.job_of(await connection.ask(request))
        took.append(await events.asset_of(job_id) - began)
        await asyncio.sleep(0.02)
    own = (time.process_time() - own) / jobs
    connection.close()
    await events.close()
    return statistics.median(took), own


def _processor(system: LocalSystem) -> dict[str, float]:
    """Return the CPU seconds of each part so far, with its children."""
    return {name: _tree_seconds(pid) for name, pid in system.pids().items()}


def _tree_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    own = sum(int(fields[at]) for at in (11, 12, 13, 14)) / _TICKS
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return own + sum(_tree_seconds(int(child)) for child in children)


def _published_changes(system: LocalSystem) -> list[dict[str, object]]:
    text = (system.data / "logs" / "gateway.log").read_text()
    lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    return [line for line in lines if line["message"] == "answered"]


def _shares(lines: list[dict[str, object]]) -> list[float]:
    """Return the shares of enqueue, claim and completion in the duration of a job's requests."""
    kinds = (None, "processing", "completed")
    sums = [
        sum(float(str(line["ms"])) for line in lines if line.get("status_reported") == kind)
        for kind in kinds
    ]
    return [one / sum(sums) for one in sums]
