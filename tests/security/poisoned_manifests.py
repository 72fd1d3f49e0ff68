"""Jobs whose lease has expired and whose worker left a manifest that cannot be used."""

import gzip
import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import httpx

from shared.contracts import webhook_signature
from shared.storage import paths
from tests.support.local_system import LocalSystem
from tests.support.scripted_worker import CHECKED_BY, PICTURE, THUMBNAIL, ScriptedWorker, crc32c

_PROFILE = "insert into profiles (id, token_balance) values (%(user)s, 0)"
_JOBS = """
    insert into jobs (
        id, user_id, job_type, status, queue, model_variant, format, quality, original_prompt,
        credits, parameters, attempts, dispatch_no, dispatched_at, worker_id, claim_id,
        lease_until, deadline_at, updated_at
    )
    select
        one.id, %(user)s, 'sdxl_image_fast', 'processing', 'sdxl_queue', 'sdxl', 'image', 'fast',
        'a star', 1, '{"prompt": "a star", "steps": 15, "guidanceScale": 6, "seed": 1}', 1, 1,
        now(), 'demo-sdxl', one.claim_id, now() - interval '1 hour', %(deadline)s,
        now() - interval '1 hour'
    from unnest(%(jobs)s::uuid[], %(claims)s::uuid[]) as one (id, claim_id)
"""
_CLAIMS = """
    insert into job_claims (job_id, claim_id, attempt, worker_id)
    select id, claim_id, 1, worker_id from jobs where user_id = %(user)s
"""
_LEDGER = """
    insert into credit_ledger (user_id, job_id, kind, amount, balance_after)
    select user_id, id, 'reserve', -1, 0 from jobs where user_id = %(user)s
"""
_THREADS = 4


@dataclass(frozen=True)
class PoisonedJobs:
    """Claimed jobs of one user, each with a poisoned manifest."""

    system: LocalSystem
    user_id: UUID
    job_ids: list[UUID]
    manifests: list[str]
    """The manifest name of each job."""

    def outcomes(self) -> list[tuple[str, str, list[str]]]:
        """Return each job's manifest name, its status and the kinds of its ledger entries."""
        query = """
            select id, status, array(
                select kind from credit_ledger where job_id = jobs.id order by created_at, kind
            ) as kinds
            from jobs where user_id = %s
        """
        rows = {row["id"]: row for row in self.system.rows(query, self.user_id)}
        found = [rows[job_id] for job_id in self.job_ids]
        return [
            (name, row["status"], row["kinds"])
            for name, row in zip(self.manifests, found, strict=True)
        ]

    def count(self, status: str) -> int:
        """Return how many jobs have that status."""
        query = "select count(*) from jobs where user_id = %s and status = %s"
        return int(self.system.value(query, self.user_id, status))

    def end(self) -> None:
        """Fail the jobs that are still open, directly in the database."""
        self.system.rows(
            "update jobs set status = 'failed', completed_at = now(), dispatched_at = null,"
            " cleanup_after = now() where user_id = %s and completed_at is null returning id",
            self.user_id,
        )


def poisoned_jobs(
    system: LocalSystem, worker: ScriptedWorker, manifests: list[str], *, is_past_deadline: bool
) -> PoisonedJobs:
    """Make a job for each of the named manifests, and upload all its objects."""
    user_id = uuid4()
    ids = [(uuid4(), uuid4()) for _ in manifests]
    values = {
        "user": user_id,
        "jobs": [job_id for job_id, _ in ids],
        "claims": [claim_id for _, claim_id in ids],
    }
    with ThreadPoolExecutor(_THREADS) as pool, httpx.Client(trust_env=False) as client:
        uploads = [
            pool.submit(_upload, client, system, worker, (user_id, *pair), name)
            for name, pair in zip(manifests, ids, strict=True)
        ]
        for upload in uploads:
            upload.result()
    moment = "now() - interval '1 minute'" if is_past_deadline else "now() + interval '5 minutes'"
    with system.database() as connection:
        for statement in (_PROFILE, _JOBS.replace("%(deadline)s", moment), _CLAIMS, _LEDGER):
            connection.execute(statement.encode(), values)
    return PoisonedJobs(system, user_id, [job_id for job_id, _ in ids], manifests)


_VALUES: dict[str, tuple[str, str]] = {
    "a seed past bigint": ("seed", str(2**63)),
    "a seed past the seeds": ("seed", str(2**40)),
    "a width past integer": ("width", str(2**31)),
    "a height past integer": ("height", str(2**40)),
    "a duration past real": ("durationSeconds", "1e39"),
    "a duration below real": ("durationSeconds", "1e-50"),
    "an endless duration": ("durationSeconds", "1e999"),
    "a size past bigint": ("fileSizeBytes", str(2**63)),
    "NaN in the settings": ("generationSettings", '{"a": NaN}'),
    "infinity in the settings": ("generationSettings", '{"a": [{"b": -Infinity}]}'),
    "NUL in the settings": ("generationSettings", r'{"a": {"b": ["\u0000"]}}'),
    "NUL in a key": ("generationSettings", r'{"a": {"b\u0000": 1}}'),
    "a surrogate in the settings": ("generationSettings", r'{"a": "\ud800"}'),
    "large settings": ("generationSettings", json.dumps({"a": [1e308] * 1000})),
    "NUL in the type": ("mimeType", r'"image/png\u0000"'),
}
"""A field of a completed callback's asset and its value as JSON, by manifest name."""

_UNSIGNED = {
    "nothing": b"",
    "no JSON": b"{" * 100,
    "no UTF-8": b'{"headers": {}, "body": "\xff\xfe"}',
    "nested": b"[" * 100_000,
}
MANIFESTS = [*_VALUES, *_UNSIGNED, "huge", "not signed", "packed", "packed badly"]
"""The names of all manifests."""


def _manifest(worker: ScriptedWorker, name: str, ids: tuple[UUID, UUID, UUID]) -> bytes:
    user_id, job_id, claim_id = ids
    field, value = _VALUES.get(name, ("seed", "7"))
    asset = {
        "assetType": "image",
        "tempStoragePath": paths.asset(*ids, 0, "image/png"),
        "thumbnailPath": paths.asset_thumbnail(*ids, 0),
        "fileSizeBytes": len(PICTURE),
        "mimeType": "image/png",
        "crc32c": crc32c(PICTURE),
        field: "POISON",
    }
    body: dict[str, Any] = {
        "jobId": str(job_id),
        "userId": str(user_id),
        "claimId": str(claim_id),
        "status": "completed",
        "results": {"assets": [asset]},
        "outputCheck": CHECKED_BY,
    }
    content = json.dumps(body).replace('"POISON"', value).encode()
    headers = webhook_signature.sign(
        worker.key,
        worker_id=worker.key_id,
        message_id=f"msg_{job_id}",
        timestamp=int(time.time()),
        body=content,
    )
    signed = json.dumps({"headers": headers, "body": content.decode()}).encode()
    match name:
        case "huge":
            return b" " * 2_000_000 + signed
        case "not signed":
            return json.dumps({"headers": {}, "body": content.decode()}).encode()
        case "packed":
            return gzip.compress(signed + b" " * 20_000_000, 1)
        case "packed badly":
            return b"\x1f\x8b" + signed
        case _:
            return _UNSIGNED.get(name, signed)


def _upload(
    client: httpx.Client,
    system: LocalSystem,
    worker: ScriptedWorker,
    ids: tuple[UUID, UUID, UUID],
    manifest: str,
) -> None:
    encoding = {"contentEncoding": "gzip"} if manifest.startswith("packed") else {}
    objects: list[tuple[str, bytes, dict[str, str]]] = [
        (paths.asset(*ids, 0, "image/png"), PICTURE, {"contentType": "image/png"}),
        (paths.asset_thumbnail(*ids, 0), THUMBNAIL, {"contentType": "image/webp"}),
        (paths.manifest(*ids), _manifest(worker, manifest, ids), encoding),
    ]
    url = f"http://127.0.0.1:{system.ports()['storage']}/upload/storage/v1/b/workspace-temp/o"
    for path, content, properties in objects:
        boundary = uuid4().hex
        head = f"--{boundary}\r\ncontent-type: application/json\r\n\r\n{json.dumps(properties)}"
        answer = client.post(
            url,
            params={"uploadType": "multipart", "name": path},
            content=f"{head}\r\n--{boundary}\r\n\r\n".encode()
            + content
            + f"\r\n--{boundary}--".encode(),
            headers={"content-type": f"multipart/related; boundary={boundary}"},
        )
        assert answer.status_code == 200, answer.text
