"""Delete rows that are not needed any more, in bounded batches; several may run at once."""

from typing import LiteralString

from shared.db.connection import Connection

STATEMENTS: dict[str, LiteralString] = {
    "webhook_receipts": """
        with old as materialized (
            select webhook_id from webhook_receipts
            where created_at < now() - interval '25 hours'
            limit %(limit)s
            for update skip locked
        )
        delete from webhook_receipts using old
        where webhook_receipts.webhook_id = old.webhook_id
    """,
    "idempotency_keys": """
        with old as materialized (
            select id from idempotency_keys
            where created_at < now() - interval '24 hours'
            limit %(limit)s
            for update skip locked
        )
        delete from idempotency_keys using old
        where idempotency_keys.id = old.id
    """,
    "change_events": """
        with old as materialized (
            select seq from change_events
            where at < now() - interval '24 hours'
            order by at
            limit %(limit)s
            for update skip locked
        ), gone as (
            delete from change_events using old
            where change_events.seq = old.seq
            returning change_events.xid, change_events.seq
        ), newest as (
            select xid, seq from gone order by xid desc, seq desc limit 1
        ), remembered as (
            update event_retention as deleted set xid = newest.xid, seq = newest.seq
            from newest
            where (deleted.xid, deleted.seq) < (newest.xid, newest.seq)
        )
        select from gone
    """,
    "event_tickets": """
        with old as materialized (
            select digest from event_tickets
            where expires_at < now()
            order by expires_at
            limit %(limit)s
            for update skip locked
        )
        delete from event_tickets using old
        where event_tickets.digest = old.digest
    """,
    "user_queues": """
        with idle as materialized (
            select queue, user_id from user_queues
            where waiting = 0 and running = 0 and last_dispatched_at < now() - interval '1 day'
            limit %(limit)s
            for update skip locked
        )
        delete from user_queues using idle
        where user_queues.queue = idle.queue and user_queues.user_id = idle.user_id
    """,
    "rate_buckets": """
        with full_buckets as materialized (
            select user_id, bucket from rate_buckets
            where refilled_at < now() - interval '1 hour'
            limit %(limit)s
            for update skip locked
        )
        delete from rate_buckets using full_buckets
        where rate_buckets.user_id = full_buckets.user_id
            and rate_buckets.bucket = full_buckets.bucket
    """,
    "discarded_assets": """
        with old as materialized (
            select asset_id from discarded_assets
            where created_at < now() - interval '30 days'
            limit %(limit)s
            for update skip locked
        )
        delete from discarded_assets using old
        where discarded_assets.asset_id = old.asset_id
    """,
    "deleted_library_assets": """
        with old as materialized (
            select library_asset_id from deleted_library_assets
            where created_at < now() - interval '30 days' and cleanup_after is null
            limit %(limit)s
            for update skip locked
        )
        delete from deleted_library_assets using old
        where deleted_library_assets.library_asset_id = old.library_asset_id
    """,
}
"""By table. A callback's receipt is not needed once its timestamp is too old to be replayed; an
idempotency key and a record of what was discarded or deleted, once no client retries any more; an
idle user's queue and a bucket that has been full for long are created again when needed. Of events,
the position of the newest deleted one is kept, so that a client learns that it has missed some."""


async def delete_old(connection: Connection, table: str, *, limit: int) -> int:
    """Delete up to ``limit`` rows of a table of ``STATEMENTS``; return how many."""
    rows = await connection.execute(STATEMENTS[table], {"limit": limit})
    return rows.rowcount
