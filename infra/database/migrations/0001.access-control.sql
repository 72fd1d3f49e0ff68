-- Database roles, the claims of the current caller, row-level security, and who is an admin.
--
-- service        the functions; they set it with SET LOCAL ROLE in each transaction
-- authenticated  a signed-in user; the token's claims are in request.jwt.claims
-- anon           a caller without a user
--
-- Roles belong to the whole cluster: another database of the same cluster may have made them.

do $$
declare
    role_name text;
begin
    foreach role_name in array array['service', 'authenticated', 'anon'] loop
        if not exists (select from pg_roles where rolname = role_name) then
            execute format('create role %I nologin noinherit', role_name);
        end if;
        execute format('grant %I to current_user', role_name);
    end loop;
end
$$;

revoke create on schema public from public;
grant usage on schema public to service, authenticated, anon;

create schema auth;
grant usage on schema auth to service, authenticated, anon;

create function auth.jwt() returns jsonb
language sql stable
as $$ select nullif(current_setting('request.jwt.claims', true), '')::jsonb $$;

create function auth.uid() returns uuid
language sql stable
as $$ select (auth.jwt() ->> 'sub')::uuid $$;

create schema private;
grant usage on schema private to service;

-- Called for every table: row-level security, also for the table's owner, and full access for the
-- functions only.
create procedure private.enable_rls(target regclass)
language plpgsql
as $$
begin
    execute format('alter table %s enable row level security', target);
    execute format('alter table %s force row level security', target);
    execute format('revoke all on %s from public', target);
    execute format('grant select, insert, update, delete on %s to service', target);
    execute format('create policy service_all on %s to service using (true) with check (true)', target);
end
$$;

create table user_roles (
    id uuid primary key default gen_random_uuid(),
    created_at timestamptz not null default now(),
    user_id uuid not null,
    role text not null check (role in ('admin', 'moderator', 'user')),
    unique (user_id, role)
);
call private.enable_rls('user_roles');
grant select on user_roles to authenticated;

-- True where the token says admin and user_roles agrees. It runs as `service`, so that it reads
-- user_roles under that role's policy only: the policies of `authenticated` call this function.
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

-- The users whose rows the caller may read, as a range of ids: a user's own id, or every id for an
-- admin. "Own rows, or admin" written as an `or` would keep the planner from every index that begins
-- with the owner, and each user's list would scan the whole table.
create function private.first_readable_user() returns uuid
language sql stable
return case when private.is_admin() then '00000000-0000-0000-0000-000000000000' else auth.uid() end;

create function private.last_readable_user() returns uuid
language sql stable
return case when private.is_admin() then 'ffffffff-ffff-ffff-ffff-ffffffffffff' else auth.uid() end;

-- A user reads their own rows, an admin reads all.
create procedure private.grant_owner_read(target regclass, owner_column name)
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
call private.grant_owner_read('user_roles', 'user_id');

-- For tables whose rows users update: the time is always the database's.
create function private.set_updated_at() returns trigger
language plpgsql
as $$
begin
    new.updated_at := now();
    return new;
end
$$;

create function private.max_length(texts text[]) returns integer
language sql immutable parallel safe
return (select coalesce(max(length(element)), 0) from unnest(texts) as element);
