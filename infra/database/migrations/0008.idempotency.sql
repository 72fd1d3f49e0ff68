-- depends: 0004.assets

-- One row a key that is being used or was answered. A reservation names the request that holds the
-- key; it stores its answer in the transaction of its change, and only while it holds the key.
create table idempotency_keys (
    id uuid primary key default gen_random_uuid(),
    created_at timestamptz not null default now(),
    user_id uuid not null,
    endpoint text not null,
    key text not null check (length(key) between 1 and 255),
    body_hash bytea not null,
    state text not null default 'reserved' check (state in ('reserved', 'answered')),
    reservation uuid not null,
    answer json,    -- not jsonb: it is given again as it was
    lease_until timestamptz not null,
    unique (user_id, endpoint, key),
    check ((state = 'answered') = (answer is not null))
);
create index idempotency_keys_by_age on idempotency_keys (created_at);
call private.protect('idempotency_keys');
