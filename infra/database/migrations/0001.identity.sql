-- Roles, and who is asking.
--
-- service        the functions themselves (SET LOCAL ROLE in each transaction)
-- authenticated  a signed-in user, with the token's claims in request.jwt.claims
-- anon           everyone else
--
-- Roles belong to the whole cluster, so another database of it may have made them already.

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

-- Called by each later migration for each table it makes: row-level security, forced, and all of
-- it open to the functions alone.
create schema private;

create procedure private.protect(target regclass)
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

-- A user reads the rows that are theirs.
create procedure private.let_owner_read(target regclass, owner_column name)
language plpgsql
as $$
begin
    execute format(
        'create policy own_rows on %s for select to authenticated using (%I = (select auth.uid()))',
        target, owner_column
    );
end
$$;

create table user_roles (
    id uuid primary key default gen_random_uuid(),
    created_at timestamptz not null default now(),
    user_id uuid not null,
    role text not null check (role in ('admin', 'moderator', 'user')),
    unique (user_id, role)
);
call private.protect('user_roles');
call private.let_owner_read('user_roles', 'user_id');
grant select on user_roles to authenticated;

create table profiles (
    id uuid primary key,
    created_at timestamptz not null default now(),
    username text,
    token_balance integer not null default 100 check (token_balance >= 0),
    age_confirmed_at timestamptz,
    subscription_status text
);
call private.protect('profiles');
call private.let_owner_read('profiles', 'id');
create policy own_name on profiles for update to authenticated
    using (id = (select auth.uid())) with check (id = (select auth.uid()));
grant select, update (username) on profiles to authenticated;
