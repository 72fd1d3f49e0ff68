-- depends: 0002.change-events 0003.row-limits

-- Deprecated: clients of the earlier generation make and read their sessions by SQL.

create table workspace_sessions (
    id uuid primary key default gen_random_uuid(),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    user_id uuid not null,
    session_name text not null default 'Workspace Session'
        constraint workspace_sessions_session_name_check check (length(session_name) between 1 and 200),
    is_active boolean not null default true
);
comment on constraint workspace_sessions_session_name_check on workspace_sessions is
    'Session name must be 1 to 200 characters long.';
create index sessions_of_user on workspace_sessions (user_id, created_at desc);
create trigger set_updated_at before update on workspace_sessions
    for each row execute function private.set_updated_at();
create trigger publish_change after insert or update or delete on workspace_sessions
    for each row execute function private.publish_change();
call private.limit_rows('workspace_sessions', 'user_id', 10000, 'workspace sessions');
call private.enable_rls('workspace_sessions');
call private.grant_owner_read('workspace_sessions', 'user_id');
create policy own_insert on workspace_sessions for insert to authenticated
    with check (user_id = (select auth.uid()));
create policy own_update on workspace_sessions for update to authenticated
    using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()));
grant select, insert (user_id, session_name), update (is_active) on workspace_sessions
    to authenticated;
