"""Running jobs that are almost complete, so that any kind of callback could affect them."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple
from uuid import uuid4

from shared.contracts import webhook_signature
from tests.support.local_system import LocalSystem, UserClient
from tests.support.scripted_worker import CHECKED_BY, ScriptedWorker
from tests.support.workspace import act

_STATE = """
    select md5(coalesce(string_agg(row_text, '' order by row_text), '')) as digest from (
        select (to_jsonb(jobs) - 'cleanup_after')::text as row_text from jobs
            where user_id = any(%(users)s::uuid[])
        union all select to_jsonb(workspace_assets)::text from workspace_assets
            where user_id = any(%(users)s::uuid[])
        union all select to_jsonb(user_library)::text from user_library
            where user_id = any(%(users)s::uuid[])
        union all select to_jsonb(credit_ledger)::text from credit_ledger
            where user_id = any(%(users)s::uuid[])
        union all select (to_jsonb(profiles))::text from profiles
            where id = any(%(users)s::uuid[])
        union all select to_jsonb(job_claims)::text from job_claims
            where job_id in (select id from jobs where user_id = any(%(users)s::uuid[]))
        union all select to_jsonb(job_progress)::text from job_progress
            where job_id in (select id from jobs where user_id = any(%(users)s::uuid[]))
    ) as rows
"""


class SignedCallback(NamedTuple):
    """A request to job-callback: a body and its signed headers."""

    body: bytes
    headers: dict[str, str]


class Victim(NamedTuple):
    """A user's job, claimed by a worker, with its files uploaded."""

    person: UserClient
    job_id: str
    claim_id: str
    dispatch_no: int
    assets: list[dict[str, Any]]

    def payload(self, status: str, **more: object) -> dict[str, Any]:
        """Return the fields of a callback about this job."""
        ids = {"jobId": self.job_id, "userId": self.person.id, "claimId": self.claim_id}
        return {**ids, "status": status, **more}

    def bodies(self) -> dict[str, dict[str, Any]]:
        """Return each kind of callback that the job's worker could send now."""
        failure = {"code": "broken"}
        return {
            "claim": self.payload("processing", dispatchNo=self.dispatch_no),
            "heartbeat": self.payload("processing", progress=0.5, step=1, steps=2),
            "completed": self.payload(
                "completed", results={"assets": self.assets}, outputCheck=CHECKED_BY
            ),
            "failed": self.payload("failed", errorMessage="No.", failure=failure),
            "sent back": self.payload("failed", failure={**failure, "retryable": True}),
            "handed back": self.payload(
                "failed", failure={**failure, "retryable": True, "requeue": True}
            ),
        }


def victim(person: UserClient, worker: ScriptedWorker) -> Victim:
    """Create a job, claim it and upload its files."""
    job_id = person.create_job()
    claim_id, claim = worker.claimed(job_id)
    assets = worker.upload(claim)
    return Victim(person, job_id, claim_id, worker.message(job_id).dispatch_no, assets)


@contextmanager
def victims(
    system: LocalSystem, worker: ScriptedWorker, *, people: int, jobs: int
) -> Iterator[list[Victim]]:
    """Create ``jobs`` such jobs for each of ``people`` users; at the end cancel those that run."""
    everybody = [UserClient(system) for _ in range(people)]
    made = [victim(person, worker) for person in everybody for _ in range(jobs)]
    yield made
    for one in made:
        act(one.person, "cancel_job", jobId=one.job_id)


def state(system: LocalSystem, victims: list[Victim]) -> str:
    """Return a digest of every row of these users."""
    with system.database() as connection:
        users = list({victim.person.id for victim in victims})
        found = connection.execute(_STATE.encode(), {"users": users}).fetchone()
    return str((found or {})["digest"])


def signed_callback(
    body: dict[str, Any] | bytes,
    key: str,
    *,
    worker_id: str = "demo",
    message_id: str | None = None,
    timestamp: float | None = None,
) -> SignedCallback:
    """Return a callback with a valid signature of this key."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = webhook_signature.sign(
        key,
        worker_id=worker_id,
        message_id=message_id or f"msg_{uuid4().hex}",
        timestamp=int(timestamp or time.time()),
        body=content,
    )
    return SignedCallback(content, headers)
