"""Probes permanently running workers and marks unresponsive ones."""

import asyncio
from functools import partial

from functions.sweep_jobs.report import SweepJobsResponse
from functions.sweep_jobs.runner import for_each
from shared.db.queries import dispatch, workers
from shared.db.queries.workers import Probe
from shared.errors import InvalidRequestError
from shared.services import Services
from shared.telemetry.logs import logger
from shared.workers import challenge

_MAX_WORKERS = 200
_MAX_JOBS = 500
_AT_ONCE = 50
"""Half of the HTTP client's connections: a probe that waits for one would seem unanswered."""

_ANSWER_SECONDS = 3
_UNSEEN_SECONDS = 600
"""After so long without an answer, a worker is not probed any more until it registers again."""


async def probe_workers(services: Services, done: SweepJobsResponse) -> None:
    """Send a challenge to each worker: the answer proves that it runs and has its key.

    A worker that does not answer gets no more jobs; those that it has not claimed are requeued.
    """
    async with services.database.transaction() as connection:
        probes = await workers.to_probe(connection, limit=_MAX_WORKERS)
    semaphore = asyncio.Semaphore(_AT_ONCE)
    times = await asyncio.gather(*(_answer_time(probe, semaphore, services) for probe in probes))
    answers = [(probe, ms) for probe, ms in zip(probes, times, strict=True) if ms is not None]
    silent = [probe for probe, ms in zip(probes, times, strict=True) if ms is None]
    if silent:
        await _record_silence(services, done, silent)
    await for_each(partial(_record_answer, services, done), answers)


async def _answer_time(
    probe: Probe, semaphore: asyncio.Semaphore, services: Services
) -> int | None:
    async with semaphore:
        try:
            return await challenge.verify_worker_url(
                probe.worker_url, probe.key_id, services, timeout_seconds=_ANSWER_SECONDS
            )
        except InvalidRequestError:
            return None
        except Exception:  # noqa: BLE001 - one worker must not stop the probes of the rest
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
        await dispatch.lock_all(connection)
        for probe in silent:
            rows += await workers.mark_unresponsive(
                connection, probe, unseen_seconds=_UNSEEN_SECONDS
            )
        cleared = await dispatch.release_unresponsive_workers(connection, limit=_MAX_JOBS)
    done.workers_silent += rows
    done.unclaimed += cleared
