-- depends: 0018.safety

-- Each request of a user writes one of these rows. Without an index over the time it is written in
-- place, with no index touched; the sweep alone looks for old rows, in a table that holds three a
-- user of the last hour.
drop index rate_buckets_by_age;
alter table rate_buckets set (fillfactor = 50);

comment on column rate_buckets.tokens is
    'what was there when the last request came; it took one, where there was a whole one';
