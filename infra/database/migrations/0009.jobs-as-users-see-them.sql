-- depends: 0007.product 0008.idempotency

-- What `jobs` is to whoever is no function: the table without dispatch's own columns, which are not
-- granted to them. The specification prints `select * from jobs`, and a `*` asks for every column.
-- A user's transaction looks here first (shared/db/session.py). The table's policies and
-- grants go on deciding: the view reads with the rights of whoever asks.
create schema readable;
grant usage on schema readable to authenticated;

create view readable.jobs with (security_invoker = true) as
select
    id, created_at, updated_at, user_id, job_type, status, queue, model_variant, format, quality,
    destination, metadata, original_prompt, enhanced_prompt, error_message, credits, project_id,
    video_id, image_id, workspace_session_id, attempts, max_attempts, started_at, completed_at
from public.jobs;
grant select on readable.jobs to authenticated;
