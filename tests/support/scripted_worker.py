"""A worker that a test controls: it registers, receives messages and sends callbacks."""

import base64
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import google_crc32c
import httpx

from infra.local.config import keys
from shared.contracts import webhook_signature
from shared.contracts.worker_protocol import JobMessage
from tests.support.http import web
from tests.support.local_system import TIMEOUT_SECONDS, LocalSystem, wait_until

PICTURE = b"\x89PNG\r\n\x1a\n" + b"picture" * 20
THUMBNAIL = b"RIFFxxxxWEBP" + b"thumbnail" * 5
CHECKED_BY = {"kind": "classifier", "name": "by-hand"}
"""The check that approved the images."""


@contextmanager
def no_other_workers(system: LocalSystem, worker_type: str, *, key_id: str) -> Iterator[None]:
    """Within the context, jobs of that type go to no worker with another key."""
    others = system.rows(
        "update workers set is_active = false"
        " where is_active and worker_type = %s and key_id <> %s returning id",
        worker_type,
        key_id,
    )
    try:
        yield
    finally:
        ids = [row["id"] for row in others]
        system.rows("update workers set is_active = true where id = any(%s) returning id", ids)


class ScriptedWorker:
    """The holder of a worker's key, with a real HTTP server."""

    def __init__(self, system: LocalSystem, key_id: str = "demo") -> None:
        self.system = system
        self.key_id = key_id
        self.key = keys.worker_key(key_id)
        self.messages: dict[str, JobMessage] = {}
        self.deliveries: list[tuple[dict[str, str], bytes]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Stop the server."""
        self._server.shutdown()
        self._server.server_close()

    def register(self, worker_type: str = "sdxl", **more: object) -> httpx.Response:
        """Register the worker."""
        body = {
            "worker_type": worker_type,
            "worker_url": self.url,
            "worker_id": f"{self.key_id}-{worker_type}",
            **more,
        }
        return self.send("update-worker-url", body)

    def send(
        self,
        function: str,
        body: dict[str, Any],
        *,
        message_id: str | None = None,
        timestamp: float | None = None,
        key: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        """Send a signed request to a function."""
        content = json.dumps(body).encode()
        signature_headers = webhook_signature.sign(
            key or self.key,
            worker_id=self.key_id,
            message_id=message_id or f"msg_{uuid4().hex}",
            timestamp=int(timestamp or time.time()),
            body=content,
        )
        return web.post(
            f"{self.system.base}/functions/v1/{function}",
            content=content,
            headers={"content-type": "application/json", **signature_headers, **(headers or {})},
            timeout=TIMEOUT_SECONDS,
        )

    def message(self, job_id: str) -> JobMessage:
        """Wait for a job's message."""
        wait_until(lambda: job_id in self.messages, what=f"the message of {job_id}")
        return self.messages[job_id]

    def callback_body(
        self, job_id: str, claim_id: str, status: str, **more: object
    ) -> dict[str, Any]:
        """The body of a callback about a claim."""
        user = str(self.message(job_id).user_id)
        return {"jobId": job_id, "userId": user, "claimId": claim_id, "status": status, **more}

    def claim(self, job_id: str, claim_id: str, **more: object) -> httpx.Response:
        """Request a claim of the job."""
        number = {"dispatchNo": self.message(job_id).dispatch_no, **more}
        return self.send(
            "job-callback", self.callback_body(job_id, claim_id, "processing", **number)
        )

    def claimed(self, job_id: str) -> tuple[str, dict[str, Any]]:
        """Claim a job and return the claim's id and the response."""
        claim_id = str(uuid4())
        answer = self.claim(job_id, claim_id)
        assert answer.status_code == 200, answer.text
        assert answer.json()["proceed"] is True, answer.text
        return claim_id, answer.json()

    def expire_lease(self, job_id: str) -> None:
        """Expire the lease of a claimed job now."""
        self.system.rows(
            "update jobs set lease_until = now() - interval '1 s' where id = %s returning id",
            job_id,
        )

    def upload(self, claim: dict[str, Any], content: bytes = PICTURE) -> list[dict[str, Any]]:
        """Upload an image and a thumbnail to each upload target; return the assets to report."""
        return [self._upload(place, content) for place in claim["uploads"]]

    def complete(
        self,
        job_id: str,
        claim_id: str,
        assets: list[dict[str, Any]],
        message_id: str | None = None,
    ) -> httpx.Response:
        """Report the job as completed."""
        body = self.callback_body(
            job_id, claim_id, "completed", results={"assets": assets}, outputCheck=CHECKED_BY
        )
        return self.send("job-callback", body, message_id=message_id)

    def fail(self, job_id: str, claim_id: str, **failure: object) -> httpx.Response:
        """Report the job as failed."""
        return self.send(
            "job-callback",
            self.callback_body(
                job_id,
                claim_id,
                "failed",
                errorMessage="The model is not available.",
                failure={"code": "broken", **failure},
            ),
        )

    def finish(self, job_id: str, content: bytes = PICTURE) -> None:
        """Run a job from its claim to its completion."""
        claim_id, claim = self.claimed(job_id)
        answer = self.complete(job_id, claim_id, self.upload(claim, content))
        assert answer.status_code == 200, answer.text

    def asset(self, place: dict[str, Any], content: bytes = PICTURE) -> dict[str, Any]:
        """The report of an image at an upload target."""
        return {
            "assetType": "image",
            "assetIndex": place["assetIndex"],
            "tempStoragePath": place["path"],
            "thumbnailPath": place["thumbnailPath"],
            "fileSizeBytes": len(content),
            "mimeType": "image/png",
            "crc32c": crc32c(content),
            "width": 8,
            "height": 8,
            "seed": 7,
        }

    def _upload(self, place: dict[str, Any], content: bytes) -> dict[str, Any]:
        put = web.put(place["putUrl"], content=content, headers=place["headers"])
        assert put.status_code == 200, put.text
        put = web.put(
            place["thumbnailPutUrl"], content=THUMBNAIL, headers=place["thumbnailHeaders"]
        )
        assert put.status_code == 200, put.text
        return self.asset(place, content)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        worker = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                challenge = parse_qs(urlsplit(self.path).query)["challenge"][0]
                proof = webhook_signature.challenge_proof(
                    worker.key, worker_id=worker.key_id, challenge=challenge
                )
                self._answer({"status": "ok", "proof": proof})

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                worker.deliveries.append((headers, body))
                message = JobMessage.model_validate_json(body)
                worker.messages[str(message.job_id)] = message
                self._answer({"success": True})

            def _answer(self, content: dict[str, Any]) -> None:
                text = json.dumps(content).encode()
                self.send_response(200)
                self.send_header("content-length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_: object) -> None:
                pass

        return Handler


def crc32c(content: bytes) -> str:
    """The CRC32C checksum of the content, as Cloud Storage writes it."""
    return base64.b64encode(google_crc32c.Checksum(content).digest()).decode()


def upload_manifest_only(
    worker: ScriptedWorker, job: str, claim_id: str, claim: dict[str, Any], *, key: str
) -> list[dict[str, Any]]:
    """Upload everything, and leave the completed callback only in the bucket; return the assets."""
    assets = worker.upload(claim)
    body = httpx.Request(
        "POST",
        "http://x",
        json=worker.callback_body(
            job, claim_id, "completed", results={"assets": assets}, outputCheck=CHECKED_BY
        ),
    ).content
    headers = webhook_signature.sign(
        key, worker_id="demo", message_id="msg_manifest", timestamp=int(time.time()), body=body
    )
    put = web.put(
        claim["manifestPutUrl"],
        json={"headers": headers, "body": body.decode()},
        headers=claim["manifestHeaders"],
    )
    assert put.status_code == 200, put.text
    return assets
