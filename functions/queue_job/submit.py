"""Storing a job and its answer: all in one transaction, or none of them."""

from contextlib import AbstractAsyncContextManager
from dataclasses import replace

from shared.contracts.jobs import JobRecord, QueueJobDebug, QueueJobResponse
from shared.db.connection import Connection
from shared.db.queries import jobs, workspace_sessions
from shared.db.queries.jobs import InsertedJob
from shared.http.idempotency import IdempotentRequest
from shared.jobs import submit
from shared.services import Services
from shared.settings import Settings


def open_transaction(
    services: Services, once: IdempotentRequest, session_name: str | None
) -> AbstractAsyncContextManager[Connection]:
    """A transaction; where the job is all that is stored, its statement is one by itself."""
    is_alone = once.is_stored and session_name is None
    return services.database.autocommit() if is_alone else services.database.transaction()


async def insert_job(
    connection: Connection, new: jobs.NewJob, session_name: str | None, settings: Settings
) -> InsertedJob:
    """The job, queued and charged; in a session of its own where the client still names one."""
    if session_name is not None:
        session = await workspace_sessions.insert(
            connection, user_id=new.user_id, name=session_name
        )
        new = replace(new, workspace_session_id=session)
    return await submit.submit_job(connection, new, settings)


def build_response(stored: InsertedJob, message: str) -> QueueJobResponse:
    """What the client is told, with the queue as it stands."""
    job, queue_length = stored
    return QueueJobResponse(
        job=JobRecord.model_validate(job),
        message=message,
        queue_length=queue_length,
        model_variant=job.model_variant,
        workspace_session_id=job.workspace_session_id,
        debug=QueueJobDebug(
            user_id=job.user_id,
            has_prompt=True,
            destination=job.destination,
            workspace_session_created=job.workspace_session_id is not None,
        ),
    )
