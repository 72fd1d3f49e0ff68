-- depends: 0021.addresses

-- What one statement of `rest` may cost. `rest` puts these calls into the statements that it
-- composes; a user calls nothing by itself, for no function of this schema is offered as a procedure.
create schema rest;
grant usage on schema rest to authenticated, anon;

-- Adds to what the transaction's statement has cost so far, in units of one or two microseconds, and
-- refuses to go on beyond the limit. As a condition on a table's rows it costs a microsecond a row; the
-- low `cost` has the planner check it before the conditions whose cost it counts. It names a column of
-- the row, or the planner would check it where the joins end, for the rows that are left there.
create function rest.spend(units bigint, of_column anyelement) returns boolean
language plpgsql volatile cost 0.01
as $$
declare
    spent bigint := coalesce(nullif(current_setting('rest.spent', true), ''), '0')::bigint
        + coalesce(units, 0);
begin
    if spent > 400000 then
        raise program_limit_exceeded using
            message = 'The query reads or returns too much.',
            hint = 'Ask for fewer rows, columns or embedded resources, or filter by other columns.';
    end if;
    return set_config('rest.spent', spent::text, true) is not null;
end
$$;

-- Counts a row that is updated or deleted.
create function rest.count_write() returns boolean
language plpgsql volatile cost 0.01
as $$
declare
    written integer := coalesce(nullif(current_setting('rest.written', true), ''), '0')::integer + 1;
begin
    if written > 1000 then
        raise program_limit_exceeded using
            message = 'One request may change at most 1000 rows.',
            hint = 'Change fewer rows at a time, by a filter.';
    end if;
    return set_config('rest.written', written::text, true) is not null;
end
$$;

-- How many rows an owner has in each table whose rows a user adds without an end: kept by a trigger,
-- so that a check costs the same however many there are. Two inserts at once take turns at this row.
create table row_counts (
    "table" text not null,
    owner_id uuid not null,    -- the user, or the message's conversation
    count bigint not null check (count >= 0),
    primary key ("table", owner_id)
);
call private.protect('row_counts');

-- Its arguments: the owner's column, the limit, and what the rows are called.
create function private.count_rows() returns trigger
language plpgsql security definer set search_path = ''
as $$
declare
    highest bigint;
begin
    if tg_op = 'DELETE' then
        update public.row_counts as counts set count = counts.count - gone.rows
        from (
            select (to_jsonb(changed) ->> tg_argv[0])::uuid as owner_id, count(*) as rows
            from changed group by 1
        ) as gone
        where counts."table" = tg_table_name and counts.owner_id = gone.owner_id;
        delete from public.row_counts as counts using changed
        where counts."table" = tg_table_name and counts.count = 0
            and counts.owner_id = (to_jsonb(changed) ->> tg_argv[0])::uuid;
        return null;
    end if;
    with added as (
        insert into public.row_counts as counts ("table", owner_id, count)
        select tg_table_name, (to_jsonb(changed) ->> tg_argv[0])::uuid, count(*)
        from changed group by 2 order by 2
        on conflict ("table", owner_id) do update set count = counts.count + excluded.count
        returning counts.count
    )
    select max(count) into highest from added;
    if highest > tg_argv[1]::bigint then
        raise exception using
            errcode = 'PT409',
            message = format('The limit of %s %s is reached.', tg_argv[1], tg_argv[2]),
            hint = 'Delete some, or use those that are there.';
    end if;
    return null;
end
$$;
grant create on schema private to service;
alter function private.count_rows() owner to service;
revoke create on schema private from service;

-- PT409: `rest` responds with that status, and so do the other endpoints (shared/db/pool.py).
create procedure private.limit_rows(target regclass, owner_column name, max_rows bigint, noun text)
language plpgsql
as $$
begin
    execute format(
        'create trigger count_inserted after insert on %s referencing new table as changed'
        ' for each statement execute function private.count_rows(%L, %L, %L)',
        target, owner_column, max_rows, noun
    );
    execute format(
        'create trigger count_deleted after delete on %s referencing old table as changed'
        ' for each statement execute function private.count_rows(%L)',
        target, owner_column
    );
end
$$;

call private.limit_rows('workspace_sessions', 'user_id', 10000, 'workspace sessions');
call private.limit_rows('user_library', 'user_id', 10000, 'library assets');
call private.limit_rows('user_collections', 'user_id', 1000, 'collections');
call private.limit_rows('conversations', 'user_id', 1000, 'conversations');
call private.limit_rows('messages', 'conversation_id', 2000, 'messages in a conversation');

-- The rows that are there. The triggers' locks let no one add or delete one until this is committed.
set local role service; -- the tables' policies hold for their owner too
insert into row_counts ("table", owner_id, count)
select 'workspace_sessions', user_id, count(*) from workspace_sessions group by user_id
union all
select 'user_library', user_id, count(*) from user_library group by user_id
union all
select 'user_collections', user_id, count(*) from user_collections group by user_id
union all
select 'conversations', user_id, count(*) from conversations group by user_id
union all
select 'messages', conversation_id, count(*) from messages group by conversation_id;
reset role;

-- What belongs to one session or collection is few of a table's rows, also while the table holds one
-- user's: else the planner, which takes any range of users for a two-hundredth of the table, would
-- read all of the user's rows for each of them.
alter table jobs alter column workspace_session_id set (n_distinct = -0.05);
alter table workspace_items alter column session_id set (n_distinct = -0.05);
alter table user_library alter column collection_id set (n_distinct = -0.05);
analyze jobs, workspace_items, user_library;
