"""POST /queue-job: validate, store and dispatch a generation job."""

from functions.queue_job import job_builder, references, submit
from shared import safety
from shared.auth.authenticators import User, require_user
from shared.contracts.jobs import QueueJobRequest, QueueJobResponse
from shared.http import endpoint
from shared.http.idempotency import IdempotentRequest
from shared.jobs import dispatch
from shared.services import Services
from shared.telemetry.logs import bind


async def queue_job(
    request: QueueJobRequest, user: User, services: Services, once: IdempotentRequest
) -> QueueJobResponse:
    """Validate a generation request, store its job and dispatch it to a GPU worker.

    A job is dispatched only after it is stored. The response is 202; its ``job.id`` identifies the
    job in events and in later actions.
    """
    metadata = request.metadata
    async with safety.recording_refusals(user.id, services):
        await submit.check_content(metadata, user.id, services)
        new = job_builder.build_job(
            request,
            user_id=user.id,
            job_id=services.new_id(),
            seed=services.new_seed(),
        )
        bind(job_id=str(new.id))
        new, message = await job_builder.apply_enhancement(new, metadata, services)
        async with (
            references.stored_references(request, user, new.id, services),
            submit.open_transaction(services, once, metadata.session_name) as connection,
        ):
            stored = await submit.insert_job(
                connection, new, metadata.session_name, services.settings
            )
            response = submit.build_response(stored, message)
            await once.store_response(connection, response)
    await dispatch.dispatch_jobs(services, new.queue)
    return response


main = endpoint(queue_job, authenticate=require_user, status=202, rate="jobs")
