"""Jobs that run and are almost done: whatever a letter could do to them, it could do now."""

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
    select md5(coalesce(string_agg(told, '' order by told), '')) as digest from (
        select (to_jsonb(jobs) - 'clean_after')::text as told from jobs
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
    """What is sent to job-callback: a body and its seal."""

    body: bytes
    headers: dict[str, str]


class Victim(NamedTuple):
    """A job of a user's, claimed by a worker, with its files uploaded."""

    person: UserClient
    job_id: str
    claim_id: str
    dispatch_no: int
    assets: list[dict[str, Any]]

    def told(self, status: str, **more: object) -> dict[str, Any]:
        """The fields of a callback about it."""
        ids = {"jobId": self.job_id, "userId": self.person.id, "claimId": self.claim_id}
        return {**ids, "status": status, **more}

    def bodies(self) -> dict[str, dict[str, Any]]:
        """Each kind of callback that its own worker could send now."""
        failure = {"code": "broken"}
        return {
            "claim": self.told("processing", dispatchNo=self.dispatch_no),
            "heartbeat": self.told("processing", progress=0.5, step=1, steps=2),
            "completed": self.told(
                "completed", results={"assets": self.assets}, outputCheck=CHECKED_BY
            ),
            "failed": self.told("failed", errorMessage="No.", failure=failure),
            "sent back": self.told("failed", failure={**failure, "retryable": True}),
            "handed back": self.told(
                "failed", failure={**failure, "retryable": True, "requeue": True}
            ),
        }


def victim(person: UserClient, worker: ScriptedWorker) -> Victim:
    """A new job, brought as far."""
    job_id = person.create_job()
    claim_id, claim = worker.claimed(job_id)
    assets = worker.upload(claim)
    return Victim(person, job_id, claim_id, worker.message(job_id).dispatch_no, assets)


@contextmanager
def victims(
    system: LocalSystem, worker: ScriptedWorker, *, people: int, jobs: int
) -> Iterator[list[Victim]]:
    """So many people with so many such jobs each; at the end those that run are cancelled."""
    everybody = [UserClient(system) for _ in range(people)]
    made = [victim(person, worker) for person in everybody for _ in range(jobs)]
    yield made
    for one in made:
        act(one.person, "cancel_job", jobId=one.job_id)


def state(system: LocalSystem, victims: list[Victim]) -> str:
    """A digest of every row of theirs."""
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
    """A letter with a good seal of that key."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = webhook_signature.sign(
        key,
        worker_id=worker_id,
        message_id=message_id or f"msg_{uuid4().hex}",
        timestamp=int(timestamp or time.time()),
        body=content,
    )
    return SignedCallback(content, headers)
