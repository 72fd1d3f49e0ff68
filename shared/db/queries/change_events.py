"""change_events: changes to a user's rows, read in commit order."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple
from uuid import UUID

from shared.contracts.events import ChangeType
from shared.db.connection import Connection

CHANNEL = "events"
"""NOTIFY channel. The payload is the user's id; for progress, the id, a space and its JSON."""


class Position(NamedTuple):
    """A reader's position: after the event with that ``xid`` and ``seq``."""

    xid: int
    seq: int


UNKNOWN_POSITION = Position(0, -1)
"""Before all events, so that a reader at this position counts as expired."""


@dataclass(frozen=True, slots=True)
class Reader:
    """The user whose events are read, and the position of the reader."""

    user_id: UUID
    job_id: UUID | None
    """None for the events of all jobs and other rows."""
    position: Position | None
    """None to get only a position to start from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A row of ``change_events``."""

    position: Position
    user_id: UUID
    job_id: UUID | None
    """Set for events of a job and of its assets."""
    table: str
    type: ChangeType
    at: datetime
    record: dict[str, Any] | None
    old_record: dict[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The next events of a reader."""

    events: list[Event]
    position: Position
    """Where to continue. Rows read after this query include all changes before it."""
    has_more: bool
    """More events can be read now."""
    has_uncommitted: bool
    """There are events that cannot be read yet, because an older transaction is open."""
    is_expired: bool
    """Events after the requested position were deleted, or the position is from another database.
    The page then has no events, and ``position`` is where to start again."""


async def read_page(connection: Connection, readers: Sequence[Reader], *, limit: int) -> list[Page]:
    """Return the next page of each reader, in their order and from one snapshot.

    An event is returned once no open transaction can commit an earlier one.
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
        )
        select
            reader.number,
            newest.xid::text::bigint as newest_xid,
            newest.seq as newest_seq,
            (reader.xid, reader.seq) < (forgotten.xid, forgotten.seq)
                or reader.xid >= pg_snapshot_xmax(pg_current_snapshot()) as is_lost,
            exists (
                select from change_events
                where user_id = reader.user_id and xid >= pg_snapshot_xmin(pg_current_snapshot())
            ) as is_pending,
            page.xid::text::bigint as xid, page.seq, page.user_id, page.job_id, "table", type, at,
            record, old_record
        from unnest(
            %(user_ids)s::uuid[], %(job_ids)s::uuid[], %(xids)s::text[]::xid8[], %(seqs)s::bigint[]
        ) with ordinality as reader (user_id, job_id, xid, seq, number)
        cross join event_retention as forgotten
        cross join newest
        left join lateral (
            select xid, seq, user_id, job_id, "table", type, at, record, old_record
            from change_events
            where user_id = reader.user_id
                and (reader.job_id is null or job_id = reader.job_id)
                and (xid, seq) > (reader.xid, reader.seq)
                and xid < pg_snapshot_xmin(pg_current_snapshot())
            order by xid, seq
            limit %(limit)s
        ) as page on true
        order by reader.number, page.xid, page.seq
        """,
        {
            "user_ids": [reader.user_id for reader in readers],
            "job_ids": [reader.job_id for reader in readers],
            "xids": [str(at.xid) if (at := reader.position) else None for reader in readers],
            "seqs": [at.seq if (at := reader.position) else None for reader in readers],
            "limit": limit,
        },
    )
    by_reader = groupby(await rows.fetchall(), key=itemgetter("number"))
    return [page_of(list(reader_rows), limit) for _, reader_rows in by_reader]


async def read_all(connection: Connection, position: Position | None, *, limit: int) -> Page:
    """Return the next page, as ``read_page`` does, of the events of all users.

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


def page_of(rows: list[dict[str, Any]], limit: int) -> Page:
    """Build a page from one reader's rows: at least one, without an event if there is none."""
    first = rows[0]
    is_lost = first["is_lost"] or False
    events = [_event(row) for row in rows if row["seq"] is not None and not is_lost]
    has_more = len(events) == limit
    return Page(
        events=events,
        position=events[-1].position
        if has_more
        else Position(first["newest_xid"], first["newest_seq"]),
        has_more=has_more,
        has_uncommitted=first["is_pending"],
        is_expired=is_lost,
    )


def _event(row: dict[str, Any]) -> Event:
    return Event(
        position=Position(row["xid"], row["seq"]),
        user_id=row["user_id"],
        job_id=row["job_id"],
        table=row["table"],
        type=row["type"],
        at=row["at"],
        record=row["record"],
        old_record=row["old_record"],
    )
