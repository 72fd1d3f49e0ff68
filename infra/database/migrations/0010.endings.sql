-- depends: 0009.jobs-as-users-see-them

-- From when on the sweep may clean an ended job's folder in workspace-temp: what no asset names is
-- nobody's. Set by the transition that ends the job; null once nothing more can be written there.
alter table jobs add column clean_after timestamptz;
create index jobs_to_clean on jobs (clean_after) where clean_after is not null;
update jobs set clean_after = now() where status in ('completed', 'failed', 'cancelled');

-- A failed job is tried again as a new one, once; that one, should it fail, as the next.
alter table jobs add column retry_of uuid unique references jobs (id);
