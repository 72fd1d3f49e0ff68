-- depends: 0019.rates

grant usage on schema private to service;

-- How many jobs of a user wait to begin. A statement that locks the user's profile first, and asks
-- this then, counts exactly: a volatile function sees what was committed while the lock was waited
-- for, which the statement's own snapshot does not.
create function private.queued_jobs(owner_id uuid) returns bigint
language sql volatile
begin atomic
    select count(*) from public.jobs where user_id = owner_id and status = 'queued';
end;
revoke execute on function private.queued_jobs(uuid) from public;
grant execute on function private.queued_jobs(uuid) to service;

-- The active workers of a type and of some keys, and how many more jobs each may be sent.
create function private.vacant(of_type text, ahead integer, of_keys text[])
returns table (worker_id text, free integer)
language sql stable
begin atomic
    select id, counted.free from (
        select workers.id, workers.slots + ahead - (
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
revoke execute on function private.vacant(text, integer, text[]) from public;
grant execute on function private.vacant(text, integer, text[]) to service;

-- Dispatch: give each free slot to the job whose turn it is, in one trip to the server. What has a
-- priority comes before all turns; then whoever runs fewest goes first, and among these whoever was
-- served longest ago: that user's oldest job. The slot is the freest worker's.
--
-- The first look takes no lock. Where it finds no room, whoever makes room fills after its own
-- commit, and finds the job that waits here committed. One fill of a queue at a time goes on; each
-- statement below sees what the one before it has done and committed, so the slots are counted
-- exactly. `picture_seconds` has what a picture of each job type takes.
create function private.fill(
    of_queue text, of_type text, ahead integer, of_keys text[],
    picture_seconds jsonb, least_claim_seconds double precision
) returns setof jobs
language plpgsql volatile set search_path = 'public'
as $$
declare
    given jobs;
begin
    if not (
        exists (select from turns where queue = of_queue and waiting > 0)
        and exists (select from private.vacant(of_type, ahead, of_keys))
    ) then
        return;
    end if;
    perform pg_advisory_xact_lock(hashtext('dispatch'), hashtext(of_queue));
    loop
        with worker as materialized (
            select worker_id from private.vacant(of_type, ahead, of_keys)
            order by free desc, worker_id limit 1
        ), by_priority as materialized (
            select id, job_type, num_images from jobs
            where queue = of_queue and status = 'queued' and dispatched_at is null and priority > 0
                and exists (select from worker)
            order by priority desc, created_at
            limit 1
            for update skip locked
        ), by_turn as materialized (
            select oldest.* from (
                select user_id, running, served_at from turns
                where queue = of_queue and waiting > 0
                    and exists (select from worker) and not exists (select from by_priority)
                order by running, served_at
                limit 4
            ) as turn
            cross join lateral (
                select id, job_type, num_images from jobs
                where queue = of_queue and user_id = turn.user_id and status = 'queued'
                    and dispatched_at is null and priority = 0
                order by created_at
                limit 1
                for update skip locked
            ) as oldest
            order by running, served_at
            limit 1
        ), chosen as (
            select job.id, worker.worker_id,
                num_images * (picture_seconds ->> job_type)::double precision
                    + least_claim_seconds as claim_seconds
            from (select * from by_priority union all select * from by_turn) as job
            cross join worker
        )
        update jobs set
            worker_id = chosen.worker_id, dispatch_no = dispatch_no + 1, dispatched_at = now(),
            claim_by = now() + make_interval(secs => chosen.claim_seconds),
            updated_at = now()
        from chosen
        where jobs.id = chosen.id and status = 'queued' and dispatched_at is null
        returning jobs.* into given;
        exit when not found;
        return next given;
    end loop;
end
$$;
revoke execute on function private.fill(text, text, integer, text[], jsonb, double precision)
    from public;
grant execute on function private.fill(text, text, integer, text[], jsonb, double precision)
    to service;
