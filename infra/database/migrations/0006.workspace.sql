-- depends: 0005.references

-- An asset of the workspace comes from a job, or is a copy of its owner's library asset, which may
-- be gone: of each there is one living copy.
alter table workspace_assets
    alter column job_id drop not null,
    add column source_library_id uuid unique,
    add constraint made_or_copied check ((job_id is null) <> (source_library_id is null));
create index assets_pending on workspace_assets (saving_until nulls first, created_at)
    where promotion = 'pending';

alter table user_library add column thumbnail_generation bigint;

-- The id that a copy will have, from the first try at copying its files until it is recorded: every
-- try writes to the same paths, and no path is used again once its copy may be deleted. Where the
-- source is gone, whatever lies at the target's paths is nobody's.
create table unfinished_copies (
    source_id uuid primary key,    -- of workspace_assets or user_library
    created_at timestamptz not null default now(),
    user_id uuid not null,
    target_id uuid not null unique -- of the other
);
call private.protect('unfinished_copies');

-- What a user has deleted from the library: deleting again is success, for its owner alone, and
-- deletes the files where the first try was cut off before it did.
create table deleted_library_assets (
    library_asset_id uuid primary key,
    created_at timestamptz not null default now(),
    user_id uuid not null,
    storage_path text not null,
    thumbnail_path text
);
create index deleted_library_by_age on deleted_library_assets (created_at);
call private.protect('deleted_library_assets');
