-- depends: 0007.jobs

-- Append-only. One grant for each user, one reserve and one closing entry (settle or refund) for each
-- job, enforced by the indexes. profiles.token_balance changes in the same transaction, and can be
-- computed from here at any time.
create table credit_ledger (
    id uuid primary key default gen_random_uuid(),
    created_at timestamptz not null default now(),
    user_id uuid not null,
    job_id uuid references jobs (id),
    kind text not null check (kind in ('grant', 'reserve', 'settle', 'refund')),
    amount integer not null,
    balance_after integer not null check (balance_after >= 0),
    check ((kind = 'grant') = (job_id is null))
);
create unique index one_grant_a_user on credit_ledger (user_id) where kind = 'grant';
create unique index one_reserve_a_job on credit_ledger (job_id) where kind = 'reserve';
create unique index one_closing_a_job on credit_ledger (job_id) where kind in ('settle', 'refund');
create index ledger_of_user on credit_ledger (user_id, created_at desc);
call private.enable_rls('credit_ledger');
revoke update, delete on credit_ledger from service;
call private.grant_owner_read('credit_ledger', 'user_id');
grant select on credit_ledger to authenticated;

create table usage_logs (
    id uuid primary key default gen_random_uuid(),
    created_at timestamptz not null default now(),
    user_id uuid not null,
    job_id uuid references jobs (id),
    action text not null,
    format text,
    quality text,
    credits_consumed integer not null default 0
);
create index usage_of_user on usage_logs (user_id, created_at desc);
call private.enable_rls('usage_logs');
call private.grant_owner_read('usage_logs', 'user_id');
grant select on usage_logs to authenticated;
