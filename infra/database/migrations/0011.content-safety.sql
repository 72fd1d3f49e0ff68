-- depends: 0010.workspace-and-library

-- Decisions about content, with a hash of the prompt and never the prompt.
create table safety_decisions (
    id uuid primary key default gen_random_uuid(),
    created_at timestamptz not null default now(),
    user_id uuid,
    place text not null check (place in (
        'prompt', 'negative_prompt', 'enhanced_prompt', 'message', 'answer', 'reference', 'output'
    )),
    rule_version text not null check (octet_length(rule_version) <= 100),
    categories text[] not null default '{}'
        check (cardinality(categories) <= 20 and private.max_length(categories) <= 64),
    prompt_hash bytea not null,
    outcome text not null check (outcome in ('allowed', 'refused'))
);
create index safety_decisions_of_user on safety_decisions (user_id, created_at desc);
call private.enable_rls('safety_decisions');

-- The paths of images that a job made from text only; a path is never used twice. Only such an image
-- may be the reference of an `nsfw` job: what began with a reference may still be a photograph, and a
-- job's references are not known any more once they are cleaned up.
create table text_only_images (
    path text primary key check (octet_length(path) <= 1024),
    created_at timestamptz not null default now()
);
call private.enable_rls('text_only_images');

create function private.record_text_only_image() returns trigger
language plpgsql set search_path = ''
as $$
begin
    insert into public.text_only_images (path)
    select new.temp_storage_path
    where new.asset_type = 'image' and (
        exists (select from public.jobs where id = new.job_id and reference_roles = '{}')
        or exists (
            select from public.user_library as original
            join public.text_only_images as known on known.path = original.storage_path
            where original.id = new.source_library_id
        )
    )
    on conflict do nothing;
    return null;
end
$$;
create trigger record_text_only_image after insert on workspace_assets
    for each row execute function private.record_text_only_image();

create function private.record_saved_text_only_image() returns trigger
language plpgsql set search_path = ''
as $$
begin
    insert into public.text_only_images (path)
    select new.storage_path from public.workspace_assets as source
    join public.text_only_images as known on known.path = source.temp_storage_path
    where source.id = new.source_asset_id and new.asset_type = 'image'
    on conflict do nothing;
    return null;
end
$$;
create trigger record_saved_text_only_image after insert on user_library
    for each row execute function private.record_saved_text_only_image();

create function private.delete_text_only_image() returns trigger
language plpgsql set search_path = ''
as $$
begin
    delete from public.text_only_images
    where path = case tg_table_name
        when 'user_library' then to_jsonb(old) ->> 'storage_path'
        else to_jsonb(old) ->> 'temp_storage_path'
    end;
    return null;
end
$$;
create trigger delete_text_only_image after delete on workspace_assets
    for each row execute function private.delete_text_only_image();
create trigger delete_text_only_image after delete on user_library
    for each row execute function private.delete_text_only_image();
