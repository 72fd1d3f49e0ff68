-- depends: 0003.row-limits 0007.jobs

-- What jobs made, what users saved, and copies between the two that are not finished. The limit of
-- generation_settings is contracts.postgres.MAX_JSON_BYTES.

-- An asset of the workspace was made by a job, or is a copy of its owner's library asset, which may
-- have been deleted since: at most one copy of each exists.
create table workspace_assets (
    id uuid primary key default gen_random_uuid(),
    created_at timestamptz not null default now(),
    user_id uuid not null,
    job_id uuid references jobs (id),
    asset_index integer not null,
    asset_type text not null check (asset_type in ('image', 'video')),
    temp_storage_path text not null unique check (octet_length(temp_storage_path) <= 1024),
    thumbnail_path text unique check (octet_length(thumbnail_path) <= 1024),
    file_size_bytes bigint not null,
    mime_type text not null check (octet_length(mime_type) <= 100),
    crc32c text not null check (octet_length(crc32c) <= 8),
    generation bigint not null,
    thumbnail_generation bigint,
    width integer,
    height integer,
    duration_seconds real,
    generation_seed bigint,
    original_prompt text not null check (octet_length(original_prompt) <= 8000),
    model_used text not null check (octet_length(model_used) <= 100),
    generation_settings jsonb not null default '{}'
        check (octet_length(generation_settings::text) <= 65536),
    promotion text not null default 'none' check (promotion in ('none', 'pending', 'done')),
    saving_until timestamptz,    -- locked until then, while it is saved to the library
    expires_at timestamptz not null default now() + interval '7 days',
    source_library_id uuid unique,
    unique (job_id, asset_index),
    constraint made_or_copied check ((job_id is null) <> (source_library_id is null))
);
create index assets_of_user on workspace_assets (user_id, created_at desc);
create index assets_expiring on workspace_assets (expires_at);
create index assets_pending on workspace_assets (saving_until nulls first, created_at)
    where promotion = 'pending';
create trigger publish_change after insert or update or delete on workspace_assets
    for each row execute function private.publish_change();
call private.enable_rls('workspace_assets');
call private.grant_owner_read('workspace_assets', 'user_id');
grant select on workspace_assets to authenticated;

-- Which assets a user has discarded: discarding again succeeds, for the owner only. Deleted once no
-- client can still be retrying.
create table discarded_assets (
    asset_id uuid primary key,
    created_at timestamptz not null default now(),
    user_id uuid not null
);
create index discarded_by_age on discarded_assets (created_at);
call private.enable_rls('discarded_assets');

create table user_collections (
    id uuid primary key default gen_random_uuid(),
    created_at timestamptz not null default now(),
    user_id uuid not null,
    name text not null check (length(name) between 1 and 200),
    description text check (length(description) <= 2000),
    asset_count integer not null default 0
);
create index collections_of_user on user_collections (user_id, created_at desc);
call private.limit_rows('user_collections', 'user_id', 1000, 'collections');
call private.enable_rls('user_collections');
call private.grant_owner_read('user_collections', 'user_id');
grant select on user_collections to authenticated;

create table user_library (
    id uuid primary key default gen_random_uuid(),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    user_id uuid not null,
    -- The workspace asset it was saved from, which may be deleted: saving twice makes one.
    source_asset_id uuid not null unique,
    asset_type text not null check (asset_type in ('image', 'video')),
    storage_path text not null unique check (octet_length(storage_path) <= 1024),
    thumbnail_path text unique check (octet_length(thumbnail_path) <= 1024),
    file_size_bytes bigint not null,
    mime_type text not null check (octet_length(mime_type) <= 100),
    crc32c text not null check (octet_length(crc32c) <= 8),
    generation bigint not null,
    width integer,
    height integer,
    duration_seconds real,
    generation_seed bigint,
    original_prompt text not null check (octet_length(original_prompt) <= 8000),
    model_used text not null check (octet_length(model_used) <= 100),
    generation_settings jsonb not null default '{}'
        check (octet_length(generation_settings::text) <= 65536),
    collection_id uuid references user_collections (id) on delete set null,
    custom_title text check (length(custom_title) between 1 and 200),
    tags text[] not null default '{}'
        check (cardinality(tags) <= 50 and private.max_length(tags) <= 50),
    is_favorite boolean not null default false,
    visibility text not null default 'private' check (visibility in ('private', 'unlisted', 'public')),
    thumbnail_generation bigint
);
-- As for jobs.workspace_session_id (0007.jobs).
alter table user_library alter column collection_id set (n_distinct = -0.05);
create index library_of_user on user_library (user_id, created_at desc);
create index library_of_collection on user_library (collection_id);
create index library_by_tag on user_library using gin (tags);
-- Public assets, for anyone's list and as the second part of a user's own.
create index library_public on user_library (created_at desc) where visibility = 'public';
create trigger publish_change after insert or update or delete on user_library
    for each row execute function private.publish_change();
call private.limit_rows('user_library', 'user_id', 10000, 'library assets');
call private.enable_rls('user_library');
call private.grant_owner_read('user_library', 'user_id');
create policy public_rows on user_library for select to authenticated, anon
    using (visibility = 'public');
grant select on user_library to authenticated, anon;

create function private.update_collection_count() returns trigger
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
create trigger update_collection_count
    after insert or delete or update of collection_id on user_library
    for each row execute function private.update_collection_count();

-- The id that a copy will have, from the first attempt at copying its files until it is recorded:
-- every attempt writes to the same paths, and no path is used again once its copy may be deleted.
-- source_id is null once an attempt is given up; the row stays until its files are deleted.
create table unfinished_copies (
    source_id uuid unique,         -- of workspace_assets or user_library
    created_at timestamptz not null default now(),
    user_id uuid not null,
    target_id uuid primary key,    -- of the other table
    cleanup_after timestamptz not null default now() + interval '1 day'
);
create index unfinished_copies_to_clean on unfinished_copies (cleanup_after);
call private.enable_rls('unfinished_copies');

-- What a user has deleted from the library: deleting again succeeds, for the owner only, and deletes
-- the files where the first attempt was interrupted before it did. The sweep deletes them once more;
-- cleanup_after is null afterwards.
create table deleted_library_assets (
    library_asset_id uuid primary key,
    created_at timestamptz not null default now(),
    user_id uuid not null,
    storage_path text not null check (octet_length(storage_path) <= 1024),
    thumbnail_path text check (octet_length(thumbnail_path) <= 1024),
    cleanup_after timestamptz default now()
);
create index deleted_library_by_age on deleted_library_assets (created_at);
create index deleted_library_to_clean on deleted_library_assets (cleanup_after)
    where cleanup_after is not null;
call private.enable_rls('deleted_library_assets');
