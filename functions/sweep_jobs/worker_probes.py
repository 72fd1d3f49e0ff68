"""Probes: who is still there, and still holds its key. Only workers that run all the time."""

import asyncio
from functools import partial

from functions.sweep_jobs.report import SweepJobsResponse
from functions.sweep_jobs.runner import for_each
from shared.db.queries import slots, workers
from shared.db.queries.workers import Probe
from shared.errors import InvalidRequestError
from shared.services import Services
from shared.telemetry.logs import logger
from shared.workers import challenge

_MAX_WORKERS = 200
_MAX_JOBS = 500
_AT_ONCE = 50
"""Half of what the client keeps open: whoever waits for a connection would seem silent."""

_ANSWER_SECONDS = 3
_UNSEEN_SECONDS = 600
"""Not seen for so long, a worker is asked no more; registering again makes it known."""


async def probe_workers(services: Services, done: SweepJobsResponse) -> None:
    """Whoever does not answer is sent nothing, and what it has not claimed is given to others."""
    async with services.database.transaction() as connection:
        probes = await workers.to_probe(connection, limit=_MAX_WORKERS)
    turn = asyncio.Semaphore(_AT_ONCE)
    times = await asyncio.gather(*(_answer_time(probe, turn, services) for probe in probes))
    answers = [(one, ms) for one, ms in zip(probes, times, strict=True) if ms is not None]
    silent = [one for one, ms in zip(probes, times, strict=True) if ms is None]
    if silent:
        await _record_silence(services, done, silent)
    await for_each(partial(_record_answer, services, done), answers)


async def _answer_time(probe: Probe, turn: asyncio.Semaphore, services: Services) -> int | None:
    async with turn:
        try:
            return await challenge.verify_worker_url(
                probe.worker_url, probe.key_id, services, timeout_seconds=_ANSWER_SECONDS
            )
        except InvalidRequestError:
            return None
        except Exception:  # noqa: BLE001 - whatever one worker answers, the others are asked
            fields = {"worker": probe.key_id}
            logger.error(
                "a worker's answer could not be used", exc_info=True, extra={"fields": fields}
            )
            return None


async def _record_answer(
    services: Services, done: SweepJobsResponse, answer: tuple[Probe, int]
) -> None:
    probe, response_ms = answer
    async with services.database.transaction() as connection:
        rows = await workers.mark_healthy(connection, probe, response_ms=response_ms)
    done.workers_answered += rows


async def _record_silence(services: Services, done: SweepJobsResponse, silent: list[Probe]) -> None:
    rows = 0
    async with services.database.transaction() as connection:
        await slots.lock(connection)
        for probe in silent:
            rows += await workers.mark_unresponsive(
                connection, probe, unseen_seconds=_UNSEEN_SECONDS
            )
        cleared = await slots.release_unresponsive_workers(connection, limit=_MAX_JOBS)
    done.workers_silent += rows
    done.unclaimed += cleared
