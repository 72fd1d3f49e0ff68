"""Storing a job and its answer: all in one transaction, or none of them."""

from dataclasses import replace

from shared import admission
from shared.admission import Admitted
from shared.contracts.jobs import JobRecord, QueueJobDebug, QueueJobResponse
from shared.queries import jobs, sessions
from shared.queries.connection import Connection
from shared.settings import Settings


async def store(
    connection: Connection, new: jobs.NewJob, session_name: str | None, settings: Settings
) -> Admitted:
    """The job, queued and charged; in a session of its own where the client still names one."""
    if session_name is not None:
        session = await sessions.insert(connection, user_id=new.user_id, name=session_name)
        new = replace(new, workspace_session_id=session)
    return await admission.admit(connection, new, settings)


def answer(admitted: Admitted, message: str) -> QueueJobResponse:
    """What the client is told, with the queue as it stands."""
    job, line = admitted
    return QueueJobResponse(
        job=JobRecord.model_validate(job),
        message=message,
        queue_length=line.open,
        model_variant=job.model_variant,
        workspace_session_id=job.workspace_session_id,
        debug=QueueJobDebug(
            user_id=job.user_id,
            has_prompt=True,
            destination=job.destination,
            workspace_session_created=job.workspace_session_id is not None,
        ),
    )
