-- depends: 0016.previews

-- Every gate that refuses says where it stands.
alter table safety_decisions drop constraint safety_decisions_place_check;
alter table safety_decisions add constraint safety_decisions_place_check check (place in (
    'prompt', 'negative_prompt', 'enhanced_prompt', 'message', 'answer', 'reference', 'output'
));

-- The pictures that a job made of words alone, by their paths, which are never used twice. Only such
-- a one may be an `nsfw` job's reference: what began with a picture may still be a photograph, and a
-- job forgets its references once they are cleaned away. Of what was made before this migration
-- nobody knows it, so none of it is here.
create table pictures_of_words (
    path text primary key,
    created_at timestamptz not null default now()
);
call private.protect('pictures_of_words');

create function private.note_picture_of_words() returns trigger
language plpgsql set search_path = ''
as $$
begin
    insert into public.pictures_of_words (path)
    select new.temp_storage_path
    where new.asset_type = 'image' and (
        exists (select from public.jobs where id = new.job_id and reference_roles = '{}')
        or exists (
            select from public.user_library as original
            join public.pictures_of_words as known on known.path = original.storage_path
            where original.id = new.source_library_id
        )
    )
    on conflict do nothing;
    return null;
end
$$;
create trigger note_picture_of_words after insert on workspace_assets
    for each row execute function private.note_picture_of_words();

create function private.note_saved_picture_of_words() returns trigger
language plpgsql set search_path = ''
as $$
begin
    insert into public.pictures_of_words (path)
    select new.storage_path from public.workspace_assets as source
    join public.pictures_of_words as known on known.path = source.temp_storage_path
    where source.id = new.source_asset_id and new.asset_type = 'image'
    on conflict do nothing;
    return null;
end
$$;
create trigger note_saved_picture_of_words after insert on user_library
    for each row execute function private.note_saved_picture_of_words();

create function private.forget_picture_of_words() returns trigger
language plpgsql set search_path = ''
as $$
begin
    delete from public.pictures_of_words
    where path = case tg_table_name
        when 'user_library' then to_jsonb(old) ->> 'storage_path'
        else to_jsonb(old) ->> 'temp_storage_path'
    end;
    return null;
end
$$;
create trigger forget_picture_of_words after delete on workspace_assets
    for each row execute function private.forget_picture_of_words();
create trigger forget_picture_of_words after delete on user_library
    for each row execute function private.forget_picture_of_words();
