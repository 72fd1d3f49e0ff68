-- depends: 0004.assets

-- Admins read every row that some user may read: their token says that they are one, and
-- user_roles still agrees. It runs as `service`, so that it reads user_roles under that role's
-- policy alone: the policies of `authenticated` ask this function.
create function private.is_admin() returns boolean
language sql stable security definer set search_path = ''
as $$
    select coalesce(auth.jwt() -> 'app_metadata' ->> 'role' = 'admin', false)
        and exists (
            select from public.user_roles where user_id = auth.uid() and role = 'admin'
        )
$$;
grant create on schema private to service;
alter function private.is_admin() owner to service;
revoke create on schema private from service;

-- The users whose rows the caller reads, as a range of ids: a user's begins and ends with their
-- own, an admin's holds everyone. "Own, or an admin" as an `or` would keep the planner from every
-- index that begins with the owner, and each user's list would cost a scan of the whole table.
create function private.first_readable_user() returns uuid
language sql stable
return case when private.is_admin() then '00000000-0000-0000-0000-000000000000' else auth.uid() end;

create function private.last_readable_user() returns uuid
language sql stable
return case when private.is_admin() then 'ffffffff-ffff-ffff-ffff-ffffffffffff' else auth.uid() end;

create or replace procedure private.let_owner_read(target regclass, owner_column name)
language plpgsql
as $$
begin
    execute format(
        'create policy readable_rows on %s for select to authenticated using ('
        '%I between (select private.first_readable_user()) and (select private.last_readable_user()))',
        target, owner_column
    );
end
$$;

drop policy own_rows on user_roles;
drop policy own_rows on profiles;
drop policy own_rows on jobs;
drop policy own_rows on job_progress;
drop policy own_rows on credit_ledger;
drop policy own_rows on usage_logs;
drop policy own_rows on workspace_assets;
drop policy own_rows on user_collections;
drop policy own_rows on user_library;

call private.let_owner_read('user_roles', 'user_id');
call private.let_owner_read('profiles', 'id');
call private.let_owner_read('jobs', 'user_id');
call private.let_owner_read('credit_ledger', 'user_id');
call private.let_owner_read('usage_logs', 'user_id');
call private.let_owner_read('workspace_assets', 'user_id');
call private.let_owner_read('user_collections', 'user_id');
call private.let_owner_read('user_library', 'user_id');
-- Whoever reads the job reads its progress: the policy of jobs applies inside.
create policy readable_rows on job_progress for select to authenticated
    using (exists (select from jobs where jobs.id = job_id));

-- What is public, for everyone's listing and as the second arm of a user's own.
create index library_public on user_library (created_at desc) where visibility = 'public';

-- For the tables whose rows a user changes: the time is the database's, whatever is sent.
create function private.touch() returns trigger
language plpgsql
as $$
begin
    new.updated_at := now();
    return new;
end
$$;

-- Chat.

create table conversations (
    id uuid primary key default gen_random_uuid(),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    user_id uuid not null,
    project_id uuid,
    title text check (length(title) <= 200),
    conversation_type text not null default 'general',
    status text not null default 'active' check (status in ('active', 'archived'))
);
create index conversations_of_user on conversations (user_id, created_at desc);
call private.protect('conversations');
call private.let_owner_read('conversations', 'user_id');
grant select on conversations to authenticated;

create table messages (
    id uuid primary key default gen_random_uuid(),
    created_at timestamptz not null default now(),
    conversation_id uuid not null references conversations (id) on delete cascade,
    seq integer not null check (seq > 0),
    sender text not null check (sender in ('user', 'assistant')),
    content text not null,
    message_type text not null default 'text',
    unique (conversation_id, seq)
);
call private.protect('messages');
create policy readable_rows on messages for select to authenticated
    using (exists (select from conversations where conversations.id = conversation_id));
grant select on messages to authenticated;

-- Prompts.

create table prompt_templates (
    id uuid primary key default gen_random_uuid(),
    created_at timestamptz not null default now(),
    model_type text not null,
    use_case text not null,
    content_mode text not null check (content_mode in ('sfw', 'nsfw')),
    template_name text not null,
    system_prompt text not null,
    token_limit integer not null check (token_limit > 0),
    version integer not null default 1 check (version > 0),
    is_active boolean not null default true,
    unique (template_name, version)
);
create unique index one_active_template on prompt_templates (model_type, use_case, content_mode)
    where is_active;
call private.protect('prompt_templates');

create table negative_prompts (
    id uuid primary key default gen_random_uuid(),
    created_at timestamptz not null default now(),
    model_type text not null,
    content_mode text not null check (content_mode in ('sfw', 'nsfw')),
    negative_prompt text not null,
    priority integer not null default 0,
    is_active boolean not null default true
);
create index negative_prompts_active on negative_prompts (model_type, content_mode, priority desc)
    where is_active;
call private.protect('negative_prompts');

-- What changed, for those who listen. A reader takes rows in the order (xid, seq), and only those
-- whose transaction is older than every open one.
create table change_events (
    seq bigint generated always as identity primary key,
    xid xid8 not null default pg_current_xact_id(),
    "table" text not null,
    type text not null check (type in ('INSERT', 'UPDATE', 'DELETE')),
    user_id uuid not null,
    record jsonb,
    old_record jsonb,
    at timestamptz not null default now()
);
create index change_events_in_order on change_events (xid, seq);
create index change_events_of_user on change_events (user_id, xid, seq);
create index change_events_by_age on change_events (at);
call private.protect('change_events');

-- Limits. Unlogged: a bucket that is lost in a crash is a full one, and each request writes here.
create unlogged table rate_buckets (
    user_id uuid not null,
    bucket text not null,
    tokens double precision not null check (tokens >= 0),
    refilled_at timestamptz not null default now(),
    primary key (user_id, bucket)
);
create index rate_buckets_by_age on rate_buckets (refilled_at);
call private.protect('rate_buckets');

-- What was decided about content; a hash of the prompt, never the prompt.
create table safety_decisions (
    id uuid primary key default gen_random_uuid(),
    created_at timestamptz not null default now(),
    user_id uuid,
    place text not null check (place in ('prompt', 'enhanced_prompt', 'reference', 'output')),
    rule_version text not null,
    categories text[] not null default '{}',
    prompt_hash bytea not null,
    outcome text not null check (outcome in ('allowed', 'refused'))
);
create index safety_decisions_of_user on safety_decisions (user_id, created_at desc);
call private.protect('safety_decisions');

-- Deprecated: a client of the earlier generation makes its sessions by these statements.
create table workspace_sessions (
    id uuid primary key default gen_random_uuid(),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    user_id uuid not null,
    session_name text not null default 'Workspace Session'
        check (length(session_name) between 1 and 200),
    is_active boolean not null default true
);
create index sessions_of_user on workspace_sessions (user_id, created_at desc);
create trigger touch before update on workspace_sessions
    for each row execute function private.touch();
call private.protect('workspace_sessions');
call private.let_owner_read('workspace_sessions', 'user_id');
create policy own_insert on workspace_sessions for insert to authenticated
    with check (user_id = (select auth.uid()));
create policy own_update on workspace_sessions for update to authenticated
    using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()));
grant select, insert (user_id, session_name), update (is_active) on workspace_sessions
    to authenticated;

-- No session was kept before this migration, so an id that a job carries names nothing.
update jobs set workspace_session_id = null where workspace_session_id is not null;
alter table jobs add constraint jobs_workspace_session foreign key (workspace_session_id)
    references workspace_sessions (id) on delete set null;
create index jobs_of_session on jobs (workspace_session_id, created_at desc)
    where workspace_session_id is not null;

-- Archived: users empty it, and nothing fills it.
create table workspace_items (
    id uuid primary key default gen_random_uuid(),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    session_id uuid references workspace_sessions (id) on delete set null,
    job_id uuid references jobs (id) on delete set null,
    user_id uuid not null,
    status text not null default 'generated' check (length(status) between 1 and 50),
    item_type text not null check (item_type in ('image', 'video')),
    storage_path text,
    thumbnail_path text,
    prompt text,
    metadata jsonb not null default '{}'
);
create index items_of_session on workspace_items (session_id, created_at desc);
create index items_of_job on workspace_items (job_id);
create index items_of_user_by_status on workspace_items (user_id, status, created_at desc);
create trigger touch before update on workspace_items
    for each row execute function private.touch();
call private.protect('workspace_items');
call private.let_owner_read('workspace_items', 'user_id');
create policy own_update on workspace_items for update to authenticated
    using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()));
create policy own_delete on workspace_items for delete to authenticated
    using (user_id = (select auth.uid()));
-- The printed statement names updated_at; the trigger decides what it becomes.
grant select, update (status, updated_at), delete on workspace_items to authenticated;
