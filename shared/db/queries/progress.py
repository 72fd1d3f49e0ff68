"""job_progress: how far a job is. Parts of ``life``'s statements."""

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
"""Note where the ``changed`` job's current claim is; a new attempt begins again."""
