-- depends: 0011.events

-- When the sweep looks after a copy that nobody recorded. A try that it gives up loses its source:
-- nobody takes it up again, and the row stays until its files are deleted.
alter table unfinished_copies
    drop constraint unfinished_copies_pkey,
    drop constraint unfinished_copies_target_id_key,
    alter column source_id drop not null,
    add primary key (target_id),
    add unique (source_id),
    add column clean_after timestamptz not null default now() + interval '1 day';
create index unfinished_copies_to_clean on unfinished_copies (clean_after);

-- Whoever deletes a library asset deletes its files, and may die before; the sweep deletes them once
-- more. Null once it has.
alter table deleted_library_assets add column clean_after timestamptz default now();
create index deleted_library_to_clean on deleted_library_assets (clean_after)
    where clean_after is not null;
