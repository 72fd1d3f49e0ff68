-- depends: 0005.workers 0006.workspace-sessions

-- Jobs, their claims and progress, and the callbacks that changed them. The transitions of `status`
-- are in shared/db/queries/job_state_machine.py.

-- A row is updated often, and each update checks all of it: octet_length and pg_column_size read no
-- value that is stored out of line. 8000 is four bytes for each of a prompt's 2,000 characters.
create table jobs (
    id uuid primary key default gen_random_uuid(),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    user_id uuid not null,
    job_type text not null check (octet_length(job_type) <= 100),
    status text not null default 'queued'
        check (status in ('queued', 'processing', 'completed', 'failed', 'cancelled')),
    queue text not null check (octet_length(queue) <= 63),
    model_variant text not null check (octet_length(model_variant) <= 100),
    format text not null check (format in ('image', 'video')),
    quality text not null check (quality in ('fast', 'high')),
    destination text not null default 'workspace' check (destination in ('workspace', 'library')),
    metadata jsonb not null default '{}' check (octet_length(metadata::text) <= 20000),
    original_prompt text not null check (octet_length(original_prompt) <= 8000),
    enhanced_prompt text check (octet_length(enhanced_prompt) <= 10000),  -- rules add phrases
    error_message text check (octet_length(error_message) <= 8000),
    credits integer not null check (credits >= 0),
    project_id uuid,
    video_id uuid,
    image_id uuid,
    workspace_session_id uuid references workspace_sessions (id) on delete set null,
    attempts integer not null default 0 check (attempts >= 0),
    max_attempts integer not null default 3,
    started_at timestamptz,
    completed_at timestamptz,

    -- From here on columns of the dispatch, which users cannot read.
    parameters jsonb not null              -- worker_protocol.GenerationParams
        check (pg_column_size(parameters) <= 65536),
    num_images integer not null default 1 check (num_images between 1 and 6),
    priority integer not null default 0,
    dispatch_no integer not null default 0,    -- part of the Cloud Task's name
    dispatched_at timestamptz,             -- not null: the job holds a slot of worker_id
    claim_by timestamptz,                  -- unclaimed after this, the slot is released
    worker_id text references workers (id),
    claim_id uuid,
    lease_until timestamptz,
    deadline_at timestamptz,
    expires_at timestamptz not null default now() + interval '24 hours',
    traceparent text check (octet_length(traceparent) <= 100),    -- of the request that queued it
    -- The images that the job starts from. Each is stored in the job's folder of workspace-temp, at a
    -- path that follows from its role.
    reference_roles text[] not null default '{}'
        check (reference_roles <@ array['reference', 'start', 'end'])
        check (cardinality(reference_roles) <= 3),
    -- When the sweep may clean a finished job's folder in workspace-temp of files that no asset names.
    -- Set by the transition that finishes the job; null once nothing more can be written there.
    cleanup_after timestamptz,
    retry_of uuid unique references jobs (id),    -- a failed job is retried once, as a new job

    check (status <> 'processing' or (claim_id is not null and lease_until is not null))
);
-- Few of the table's rows belong to one session, also while the table holds one user's rows: else the
-- planner, which takes any range of users for a two-hundredth of the table, would read all of the
-- user's rows for each session.
alter table jobs alter column workspace_session_id set (n_distinct = -0.05);

create index jobs_of_user on jobs (user_id, created_at desc);
create index jobs_of_user_by_destination on jobs (user_id, destination, created_at desc);
create index jobs_of_session on jobs (workspace_session_id, created_at desc)
    where workspace_session_id is not null;
create index jobs_waiting on jobs (queue, user_id, created_at)
    where status = 'queued' and dispatched_at is null;
create index jobs_waiting_first on jobs (queue, priority desc, created_at)
    where status = 'queued' and dispatched_at is null and priority > 0;
-- The longest waiting, and the two ends of a queue as a sample of what is in it.
create index jobs_waiting_by_age on jobs (queue, created_at) include (job_type, num_images)
    where status = 'queued' and dispatched_at is null;
create index jobs_holding_slots on jobs (worker_id)
    where status in ('queued', 'processing') and dispatched_at is not null;
create index jobs_unclaimed on jobs (claim_by)
    where status = 'queued' and dispatched_at is not null;
create index jobs_leased on jobs (lease_until) where status = 'processing';
create index jobs_expiring on jobs (expires_at) where status in ('queued', 'processing');
create index jobs_to_clean on jobs (cleanup_after) where cleanup_after is not null;
-- How long a job type took lately, of jobs that finished at their first attempt, so that the time
-- from start to end holds no wait between two attempts.
create index jobs_by_duration on jobs (job_type, completed_at desc) include (started_at, num_images)
    where status = 'completed' and attempts = 1;

call private.enable_rls('jobs');
call private.grant_owner_read('jobs', 'user_id');
-- The columns that users can read, from one list: they are granted, published by a trigger, and shown
-- by the view `readable.jobs`. A migration that adds such a column calls it with the new list.
--
-- The trigger's arguments are these columns. Each is in the list of the update as well, except
-- updated_at: a heartbeat or a dispatch sets none of them and does not run the trigger.
--
-- The view is the table as users see it. The specification prints `select * from jobs`, and a `*` asks
-- for every column. A user's transaction looks in the schema `readable` first (shared/db/session.py).
-- The view reads with the caller's rights, so that the table's policies and grants decide.
create schema readable;
grant usage on schema readable to authenticated;

create procedure private.set_readable_job_columns(names name[])
language plpgsql
as $$
declare
    listed text := (select string_agg(quote_ident(name), ', ' order by place)
        from unnest(names) with ordinality as column_name (name, place));
    watched text := (select string_agg(quote_ident(name), ', ' order by place)
        from unnest(names) with ordinality as column_name (name, place) where name <> 'updated_at');
begin
    execute format('grant select (%s) on public.jobs to authenticated', listed);
    execute format(
        'create or replace trigger publish_change after insert or delete or update of %s on public.jobs'
        ' for each row execute function private.publish_change(%s)',
        watched, listed
    );
    execute format(
        'create or replace view readable.jobs with (security_invoker = true)'
        ' as select %s from public.jobs',
        listed
    );
    grant select on readable.jobs to authenticated;
end
$$;
call private.set_readable_job_columns(array[
    'id', 'created_at', 'updated_at', 'user_id', 'job_type', 'status', 'queue', 'model_variant',
    'format', 'quality', 'destination', 'metadata', 'original_prompt', 'enhanced_prompt',
    'error_message', 'credits', 'project_id', 'video_id', 'image_id', 'workspace_session_id',
    'attempts', 'max_attempts', 'started_at', 'completed_at'
]);

-- Every claim that was ever made: an earlier one may still complete the job.
create table job_claims (
    id uuid primary key default gen_random_uuid(),
    created_at timestamptz not null default now(),
    job_id uuid not null references jobs (id) on delete cascade,
    claim_id uuid not null unique,
    attempt integer not null,
    worker_id text not null references workers (id),
    ended_at timestamptz,
    outcome text
);
create index job_claims_of_job on job_claims (job_id);
call private.enable_rls('job_claims');

-- Apart from jobs: it is written many times a second, and its changes carry no record.
create table job_progress (
    job_id uuid primary key references jobs (id) on delete cascade,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    progress real not null default 0 check (progress between 0 and 1),
    step integer,
    steps integer,
    preview_path text check (octet_length(preview_path) <= 1024),
    published_at timestamptz not null default clock_timestamp()
);
create index job_progress_preview on job_progress (preview_path) where preview_path is not null;
call private.enable_rls('job_progress');
-- A reader of the job reads its progress: the policy of jobs applies inside.
create policy readable_rows on job_progress for select to authenticated
    using (exists (select from jobs where jobs.id = job_id));
grant select on job_progress to authenticated;

-- Progress is published at most four times a second for each job. What comes sooner is not published;
-- a job's last progress is followed by a change of the job itself.
create function private.mark_published() returns trigger
language plpgsql
as $$
begin
    new.published_at := clock_timestamp();
    return new;
end
$$;
create trigger mark_published before update on job_progress
    for each row when (old.published_at <= clock_timestamp() - interval '250 ms')
    execute function private.mark_published();

create function private.publish_progress() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
    perform pg_notify('events', user_id || ' ' || json_build_object(
        'jobId', id, 'progress', new.progress, 'step', new.step, 'steps', new.steps
    ))
    from public.jobs where id = new.job_id;
    return null;
end
$$;
create trigger publish_first after insert on job_progress
    for each row execute function private.publish_progress();
create trigger publish_next after update on job_progress
    for each row when (new.published_at is distinct from old.published_at)
    execute function private.publish_progress();
grant create on schema private to service;
alter function private.publish_progress() owner to service;
revoke create on schema private from service;

-- A callback's response, stored with the change that it made, so that a replay gets the same response.
create table webhook_receipts (
    webhook_id text primary key check (octet_length(webhook_id) <= 200),
    created_at timestamptz not null default now(),
    body_hash bytea not null,
    answer jsonb not null check (octet_length(answer::text) <= 65536)
);
create index webhook_receipts_by_age on webhook_receipts (created_at);
call private.enable_rls('webhook_receipts');
