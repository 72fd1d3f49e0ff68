"""POST /job-callback: a worker claims a job, sends heartbeats, and reports its result."""

from functions.job_callback import claims, results
from shared.auth.authenticators import Worker, require_worker
from shared.contracts.worker_protocol import CallbackRequest, CallbackResponse
from shared.http import endpoint
from shared.services import Services
from shared.telemetry.logs import bind


async def job_callback(
    callback: CallbackRequest, worker: Worker, services: Services
) -> CallbackResponse:
    """Handle a worker's callback: a claim, a heartbeat, or the end of a job.

    ``status`` is ``processing`` for a claim, which has no ``progress``, and for a heartbeat, which
    has one; ``completed`` and ``failed`` end the job. The job's user is taken from the stored job,
    never from the callback.
    """
    bind(
        job_id=str(callback.job_id),
        claim_id=str(callback.claim_id),
        status_reported=callback.status,
    )
    if callback.status == "completed":
        return await results.completed(callback, worker, services)
    if callback.status == "failed":
        return await results.failed(callback, worker, services)
    if callback.progress is None:
        return await claims.claim(callback, worker, services)
    return await claims.heartbeat(callback, worker, services)


main = endpoint(job_callback, authenticate=require_worker)
