-- depends: 0001.access-control

-- One row for each key that is in use or has a response. A reservation names the request that holds the
-- key; the request stores its response in the transaction of its change, and only while it holds the key.
create table idempotency_keys (
    id uuid primary key default gen_random_uuid(),
    created_at timestamptz not null default now(),
    user_id uuid not null,
    endpoint text not null,
    key text not null check (length(key) between 1 and 255),
    body_hash bytea not null,
    state text not null default 'reserved' check (state in ('reserved', 'answered')),
    reservation uuid not null,
    answer json check (octet_length(answer::text) <= 1048576),    -- json: it is replayed as it was
    lease_until timestamptz not null,
    unique (user_id, endpoint, key),
    check ((state = 'answered') = (answer is not null))
);
create index idempotency_keys_by_age on idempotency_keys (created_at);
call private.enable_rls('idempotency_keys');

-- Token buckets. Unlogged: a bucket that is lost in a crash is full again, and each request writes
-- here. Without an index over the time a row is updated in place; only the sweep looks for old rows, in
-- a table that holds three for each user of the last hour.
create unlogged table rate_buckets (
    user_id uuid not null,
    bucket text not null,
    tokens double precision not null check (tokens >= 0),
    refilled_at timestamptz not null default now(),
    primary key (user_id, bucket)
) with (fillfactor = 50);
comment on column rate_buckets.tokens is
    'the tokens when the last request came; the request took one, if there was a whole one';
call private.enable_rls('rate_buckets');
