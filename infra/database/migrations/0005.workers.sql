-- depends: 0001.access-control

-- The GPU and chat workers. Which types and queues exist, shared/contracts/job_catalog.py decides.

create table workers (
    id text primary key check (octet_length(id) <= 63),
    created_at timestamptz not null default now(),
    worker_type text not null check (octet_length(worker_type) <= 63),
    worker_url text not null check (octet_length(worker_url) <= 2000),
    models text[] not null default '{}'
        check (cardinality(models) <= 20 and private.max_length(models) <= 200),
    slots integer not null default 1 check (slots > 0),
    is_always_on boolean not null default true,    -- false: it starts when it is called
    is_active boolean not null default true,
    health text not null default 'healthy' check (health in ('healthy', 'unhealthy')),
    last_seen timestamptz not null default now(),
    response_ms integer,
    key_id text not null check (octet_length(key_id) <= 200)
);
call private.enable_rls('workers');

-- A worker's address at this moment. A statement that waited for a lock calls it: a volatile function
-- sees what was committed meanwhile, which the statement's own snapshot does not.
create function private.worker_address(of_worker text)
returns table (worker_url text, key_id text)
language sql volatile
begin atomic
    select workers.worker_url, workers.key_id from public.workers where workers.id = of_worker;
end;
revoke execute on function private.worker_address(text) from public;
grant execute on function private.worker_address(text) to service;
