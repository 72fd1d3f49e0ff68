-- depends: 0001.identity

create table workers (
    id text primary key,
    created_at timestamptz not null default now(),
    worker_type text not null check (worker_type in ('sdxl', 'wan', 'chat')),
    worker_url text not null,
    models text[] not null default '{}',
    slots integer not null default 1 check (slots > 0),
    keeps_awake boolean not null default true,
    is_active boolean not null default true,
    health text not null default 'healthy' check (health in ('healthy', 'unhealthy')),
    last_seen timestamptz not null default now(),
    response_ms integer,
    key_id text not null
);
call private.protect('workers');

create table jobs (
    id uuid primary key default gen_random_uuid(),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    user_id uuid not null,
    job_type text not null,
    status text not null default 'queued'
        check (status in ('queued', 'processing', 'completed', 'failed', 'cancelled')),
    queue text not null check (queue in ('sdxl_queue', 'wan_queue')),
    model_variant text not null,
    format text not null check (format in ('image', 'video')),
    quality text not null check (quality in ('fast', 'high')),
    destination text not null default 'workspace' check (destination in ('workspace', 'library')),
    metadata jsonb not null default '{}',
    original_prompt text not null,
    enhanced_prompt text,
    error_message text,
    credits integer not null check (credits >= 0),
    project_id uuid,
    video_id uuid,
    image_id uuid,
    workspace_session_id uuid,
    attempts integer not null default 0 check (attempts >= 0),
    max_attempts integer not null default 3,
    started_at timestamptz,
    completed_at timestamptz,

    -- Dispatch's own, from here on: granted to service alone.
    parameters jsonb not null,        -- contracts.letters.Parameters: what the worker is to make
    num_images integer not null default 1 check (num_images between 1 and 6),
    priority integer not null default 0,
    dispatch_no integer not null default 0,   -- names the Cloud Task
    dispatched_at timestamptz,        -- not null: the job holds a slot of worker_id
    claim_by timestamptz,             -- unclaimed past this, the slot is given back
    worker_id text references workers (id),
    claim_id uuid,
    lease_until timestamptz,
    deadline_at timestamptz,
    expires_at timestamptz not null default now() + interval '24 hours',
    traceparent text,                 -- W3C Trace Context of the request that queued it

    check (octet_length(metadata::text) <= 20000),
    check (status <> 'processing' or (claim_id is not null and lease_until is not null))
);

create index jobs_of_user on jobs (user_id, created_at desc);
create index jobs_of_user_by_destination on jobs (user_id, destination, created_at desc);
create index jobs_waiting on jobs (queue, user_id, created_at)
    where status = 'queued' and dispatched_at is null;
create index jobs_waiting_first on jobs (queue, priority desc, created_at)
    where status = 'queued' and dispatched_at is null and priority > 0;
create index jobs_holding_slots on jobs (worker_id)
    where status in ('queued', 'processing') and dispatched_at is not null;
create index jobs_unclaimed on jobs (claim_by)
    where status = 'queued' and dispatched_at is not null;
create index jobs_leased on jobs (lease_until) where status = 'processing';
create index jobs_expiring on jobs (expires_at) where status in ('queued', 'processing');

call private.protect('jobs');
call private.let_owner_read('jobs', 'user_id');
grant select (
    id, created_at, updated_at, user_id, job_type, status, queue, model_variant, format, quality,
    destination, metadata, original_prompt, enhanced_prompt, error_message, credits, project_id,
    video_id, image_id, workspace_session_id, attempts, max_attempts, started_at, completed_at
) on jobs to authenticated;

-- Every claim that was ever made: an older one may still complete the job.
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
call private.protect('job_claims');

-- Apart from jobs, because it is written many times a second and carries no record.
create table job_progress (
    job_id uuid primary key references jobs (id) on delete cascade,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    progress real not null default 0 check (progress between 0 and 1),
    step integer,
    steps integer,
    preview_path text
);
call private.protect('job_progress');
create policy own_rows on job_progress for select to authenticated
    using (exists (select from jobs where jobs.id = job_id and jobs.user_id = (select auth.uid())));
grant select on job_progress to authenticated;

-- Whose turn it is. One small row a queue and user, kept by a trigger, so that the choice of the
-- next job costs the same with a hundred waiting as with a hundred thousand.
create table turns (
    queue text not null,
    user_id uuid not null,
    waiting integer not null default 0 check (waiting >= 0),    -- queued, holding no slot
    running integer not null default 0 check (running >= 0),    -- holding a slot
    served_at timestamptz not null default '-infinity',
    primary key (queue, user_id)
);
create index turns_next on turns (queue, running, served_at) where waiting > 0;
call private.protect('turns');

create function private.count_turns() returns trigger
language plpgsql
as $$
declare
    is_open boolean := new.status in ('queued', 'processing');
    was_open boolean := tg_op = 'UPDATE' and old.status in ('queued', 'processing');
    waits integer := (is_open and new.dispatched_at is null)::integer
        - (was_open and old.dispatched_at is null)::integer;
    runs integer := (is_open and new.dispatched_at is not null)::integer
        - (was_open and old.dispatched_at is not null)::integer;
begin
    if tg_op = 'INSERT' then
        insert into turns (queue, user_id, waiting, running)
        values (new.queue, new.user_id, waits, runs)
        on conflict (queue, user_id) do update
            set waiting = turns.waiting + excluded.waiting, running = turns.running + excluded.running;
    elsif waits <> 0 or runs <> 0 then
        update turns
        set waiting = waiting + waits,
            running = running + runs,
            served_at = case when runs > 0 then clock_timestamp() else served_at end
        where queue = new.queue and user_id = new.user_id;
    end if;
    return null;
end
$$;

create trigger count_turns after insert or update of status, dispatched_at on jobs
    for each row execute function private.count_turns();

-- A callback's answer, kept with the change it made, so that a replay is answered alike.
create table webhook_receipts (
    webhook_id text primary key,
    created_at timestamptz not null default now(),
    body_hash bytea not null,
    answer jsonb not null
);
create index webhook_receipts_by_age on webhook_receipts (created_at);
call private.protect('webhook_receipts');
