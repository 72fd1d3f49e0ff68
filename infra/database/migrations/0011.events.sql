-- depends: 0010.endings

-- What changed, for those who listen: each change of what a user sees is a row of change_events and
-- a notification, in the transaction of the change.

-- An event's xid is the newest transaction that had ended when the change was made, or the change's
-- own where that is newer. Its own alone would do to wait for every older one, but not to keep the
-- changes of one row in order: a transaction that began to write early may change a row after one
-- that began later has changed it and ended.
alter table change_events
    alter column xid set default greatest(
        pg_current_xact_id(),
        (pg_snapshot_xmax(pg_current_snapshot())::text::bigint - 1)::text::xid8
    ),
    add column job_id uuid;    -- of a job and of its assets, for who listens to one job

-- The newest event that was ever deleted: whoever has read less far has missed something.
create table forgotten_events (
    is_only boolean primary key default true check (is_only),
    xid xid8 not null default '0',
    seq bigint not null default 0
);
insert into forgotten_events default values;
call private.protect('forgotten_events');

-- An EventSource cannot send a header: it opens its stream by one of these, which works once.
create table event_tickets (
    digest bytea primary key,    -- SHA-256 of the ticket
    created_at timestamptz not null default now(),
    user_id uuid not null,
    expires_at timestamptz not null,
    token_expires_at timestamptz not null    -- of the token that it was given for: the stream's end
);
create index event_tickets_by_age on event_tickets (expires_at);
call private.protect('event_tickets');

-- The trigger's arguments are the columns that a user may read; without any, that is every column.
create function private.tell_change() returns trigger
language plpgsql security definer set search_path = ''
as $$
declare
    before jsonb := to_jsonb(old);    -- null on insert
    after jsonb := to_jsonb(new);     -- null on delete
    known jsonb := coalesce(after, before);
    -- A row's time alone, or a hold while an asset is being saved, is no change to a user.
    silent text[] := '{updated_at, saving_until}';
begin
    if tg_nargs > 0 then
        after := (select jsonb_object_agg(key, value) from jsonb_each(after) where key = any (tg_argv));
        before := (select jsonb_object_agg(key, value) from jsonb_each(before) where key = any (tg_argv));
    end if;
    if tg_op = 'UPDATE' and after - silent = before - silent then
        return null;
    end if;
    insert into public.change_events ("table", type, user_id, job_id, record, old_record)
    values (
        tg_table_name,
        tg_op,
        (known ->> 'user_id')::uuid,
        (known ->> case tg_table_name when 'jobs' then 'id' when 'workspace_assets' then 'job_id' end)::uuid,
        after,
        case when before is not null then jsonb_build_object('id', before -> 'id') end
    );
    perform pg_notify('events', known ->> 'user_id');
    return null;
end
$$;

-- The columns that are granted to authenticated: nothing of dispatch is told. Each is in the list of
-- the update as well, but for the row's time: a heartbeat or a dispatch sets none of them, and does
-- not run the trigger at all.
create trigger tell_change
    after insert or delete or update of
        id, created_at, user_id, job_type, status, queue, model_variant, format, quality,
        destination, metadata, original_prompt, enhanced_prompt, error_message, credits, project_id,
        video_id, image_id, workspace_session_id, attempts, max_attempts, started_at, completed_at
    on jobs
    for each row execute function private.tell_change(
        id, created_at, updated_at, user_id, job_type, status, queue, model_variant, format,
        quality, destination, metadata, original_prompt, enhanced_prompt, error_message, credits,
        project_id, video_id, image_id, workspace_session_id, attempts, max_attempts, started_at,
        completed_at
    );
create trigger tell_change after insert or update or delete on workspace_assets
    for each row execute function private.tell_change();
create trigger tell_change after insert or update or delete on user_library
    for each row execute function private.tell_change();
create trigger tell_change after insert or update or delete on workspace_sessions
    for each row execute function private.tell_change();
create trigger tell_change after insert or update or delete on workspace_items
    for each row execute function private.tell_change();

-- Progress is told without a record, at most four times a second a job. What comes too soon is not
-- told; the last of a job is followed by a change of the job itself.
alter table job_progress add column told_at timestamptz not null default clock_timestamp();

create function private.mark_told() returns trigger
language plpgsql
as $$
begin
    new.told_at := clock_timestamp();
    return new;
end
$$;
create trigger mark_told before update on job_progress
    for each row when (old.told_at <= clock_timestamp() - interval '250 ms')
    execute function private.mark_told();

create function private.tell_progress() returns trigger
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
create trigger tell_first after insert on job_progress
    for each row execute function private.tell_progress();
create trigger tell_next after update on job_progress
    for each row when (new.told_at is distinct from old.told_at)
    execute function private.tell_progress();

-- Users change sessions and items themselves, and may write no event: these run as `service`.
grant create on schema private to service;
alter function private.tell_change() owner to service;
alter function private.tell_progress() owner to service;
revoke create on schema private from service;
