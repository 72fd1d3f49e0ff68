"""A job's history, read from the tables, to explain a fault."""

from typing import Any

from tests.support.local_system import LocalSystem

_JOB = """
    select created_at as at, 'job' as what, to_jsonb(jobs)
        - '{parameters,metadata,original_prompt,traceparent}'::text[] as details
    from jobs where id = %(id)s
    union all
    select created_at, 'claimed', jsonb_build_object('claim', claim_id, 'attempt', attempt)
    from job_claims where job_id = %(id)s
    union all
    select ended_at, 'claim ended', jsonb_build_object('claim', claim_id, 'outcome', outcome)
    from job_claims where job_id = %(id)s and ended_at is not null
    union all
    select created_at, 'account', jsonb_build_object('kind', kind, 'amount', amount)
    from credit_ledger where job_id = %(id)s
    union all
    select created_at, 'asset', jsonb_build_object('index', asset_index, 'path', temp_storage_path)
    from workspace_assets where job_id = %(id)s
"""
_EVENTS = """
    union all
    select at, 'event', jsonb_build_object('id', xid || '-' || seq, 'type', type, 'status',
        record ->> 'status', 'attempts', record -> 'attempts')
    from change_events where "table" = 'jobs' and record ->> 'id' = %(id)s::text
"""


def history(system: LocalSystem, job_id: str) -> str:
    """Return the job's history, oldest first, one line for each event."""
    with system.database() as connection:
        found = connection.execute("select to_regclass('change_events') is not null as kept")
        kept: dict[str, Any] = found.fetchone() or {}
        query = f"{_JOB}{_EVENTS if kept['kept'] else ''} order by at"
        rows = connection.execute(query.encode(), {"id": job_id}).fetchall()
    lines = [f"  {row['at']:%H:%M:%S.%f} {row['what']}: {row['details']}" for row in rows]
    return "\n".join([f"Job {job_id}:", *lines])
