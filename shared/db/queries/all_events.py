"""change_events: read for all users at once."""

from shared.db.connection import Connection
from shared.db.queries.change_events import Page, Position, page_of


async def after(connection: Connection, position: Position | None, *, limit: int) -> Page:
    """Return the next page, as ``change_events.read_page`` does, of the events of all users.

    Without a position, the page has no events and its position is where to start.
    """
    rows = await connection.execute(
        """
        with newest_kept as (
            select xid, seq from change_events
            where xid < pg_snapshot_xmin(pg_current_snapshot())
            order by xid desc, seq desc
            limit 1
        ), newest as (
            select xid, seq from newest_kept
            union all
            select xid, seq from event_retention
            order by xid desc, seq desc
            limit 1
        ), reader as (
            select %(xid)s::text::xid8 as xid, %(seq)s::bigint as seq
        )
        select
            newest.xid::text::bigint as newest_xid,
            newest.seq as newest_seq,
            (reader.xid, reader.seq) < (forgotten.xid, forgotten.seq)
                or reader.xid >= pg_snapshot_xmax(pg_current_snapshot()) as is_lost,
            exists (
                select from change_events where xid >= pg_snapshot_xmin(pg_current_snapshot())
            ) as is_pending,
            page.xid::text::bigint as xid, page.seq, page.user_id, page.job_id, "table", type, at,
            record, old_record
        from reader
        cross join event_retention as forgotten
        cross join newest
        left join lateral (
            select xid, seq, user_id, job_id, "table", type, at, record, old_record
            from change_events
            where (xid, seq) > (reader.xid, reader.seq)
                and xid < pg_snapshot_xmin(pg_current_snapshot())
            order by xid, seq
            limit %(limit)s
        ) as page on true
        order by page.xid, page.seq
        """,
        {
            "xid": str(position.xid) if position else None,
            "seq": position.seq if position else None,
            "limit": limit,
        },
    )
    return page_of(await rows.fetchall(), limit)
