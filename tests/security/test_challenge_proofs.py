"""A worker's proof of its key, used as the signature of a message."""

import json
import time
from typing import Any
from uuid import uuid4

import pytest

from shared.contracts import webhook_signature
from tests.security.tally import Corpora, Tally
from tests.support.http import web
from tests.support.local_system import LocalSystem, UserClient
from tests.support.scripted_worker import CHECKED_BY, ScriptedWorker
from tests.support.sweep import Sweep

_PREFIXES = ("msg_1", "x", "", "\n", "ourvidz-challenge", "v1", "demo\nmsg_1")


def _proof(worker: ScriptedWorker, challenge: str) -> str:
    """Request a proof as anyone can: GET /healthz needs no credential."""
    answer = web.get(f"{worker.url}/healthz", params={"challenge": challenge})
    proof: str = answer.json()["proof"]
    return proof


def _message_ids(worker: ScriptedWorker, prefix: str) -> list[str]:
    """Return message ids that complete the text which is signed for a challenge."""
    return [
        prefix,
        "msg_1",
        worker.key_id,
        f"{worker.key_id}\n{prefix}",
        f"ourvidz-challenge\n{worker.key_id}\n{prefix}",
    ]


def _forged(worker: ScriptedWorker, message_id: str, proof: str, timestamp: int) -> dict[str, str]:
    return {
        webhook_signature.ID_HEADER: message_id,
        webhook_signature.TIMESTAMP_HEADER: str(timestamp),
        webhook_signature.SIGNATURE_HEADER: f"v1,{proof}",
        webhook_signature.WORKER_HEADER: worker.key_id,
    }


def test_no_proof_signs_a_request(
    bare: LocalSystem,
    hand_worker: ScriptedWorker,
    person: UserClient,
    corpora: Corpora,
    tally: Tally,
) -> None:
    job_id = person.create_job()
    claim = hand_worker.callback_body(job_id, str(uuid4()), "processing", dispatchNo=1)
    registration = {"worker_url": "http://127.0.0.1:9", "worker_id": "demo-sdxl", "models": []}
    requests: list[tuple[str, dict[str, Any]]] = [
        ("job-callback", claim),
        ("update-worker-url", {**registration, "worker_type": "sdxl"}),
        ("register-chat-worker", registration),
        ("enhance-prompt", {"prompt": "a boat"}),
    ]
    timestamp = int(time.time())
    for prefix in corpora.some(_PREFIXES, short=3):
        for function, body in requests:
            content = json.dumps(body)
            proof = _proof(hand_worker, f"{prefix}.{timestamp}.{content}")
            for message_id in _message_ids(hand_worker, prefix):
                if not message_id.isprintable():
                    continue  # no HTTP header can hold it; a manifest's can
                answer = web.post(
                    f"{bare.base}/functions/v1/{function}",
                    content=content,
                    headers={
                        "content-type": "application/json",
                        **_forged(hand_worker, message_id, proof, timestamp),
                    },
                )
                tally.answered(f"{message_id!r} at {function}", answer, {401})
    assert person.status(job_id) == "queued"


@pytest.mark.parametrize("prefix", _PREFIXES)
def test_no_proof_signs_a_manifest(
    hand_worker: ScriptedWorker,
    person: UserClient,
    sweep: Sweep,
    tally: Tally,
    prefix: str,
) -> None:
    """A manifest's headers are JSON, so they can contain line breaks."""
    job_id = person.create_job()
    claim_id, claim = hand_worker.claimed(job_id)
    results = {"assets": hand_worker.upload(claim)}
    body = json.dumps(
        hand_worker.callback_body(
            job_id, claim_id, "completed", results=results, outputCheck=CHECKED_BY
        )
    )
    timestamp = int(time.time())
    proof = _proof(hand_worker, f"{prefix}.{timestamp}.{body}")
    message_id = f"ourvidz-challenge\n{hand_worker.key_id}\n{prefix}"
    manifest = {"headers": _forged(hand_worker, message_id, proof, timestamp), "body": body}
    put = web.put(claim["manifestPutUrl"], json=manifest, headers=claim["manifestHeaders"])
    assert put.status_code == 200, put.text

    hand_worker.expire_lease(job_id)
    sweep()
    tally.refused(f"{message_id!r} in a manifest", is_refused=person.status(job_id) == "queued")
