-- depends: 0007.jobs

-- Fair dispatch: which job gets the next free slot of a worker.

-- One small row for each queue and user, kept by a trigger, so that choosing the next job costs the
-- same with a hundred waiting as with a hundred thousand.
create table user_queues (
    queue text not null,
    user_id uuid not null,
    waiting integer not null default 0 check (waiting >= 0),    -- queued, without a slot
    running integer not null default 0 check (running >= 0),    -- with a slot
    last_dispatched_at timestamptz not null default '-infinity',
    primary key (queue, user_id)
);
-- The users in their order, and how many jobs wait, from the index alone.
create index user_queues_next on user_queues (queue, running, last_dispatched_at)
    include (waiting) where waiting > 0;
call private.enable_rls('user_queues');

create function private.update_user_queues() returns trigger
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
        insert into user_queues (queue, user_id, waiting, running)
        values (new.queue, new.user_id, waits, runs)
        on conflict (queue, user_id) do update set
            waiting = user_queues.waiting + excluded.waiting,
            running = user_queues.running + excluded.running;
    elsif waits <> 0 or runs <> 0 then
        update user_queues
        set waiting = waiting + waits,
            running = running + runs,
            last_dispatched_at = case when runs > 0 then clock_timestamp() else last_dispatched_at end
        where queue = new.queue and user_id = new.user_id;
    end if;
    return null;
end
$$;
create trigger update_user_queues after insert or update of status, dispatched_at on jobs
    for each row execute function private.update_user_queues();

-- How many jobs of a user wait to start. A statement that locks the user's profile first, and then
-- calls this, counts exactly: a volatile function sees what was committed while the statement waited
-- for the lock, which the statement's own snapshot does not.
create function private.queued_jobs(owner_id uuid) returns bigint
language sql volatile
begin atomic
    select count(*) from public.jobs where user_id = owner_id and status = 'queued';
end;
revoke execute on function private.queued_jobs(uuid) from public;
grant execute on function private.queued_jobs(uuid) to service;

-- The active workers of a type with one of these keys, and how many more jobs each may be sent.
create function private.free_worker_slots(of_type text, prefetch_jobs integer, of_keys text[])
returns table (worker_id text, free integer)
language sql stable
begin atomic
    select id, counted.free from (
        select workers.id, workers.slots + prefetch_jobs - (
            select count(*) from public.jobs
            where jobs.worker_id = workers.id and jobs.status in ('queued', 'processing')
                and jobs.dispatched_at is not null
        )::integer as free
        from public.workers
        where workers.worker_type = of_type and workers.key_id = any (of_keys)
            and workers.is_active and workers.health = 'healthy'
    ) as counted
    where counted.free > 0;
end;
revoke execute on function private.free_worker_slots(text, integer, text[]) from public;
grant execute on function private.free_worker_slots(text, integer, text[]) to service;

-- Give each free slot to a job, in one round trip. Jobs with a priority come first; then the user
-- with the fewest running jobs, of these the one whose last dispatch is the longest ago, and of that
-- user the oldest job. The slot is of the worker with the most free slots.
--
-- The first query takes no lock. Where it finds no free slot, the transaction that frees one
-- dispatches after its own commit, and sees the job that waits here committed. One dispatch of a queue
-- runs at a time; each statement below sees what the one before it has done and committed, so slots
-- are counted exactly. `picture_seconds`: how long one image of each job type takes, in seconds.
create function private.dispatch_jobs(
    of_queue text, of_type text, prefetch_jobs integer, of_keys text[],
    picture_seconds jsonb, min_claim_seconds double precision
) returns setof jobs
language plpgsql volatile set search_path = 'public'
as $$
declare
    dispatched jobs;
begin
    if not (
        exists (select from user_queues where queue = of_queue and waiting > 0)
        and exists (select from private.free_worker_slots(of_type, prefetch_jobs, of_keys))
    ) then
        return;
    end if;
    perform pg_advisory_xact_lock(hashtext('dispatch'), hashtext(of_queue));
    loop
        with worker as materialized (
            select worker_id from private.free_worker_slots(of_type, prefetch_jobs, of_keys)
            order by free desc, worker_id limit 1
        ), by_priority as materialized (
            select id, job_type, num_images from jobs
            where queue = of_queue and status = 'queued' and dispatched_at is null and priority > 0
                and exists (select from worker)
            order by priority desc, created_at
            limit 1
            for update skip locked
        ), by_user as materialized (
            select oldest.* from (
                select user_id, running, last_dispatched_at from user_queues
                where queue = of_queue and waiting > 0
                    and exists (select from worker) and not exists (select from by_priority)
                order by running, last_dispatched_at
                limit 4
            ) as next_user
            cross join lateral (
                select id, job_type, num_images from jobs
                where queue = of_queue and user_id = next_user.user_id and status = 'queued'
                    and dispatched_at is null and priority = 0
                order by created_at
                limit 1
                for update skip locked
            ) as oldest
            order by running, last_dispatched_at
            limit 1
        ), chosen as (
            select job.id, worker.worker_id,
                num_images * (picture_seconds ->> job_type)::double precision
                    + min_claim_seconds as claim_seconds
            from (select * from by_priority union all select * from by_user) as job
            cross join worker
        )
        update jobs set
            worker_id = chosen.worker_id, dispatch_no = dispatch_no + 1, dispatched_at = now(),
            claim_by = now() + make_interval(secs => chosen.claim_seconds),
            updated_at = now()
        from chosen
        where jobs.id = chosen.id and status = 'queued' and dispatched_at is null
        returning jobs.* into dispatched;
        exit when not found;
        return next dispatched;
    end loop;
end
$$;
revoke execute on function private.dispatch_jobs(text, text, integer, text[], jsonb, double precision)
    from public;
grant execute on function private.dispatch_jobs(text, text, integer, text[], jsonb, double precision)
    to service;
