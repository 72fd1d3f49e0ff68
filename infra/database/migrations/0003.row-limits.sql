-- depends: 0001.access-control

-- Limits of one `rest` statement, and of the rows that one owner may have in a table.

-- `rest` puts calls of these functions into the statements that it composes. Users cannot call them:
-- no function of this schema is offered as a procedure.
create schema rest;
grant usage on schema rest to authenticated, anon;

-- Adds to the cost of the transaction's statement so far, in units of one or two microseconds, and
-- raises an error beyond the limit. As a condition on a table's rows it costs a microsecond a row; the
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

-- How many rows an owner has in each table that users can add to without end, kept by a trigger, so
-- that the check costs the same however many rows there are. Concurrent inserts wait for this row.
create table row_counts (
    "table" text not null,
    owner_id uuid not null,    -- the user, or the message's conversation
    count bigint not null check (count >= 0),
    primary key ("table", owner_id)
);
call private.enable_rls('row_counts');

-- Trigger; its arguments: the owner's column, the limit, and what the rows are called.
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
