"""POST /job-callback: a worker claims a job, tells how far it is, and reports how it ended."""

from functions.job_callback import claims, results
from shared.auth.authenticators import Worker, worker_seal
from shared.contracts.worker_protocol import CallbackAnswer, CallbackRequest
from shared.http import endpoint
from shared.services import Services
from shared.telemetry.logs import bind


async def job_callback(
    letter: CallbackRequest, worker: Worker, services: Services
) -> CallbackAnswer:
    """Hear a worker. The job's owner is taken from the job, never from the letter."""
    bind(job_id=str(letter.job_id), claim_id=str(letter.claim_id), status_reported=letter.status)
    if letter.status == "completed":
        return await results.completed(letter, worker, services)
    if letter.status == "failed":
        return await results.failed(letter, worker, services)
    if letter.progress is None:
        return await claims.claim(letter, worker, services)
    return await claims.heartbeat(letter, worker, services)


main = endpoint(job_callback, caller=worker_seal)
