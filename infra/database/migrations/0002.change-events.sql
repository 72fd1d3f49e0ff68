-- depends: 0001.access-control

-- Change events: each change of a row that a user can read is a row of change_events and a
-- notification, in the transaction of the change.
--
-- A reader takes rows in the order (xid, seq), and only those whose transaction is older than every
-- open one. An event's xid is the newest transaction that had ended when the change was made, or the
-- change's own where that is newer. Its own alone would be enough to wait for every older one, but
-- not to keep the changes of one row in order: a transaction that began to write early may change a
-- row after one that began later has changed it and ended.
create table change_events (
    seq bigint generated always as identity primary key,
    xid xid8 not null default greatest(
        pg_current_xact_id(),
        (pg_snapshot_xmax(pg_current_snapshot())::text::bigint - 1)::text::xid8
    ),
    "table" text not null,
    type text not null check (type in ('INSERT', 'UPDATE', 'DELETE')),
    user_id uuid not null,
    record jsonb,
    old_record jsonb,
    at timestamptz not null default now(),
    job_id uuid    -- of a job and of its assets, for readers of one job
);
create index change_events_in_order on change_events (xid, seq);
create index change_events_of_user on change_events (user_id, xid, seq);
create index change_events_by_age on change_events (at);
call private.enable_rls('change_events');

-- The newest event that was ever deleted: a reader whose position is older has missed events.
create table event_retention (
    is_only boolean primary key default true check (is_only),
    xid xid8 not null default '0',
    seq bigint not null default 0
);
insert into event_retention default values;
call private.enable_rls('event_retention');

-- An EventSource cannot send a header: a ticket opens one stream, once.
create table event_tickets (
    digest bytea primary key,    -- SHA-256 of the ticket
    created_at timestamptz not null default now(),
    user_id uuid not null,
    expires_at timestamptz not null,
    token_expires_at timestamptz not null    -- of the token it was issued for: the end of the stream
);
create index event_tickets_by_age on event_tickets (expires_at);
call private.enable_rls('event_tickets');

-- Trigger: publish a row's change. Its arguments are the columns that a user may read; without
-- arguments, every column. It runs as `service`: users change some tables themselves, and may write
-- no event.
create function private.publish_change() returns trigger
language plpgsql security definer set search_path = ''
as $$
declare
    before jsonb := to_jsonb(old);    -- null on insert
    after jsonb := to_jsonb(new);     -- null on delete
    current_row jsonb := coalesce(after, before);
    -- A change of these columns alone, such as the lock while an asset is saved, is not published.
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
        (current_row ->> 'user_id')::uuid,
        (current_row ->> case tg_table_name when 'jobs' then 'id' when 'workspace_assets' then 'job_id' end)::uuid,
        after,
        case when before is not null then jsonb_build_object('id', before -> 'id') end
    );
    perform pg_notify('events', current_row ->> 'user_id');
    return null;
end
$$;
grant create on schema private to service;
alter function private.publish_change() owner to service;
revoke create on schema private from service;
