"""job_progress: the progress of running jobs. CTE of the statements in ``job_transitions``."""

PUBLISH_PROGRESS_CTE = """
    told as (
        insert into job_progress (job_id, progress, step, steps, preview_path)
        select id, %(progress)s::real, %(step)s::integer, %(steps)s::integer, %(preview_path)s
        from changed
        on conflict (job_id) do update
            set progress = excluded.progress, step = excluded.step, steps = excluded.steps,
                preview_path = excluded.preview_path, updated_at = now()
    )
"""
"""Record the progress of the ``changed`` job; a new attempt starts again at 0."""
