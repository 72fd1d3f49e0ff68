"""job_claims: every claim that was ever made, and how it ended. Parts of ``life``'s statements."""

from shared.db.queries.job_state_machine import Outcome

MADE = """
    made as (
        insert into job_claims (job_id, claim_id, attempt, worker_id)
        select id, claim_id, attempts, worker_id from changed where worker_id is not null
    )
"""
"""Record the claim under which the ``changed`` job runs now."""

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
    """Record how a claim of the ``changed`` job ended: ``claim_id``, or the one it runs under.

    The first word stands, but for a late completion. Where the job has ended with it, any other
    claim that is still open is superseded. One that is being made in that very moment stays open in
    this record, by which nothing is decided.
    """
    return _ENDED.format(outcome=outcome)
