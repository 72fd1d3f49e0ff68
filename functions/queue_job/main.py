"""POST /queue-job: accept a generation request and hand it to a GPU worker."""

from functions.queue_job import checking, enhancing, job_builder, references, submit
from shared import safety
from shared.auth.authenticators import User, require_user
from shared.contracts.jobs import QueueJobRequest, QueueJobResponse
from shared.http import endpoint
from shared.http.idempotency import IdempotentRequest
from shared.jobs import dispatch
from shared.services import Services
from shared.telemetry.logs import bind, traceparent


async def queue_job(
    request: QueueJobRequest, user: User, services: Services, once: IdempotentRequest
) -> QueueJobResponse:
    """Store the job, then dispatch: a job that is not stored is never run."""
    metadata = request.metadata
    async with safety.recording_refusals(user.id, services):
        await checking.check(metadata, user.id, services)
        new = job_builder.build_job(
            request,
            user_id=user.id,
            job_id=services.new_id(),
            seed=services.new_seed(),
            traceparent=traceparent(),
        )
        bind(job_id=str(new.id))
        new, message = await enhancing.apply_enhancement(new, metadata, services)
        async with (
            references.stored_references(request, user, new.id, services),
            submit.open_transaction(services, once, metadata.session_name) as connection,
        ):
            stored = await submit.insert_job(
                connection, new, metadata.session_name, services.settings
            )
            answer = submit.build_response(stored, message)
            await once.store_response(connection, answer)
    await dispatch.dispatch_jobs(services, new.queue)
    return answer


main = endpoint(queue_job, authenticate=require_user, status=202, rate="jobs")
