"""POST /queue-job: accept a generation request and hand it to a GPU worker."""

from functions.queue_job import checking, enhancing, job_builder, references, submit
from shared import safety
from shared.auth.authenticators import User, user_token
from shared.contracts.jobs import QueueJobRequest, QueueJobResponse
from shared.http import endpoint
from shared.http.idempotency import Once
from shared.jobs import dispatch
from shared.services import Services
from shared.telemetry.logs import bind, traceparent


async def queue_job(
    request: QueueJobRequest, user: User, services: Services, once: Once
) -> QueueJobResponse:
    """Store the job, then dispatch: a job that is not stored is never run."""
    metadata = request.metadata
    async with safety.watched(user.id, services):
        await checking.check(metadata, user.id, services)
        new = job_builder.resolve(
            request,
            user_id=user.id,
            job_id=services.new_id(),
            seed=services.new_seed(),
            traceparent=traceparent(),
        )
        bind(job_id=str(new.id))
        new, told = await enhancing.prepare(new, metadata, services)
        async with (
            references.kept(request, user, new.id, services),
            submit.connected(services, once, metadata.session_name) as connection,
        ):
            stored = await submit.store(connection, new, metadata.session_name, services.settings)
            answer = submit.answer(stored, told)
            await once.keep(connection, answer)
    await dispatch.fill(services, new.queue)
    return answer


main = endpoint(queue_job, caller=user_token, status=202, rate="jobs")
