-- depends: 0003.credits

create table workspace_assets (
    id uuid primary key default gen_random_uuid(),
    created_at timestamptz not null default now(),
    user_id uuid not null,
    job_id uuid not null references jobs (id),
    asset_index integer not null,
    asset_type text not null check (asset_type in ('image', 'video')),
    temp_storage_path text not null unique,
    thumbnail_path text unique,
    file_size_bytes bigint not null,
    mime_type text not null,
    crc32c text not null,
    generation bigint not null,
    thumbnail_generation bigint,
    width integer,
    height integer,
    duration_seconds real,
    generation_seed bigint,
    original_prompt text not null,
    model_used text not null,
    generation_settings jsonb not null default '{}',
    promotion text not null default 'none' check (promotion in ('none', 'pending', 'done')),
    saving_until timestamptz,
    expires_at timestamptz not null default now() + interval '7 days',
    unique (job_id, asset_index)
);
create index assets_of_user on workspace_assets (user_id, created_at desc);
create index assets_expiring on workspace_assets (expires_at);
call private.protect('workspace_assets');
call private.let_owner_read('workspace_assets', 'user_id');
grant select on workspace_assets to authenticated;

-- Which assets a user has removed: discarding what is gone is success, and only their owner is
-- told so. Swept once no client can still be retrying.
create table discarded_assets (
    asset_id uuid primary key,
    created_at timestamptz not null default now(),
    user_id uuid not null
);
create index discarded_by_age on discarded_assets (created_at);
call private.protect('discarded_assets');

create table user_collections (
    id uuid primary key default gen_random_uuid(),
    created_at timestamptz not null default now(),
    user_id uuid not null,
    name text not null check (length(name) between 1 and 200),
    description text,
    asset_count integer not null default 0
);
create index collections_of_user on user_collections (user_id, created_at desc);
call private.protect('user_collections');
call private.let_owner_read('user_collections', 'user_id');
grant select on user_collections to authenticated;

create table user_library (
    id uuid primary key default gen_random_uuid(),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    user_id uuid not null,
    -- The workspace asset it came from, which may be gone: saving twice makes one.
    source_asset_id uuid not null unique,
    asset_type text not null check (asset_type in ('image', 'video')),
    storage_path text not null unique,
    thumbnail_path text unique,
    file_size_bytes bigint not null,
    mime_type text not null,
    crc32c text not null,
    generation bigint not null,
    width integer,
    height integer,
    duration_seconds real,
    generation_seed bigint,
    original_prompt text not null,
    model_used text not null,
    generation_settings jsonb not null default '{}',
    collection_id uuid references user_collections (id) on delete set null,
    custom_title text,
    tags text[] not null default '{}',
    is_favorite boolean not null default false,
    visibility text not null default 'private' check (visibility in ('private', 'unlisted', 'public'))
);
create index library_of_user on user_library (user_id, created_at desc);
create index library_of_collection on user_library (collection_id);
create index library_by_tag on user_library using gin (tags);
call private.protect('user_library');
call private.let_owner_read('user_library', 'user_id');
create policy public_rows on user_library for select to authenticated, anon
    using (visibility = 'public');
grant select on user_library to authenticated, anon;

create function private.count_collection() returns trigger
language plpgsql
as $$
begin
    if tg_op <> 'INSERT' and old.collection_id is not null then
        update user_collections set asset_count = asset_count - 1 where id = old.collection_id;
    end if;
    if tg_op <> 'DELETE' and new.collection_id is not null then
        update user_collections set asset_count = asset_count + 1 where id = new.collection_id;
    end if;
    return null;
end
$$;
create trigger count_collection after insert or delete or update of collection_id on user_library
    for each row execute function private.count_collection();
