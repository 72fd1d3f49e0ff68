"""Storing a job and its answer: all in one transaction, or none of them."""

from contextlib import AbstractAsyncContextManager
from dataclasses import replace

from shared.contracts.jobs import JobRecord, QueueJobDebug, QueueJobResponse
from shared.db.connection import Connection
from shared.db.queries import jobs, workspace_sessions
from shared.db.queries.jobs import Stored
from shared.http.idempotency import Once
from shared.jobs import submit
from shared.services import Services
from shared.settings import Settings


def connected(
    services: Services, once: Once, session_name: str | None
) -> AbstractAsyncContextManager[Connection]:
    """A transaction; where the job is all that is stored, its statement is one by itself."""
    is_alone = once.is_kept and session_name is None
    return services.database.autocommit() if is_alone else services.database.transaction()


async def store(
    connection: Connection, new: jobs.NewJob, session_name: str | None, settings: Settings
) -> Stored:
    """The job, queued and charged; in a session of its own where the client still names one."""
    if session_name is not None:
        session = await workspace_sessions.insert(
            connection, user_id=new.user_id, name=session_name
        )
        new = replace(new, workspace_session_id=session)
    return await submit.admit(connection, new, settings)


def answer(stored: Stored, message: str) -> QueueJobResponse:
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
