"""job_claims: all claims and their outcomes. CTEs of the statements in ``job_transitions``."""

from shared.db.queries.job_state_machine import Outcome

MADE = """
    made as (
        insert into job_claims (job_id, claim_id, attempt, worker_id)
        select id, claim_id, attempts, worker_id from changed where worker_id is not null
    )
"""
"""Record the current claim of the ``changed`` job."""

_ENDED = """
    ended as (
        update job_claims
        set ended_at = coalesce(ended_at, now()),
            outcome = case when job_claims.claim_id = spoken.claim_id then '{outcome}'
                else 'superseded' end
        from (
            select id, status, coalesce(%(claim_id)s, claim_id) as claim_id from changed
        ) as spoken
        where job_claims.job_id = spoken.id and (
            job_claims.claim_id = spoken.claim_id
                and (ended_at is null or '{outcome}' = 'completed')
            or job_claims.claim_id <> spoken.claim_id
                and ended_at is null and spoken.status not in ('queued', 'processing')
        )
    )
"""


def ended(outcome: Outcome) -> str:
    """Return the CTE that records the outcome of a claim of the ``changed`` job.

    The claim is ``claim_id`` or, without it, the job's current one. The first outcome is kept,
    except for a late completion. If the job has finished, its other open claims are superseded. A
    claim that is made at the same moment may stay open in this table, which is only a record.
    """
    return _ENDED.format(outcome=outcome)
