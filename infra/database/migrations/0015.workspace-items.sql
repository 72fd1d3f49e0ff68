-- depends: 0010.workspace-and-library

-- Deprecated: the items and remote procedures of the earlier generation's workspace. Users may read,
-- change and delete old items; no new ones are made.

create table workspace_items (
    id uuid primary key default gen_random_uuid(),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    session_id uuid references workspace_sessions (id) on delete set null,
    job_id uuid references jobs (id) on delete set null,
    user_id uuid not null,
    status text not null default 'generated'
        constraint workspace_items_status_check check (length(status) between 1 and 50),
    item_type text not null check (item_type in ('image', 'video')),
    storage_path text,
    thumbnail_path text,
    prompt text,
    metadata jsonb not null default '{}'
);
comment on constraint workspace_items_status_check on workspace_items is
    'Status must be 1 to 50 characters long.';
-- As for jobs.workspace_session_id (0007.jobs).
alter table workspace_items alter column session_id set (n_distinct = -0.05);
create index items_of_session on workspace_items (session_id, created_at desc);
create index items_of_job on workspace_items (job_id);
create index items_of_user_by_status on workspace_items (user_id, status, created_at desc);
create trigger set_updated_at before update on workspace_items
    for each row execute function private.set_updated_at();
create trigger publish_change after insert or update or delete on workspace_items
    for each row execute function private.publish_change();
call private.enable_rls('workspace_items');
call private.grant_owner_read('workspace_items', 'user_id');
create policy own_update on workspace_items for update to authenticated
    using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()));
create policy own_delete on workspace_items for delete to authenticated
    using (user_id = (select auth.uid()));
-- The statement in the specification names updated_at; the trigger decides its value.
grant select, update (status, updated_at), delete on workspace_items to authenticated;

-- Each procedure acts for its caller only, with the caller's rights. p_user_id is a parameter because
-- the clients send it.
create function create_workspace_session(
    p_user_id uuid,
    p_session_name text default 'Workspace Session'
) returns uuid
language plpgsql set search_path = ''
as $$
declare
    made uuid;
begin
    if (p_user_id = auth.uid()) is not true then
        raise insufficient_privilege using message = 'p_user_id is not the caller.';
    end if;
    insert into public.workspace_sessions (user_id, session_name)
    values (p_user_id, coalesce(p_session_name, 'Workspace Session'))
    returning id into made;
    return made;
exception when check_violation then
    raise invalid_parameter_value using message = 'A session name has 1 to 200 characters.';
end
$$;

-- An item's file is its job's asset: the one at the item's path, or the only one that there is.
create function save_workspace_item_to_library(
    p_workspace_item_id uuid,
    p_user_id uuid
) returns uuid
language plpgsql set search_path = ''
as $$
declare
    item public.workspace_items;
    kept uuid;
begin
    if (p_user_id = auth.uid()) is not true then
        raise insufficient_privilege using message = 'p_user_id is not the caller.';
    end if;
    select * into item from public.workspace_items
    where id = p_workspace_item_id and user_id = p_user_id;
    if not found then
        raise no_data_found using message = 'There is no such workspace item of yours.';
    end if;
    select library.id into kept
    from public.workspace_assets as asset
    join public.user_library as library on library.source_asset_id = asset.id
    where asset.job_id = item.job_id and library.user_id = p_user_id
        and (asset.temp_storage_path = item.storage_path or 1 = (
            select count(*) from public.workspace_assets as sibling
            where sibling.job_id = item.job_id
        ));
    if not found then
        raise feature_not_supported using
            message = 'Workspace items are archived, and this one is not in the library.',
            hint = 'Save its job''s asset: POST /workspace-actions with action save_to_library.';
    end if;
    return kept;
end
$$;

-- True where the session is the caller's; what was saved stays saved.
create function clear_workspace_session(p_session_id uuid, p_user_id uuid) returns boolean
language plpgsql set search_path = ''
as $$
declare
    is_theirs boolean;
begin
    if (p_user_id = auth.uid()) is not true then
        raise insufficient_privilege using message = 'p_user_id is not the caller.';
    end if;
    update public.workspace_sessions set is_active = false
    where id = p_session_id and user_id = p_user_id;
    is_theirs := found;
    update public.workspace_items set status = 'deleted'
    where session_id = p_session_id and user_id = p_user_id and is_theirs and status <> 'saved';
    return is_theirs;
end
$$;

revoke execute on function create_workspace_session(uuid, text) from public;
revoke execute on function save_workspace_item_to_library(uuid, uuid) from public;
revoke execute on function clear_workspace_session(uuid, uuid) from public;
grant execute on function create_workspace_session(uuid, text) to authenticated;
grant execute on function save_workspace_item_to_library(uuid, uuid) to authenticated;
grant execute on function clear_workspace_session(uuid, uuid) to authenticated;
