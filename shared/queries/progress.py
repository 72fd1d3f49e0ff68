"""job_progress: how far a job is."""

from uuid import UUID

from shared.queries.connection import Connection


async def record(
    connection: Connection, job_id: UUID, *, progress: float, step: int | None, steps: int | None
) -> None:
    """Note where the job's current claim is; a new attempt begins again."""
    await connection.execute(
        """
        insert into job_progress (job_id, progress, step, steps)
        values (%(job_id)s, %(progress)s, %(step)s, %(steps)s)
        on conflict (job_id) do update
            set progress = excluded.progress, step = excluded.step, steps = excluded.steps,
                updated_at = now()
        """,
        {"job_id": job_id, "progress": progress, "step": step, "steps": steps},
    )
