"""Export and erase one user's rows."""

from typing import Any, LiteralString
from uuid import UUID

from psycopg.rows import scalar_row

from shared.db.connection import Connection

KNOWN: dict[str, LiteralString] = {
    "profiles": "select * from profiles where id = %(user_id)s",
    "user_roles": "select * from user_roles where user_id = %(user_id)s",
    "jobs": "select * from jobs where user_id = %(user_id)s order by created_at",
    "workspace_assets": """
        select * from workspace_assets where user_id = %(user_id)s order by created_at
        """,
    "user_library": "select * from user_library where user_id = %(user_id)s order by created_at",
    "user_collections": """
        select * from user_collections where user_id = %(user_id)s order by created_at
        """,
    "conversations": "select * from conversations where user_id = %(user_id)s order by created_at",
    "messages": """
        select messages.* from messages join conversations on conversations.id = conversation_id
        where user_id = %(user_id)s order by conversation_id, seq
        """,
    "workspace_sessions": """
        select * from workspace_sessions where user_id = %(user_id)s order by created_at
        """,
    "workspace_items": """
        select * from workspace_items where user_id = %(user_id)s order by created_at
        """,
    "credit_ledger": "select * from credit_ledger where user_id = %(user_id)s order by created_at",
    "usage_logs": "select * from usage_logs where user_id = %(user_id)s order by created_at",
    "safety_decisions": """
        select * from safety_decisions where user_id = %(user_id)s order by created_at
        """,
}
"""Tables of an export. Other rows that name a user repeat one of these for a day."""

ERASED: dict[str, LiteralString] = {
    "workspace_items": "delete from workspace_items where user_id = %(user_id)s",
    "workspace_sessions": "delete from workspace_sessions where user_id = %(user_id)s",
    "workspace_assets": "delete from workspace_assets where user_id = %(user_id)s",
    "user_library": "delete from user_library where user_id = %(user_id)s",
    "user_collections": "delete from user_collections where user_id = %(user_id)s",
    "discarded_assets": "delete from discarded_assets where user_id = %(user_id)s",
    "deleted_library_assets": "delete from deleted_library_assets where user_id = %(user_id)s",
    "unfinished_copies": "delete from unfinished_copies where user_id = %(user_id)s",
    "conversations": "delete from conversations where user_id = %(user_id)s",
    "idempotency_keys": "delete from idempotency_keys where user_id = %(user_id)s",
    "event_tickets": "delete from event_tickets where user_id = %(user_id)s",
    "rate_buckets": "delete from rate_buckets where user_id = %(user_id)s",
    "user_roles": "delete from user_roles where user_id = %(user_id)s",
    "job_progress": """
        delete from job_progress using jobs where jobs.id = job_id and user_id = %(user_id)s
        """,
    "user_queues": """
        delete from user_queues where user_id = %(user_id)s and waiting = 0 and running = 0
        """,
    # The ledger refers to the job and to the profile, and is never changed: both stay, empty.
    "jobs": """
        update jobs
        set original_prompt = '', enhanced_prompt = null, error_message = null, metadata = '{}',
            parameters = '{}', reference_roles = '{}', project_id = null, video_id = null,
            image_id = null, traceparent = null
        where user_id = %(user_id)s and status in ('completed', 'failed', 'cancelled')
            and original_prompt <> ''
        """,
    "profiles": """
        update profiles set username = null, age_confirmed_at = null, subscription_status = null
        where id = %(user_id)s
            and num_nonnulls(username, age_confirmed_at, subscription_status) > 0
        """,
    "safety_decisions": "update safety_decisions set user_id = null where user_id = %(user_id)s",
    # Last, since the statements above write events too.
    "change_events": "delete from change_events where user_id = %(user_id)s",
}
"""Statements of an erasure, in this order."""

KEPT = frozenset({"credit_ledger", "usage_logs"})
"""Tables that are kept, for accounting: amounts, times and ids, no texts or images."""


async def read(connection: Connection, user_id: UUID) -> dict[str, list[dict[str, Any]]]:
    """Return all rows of the tables of KNOWN, by table."""
    rows_by_table = {}
    for table, query in KNOWN.items():
        rows = await connection.execute(query, {"user_id": user_id})
        rows_by_table[table] = await rows.fetchall()
    return rows_by_table


async def open_jobs(connection: Connection, user_id: UUID) -> list[UUID]:
    """Return the ids of the user's unfinished jobs."""
    rows = connection.cursor(row_factory=scalar_row)
    await rows.execute(
        "select id from jobs where user_id = %(user_id)s and status in ('queued', 'processing')",
        {"user_id": user_id},
    )
    return await rows.fetchall()


async def erase(connection: Connection, user_id: UUID) -> dict[str, int]:
    """Run the statements of ERASED; return the number of changed rows by table."""
    counts = {}
    for table, statement in ERASED.items():
        rows = await connection.execute(statement, {"user_id": user_id})
        counts[table] = rows.rowcount
    return counts
