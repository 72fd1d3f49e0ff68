-- depends: 0020.dispatch

-- Where a worker is at this moment. A statement that waited for a lock asks it: a volatile function
-- sees what was committed meanwhile, which the statement's own snapshot does not.
create function private.address_of(of_worker text)
returns table (worker_url text, key_id text)
language sql volatile
begin atomic
    select workers.worker_url, workers.key_id from public.workers where workers.id = of_worker;
end;
revoke execute on function private.address_of(text) from public;
grant execute on function private.address_of(text) to service;
