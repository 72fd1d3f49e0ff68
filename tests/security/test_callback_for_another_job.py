"""Callbacks with ids of two jobs: they complete, claim and extend neither."""

import itertools
from typing import Any
from uuid import uuid4

import httpx

from tests.security import concurrency
from tests.security.running_jobs import Victim, signed_callback, state, victims
from tests.security.tally import Corpora, Tally
from tests.support.local_system import LocalSystem
from tests.support.scripted_worker import ScriptedWorker

_REFUSED = {403, 404, 409, 422}


def _mixed(targets: list[Victim], corpora: Corpora) -> list[tuple[str, dict[str, Any]]]:
    """Return callbacks whose job, user, claim and files belong to one job but for at least one."""
    cases = []
    for job, user, claim, files in itertools.product(targets, repeat=4):
        if job is claim is files and user.person is job.person:
            continue
        ids = {
            "jobId": job.job_id,
            "userId": user.person.id,
            "claimId": claim.claim_id,
        }
        if job is claim and user.person is job.person:
            kinds = {"completed": files.bodies()["completed"]}  # only the files are of another job
        else:
            kinds = files.bodies()
        cases += [(kind, {**body, **ids}) for kind, body in kinds.items()]
    return corpora.some(cases, short=100)


def test_no_callback_that_mixes_two_jobs_is_accepted(
    bare: LocalSystem, hand_worker: ScriptedWorker, corpora: Corpora, tally: Tally
) -> None:
    with victims(bare, hand_worker, people=2, jobs=2) as targets:
        before = state(bare, targets)
        mixed = _mixed(targets, corpora)

        def send(client: httpx.Client, one: tuple[str, dict[str, Any]]) -> None:
            callback = signed_callback(one[1], hand_worker.key)
            headers = {"content-type": "application/json", **callback.headers}
            url = f"{bare.base}/functions/v1/job-callback"
            answer = client.post(url, content=callback.body, headers=headers)
            tally.answered(one[0], answer, _REFUSED)

        concurrency.each(mixed, send)
        tally.refused("the rows have changed", is_refused=state(bare, targets) == before)


def test_ids_of_no_accessible_row_are_404_or_403(
    bare: LocalSystem, hand_worker: ScriptedWorker, corpora: Corpora, tally: Tally
) -> None:
    with victims(bare, hand_worker, people=1, jobs=1) as (target,):
        before = state(bare, [target])
        for _ in range(corpora.size(20, short=2)):
            for kind, body in target.bodies().items():
                for name in ("jobId", "userId", "claimId"):
                    if (kind, name) == ("claim", "claimId"):
                        continue  # the worker may choose it
                    answer = hand_worker.send("job-callback", {**body, name: str(uuid4())})
                    tally.answered(f"{kind}, another {name}", answer, _REFUSED)
        tally.refused("the rows have changed", is_refused=state(bare, [target]) == before)


def test_a_claim_of_one_job_is_no_claim_of_another(
    bare: LocalSystem, hand_worker: ScriptedWorker, corpora: Corpora, tally: Tally
) -> None:
    """A claim id identifies one claim: used for a second job, it must not connect the two."""
    with victims(bare, hand_worker, people=1, jobs=1) as (target,):
        for _ in range(corpora.size(4, short=1)):
            other = target.person.create_job()
            answer = hand_worker.claim(other, target.claim_id)
            tally.answered("a claim's id for another job", answer, {403, 409})
            assert (
                hand_worker.system.value(
                    "select count(*) from job_claims where claim_id = %s", target.claim_id
                )
                == 1
            )
