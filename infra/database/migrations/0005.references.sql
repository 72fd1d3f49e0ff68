-- depends: 0004.assets

-- Which pictures a job starts from. Each lies in the job's own folder of workspace-temp, under a
-- path that follows from its role, so that the role is all there is to remember.
alter table jobs add column reference_roles text[] not null default '{}'
    check (reference_roles <@ array['reference', 'start', 'end']);
