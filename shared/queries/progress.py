"""job_progress: how far a job is."""

from uuid import UUID

from shared.queries.connection import Connection


async def record(
    connection: Connection,
    job_id: UUID,
    *,
    progress: float,
    step: int | None = None,
    steps: int | None = None,
    preview_path: str | None = None,
) -> None:
    """Note where the job's current claim is; a new attempt begins again."""
    await connection.execute(
        """
        insert into job_progress (job_id, progress, step, steps, preview_path)
        values (%(job_id)s, %(progress)s, %(step)s, %(steps)s, %(preview_path)s)
        on conflict (job_id) do update
            set progress = excluded.progress, step = excluded.step, steps = excluded.steps,
                preview_path = excluded.preview_path, updated_at = now()
        """,
        {
            "job_id": job_id,
            "progress": progress,
            "step": step,
            "steps": steps,
            "preview_path": preview_path,
        },
    )
