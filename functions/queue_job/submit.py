"""Check a new job's content, and store it with its response in one transaction."""

from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from uuid import UUID

from shared import safety
from shared.contracts.jobs import JobMetadata, JobRecord, QueueJobDebug, QueueJobResponse
from shared.db.connection import Connection
from shared.db.queries import jobs, workspace_sessions
from shared.db.queries.jobs import InsertedJob
from shared.http.idempotency import IdempotentRequest
from shared.jobs import submit
from shared.services import Services
from shared.settings import Settings


async def check_content(metadata: JobMetadata, user_id: UUID, services: Services) -> None:
    """Check a job's prompts, and whether the user may use its content mode.

    Raises:
        ContentRefusedError: The safety rules refuse a prompt, or the user may not use ``nsfw``.
            It names the category.
    """
    prompts = (metadata.prompt, metadata.enhanced_prompt)
    safety.check_prompt(*prompts, field="metadata", negative=metadata.negative_prompt)
    await safety.check_mode(
        metadata.content_type,
        metadata.prompt or "",
        field="metadata.contentType",
        user_id=user_id,
        services=services,
    )


def open_transaction(
    services: Services, once: IdempotentRequest, session_name: str | None
) -> AbstractAsyncContextManager[Connection]:
    """Open a transaction, or autocommit if the job's insert is the only statement."""
    is_only_statement = once.is_stored and session_name is None
    return services.database.autocommit() if is_only_statement else services.database.transaction()


async def insert_job(
    connection: Connection, new: jobs.NewJob, session_name: str | None, settings: Settings
) -> InsertedJob:
    """Insert the job as queued and charge its credits.

    If the client names a session, as old ones do, a new workspace session is created for the job.
    """
    if session_name is not None:
        session = await workspace_sessions.insert(
            connection, user_id=new.user_id, name=session_name
        )
        new = replace(new, workspace_session_id=session)
    return await submit.submit_job(connection, new, settings)


def build_response(stored: InsertedJob, message: str) -> QueueJobResponse:
    """Build the response: the stored job and the current length of its queue."""
    job = stored.job
    return QueueJobResponse(
        job=JobRecord.model_validate(job),
        message=message,
        queue_length=stored.queue_length,
        model_variant=job.model_variant,
        workspace_session_id=job.workspace_session_id,
        debug=QueueJobDebug(
            user_id=job.user_id,
            has_prompt=True,
            destination=job.destination,
            workspace_session_created=job.workspace_session_id is not None,
        ),
    )
