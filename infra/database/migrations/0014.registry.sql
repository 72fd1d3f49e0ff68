-- depends: 0013.prompts

-- How long a job type has taken lately: of jobs whose first try was their last, so that the time
-- from start to end holds no wait between two.
create index jobs_by_duration on jobs (job_type, completed_at desc) include (started_at, num_images)
    where status = 'completed' and attempts = 1;

-- What waits longest, and the two ends of a queue as a sample of what it holds.
create index jobs_waiting_by_age on jobs (queue, created_at) include (job_type, num_images)
    where status = 'queued' and dispatched_at is null;

-- Whose turn it is, as before; and how many wait, from the index alone.
drop index turns_next;
create index turns_next on turns (queue, running, served_at) include (waiting) where waiting > 0;

-- Deprecated: the remote procedures of the earlier generation's workspace. Each acts for its caller
-- alone, with the caller's own rights: p_user_id is there because its clients send it.
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
