"""Fake functions and fake storage for a worker: one HTTP transport with scripted responses.

The tests of the running system use the real ones. This fake covers responses that they cannot be
made to return.
"""

from datetime import UTC, datetime
from pathlib import PurePosixPath
from uuid import UUID

import httpx

from shared.contracts import webhook_signature
from shared.contracts.worker_protocol import (
    CallbackRequest,
    CallbackResponse,
    ReferenceInput,
    UploadTarget,
)

KEY = webhook_signature.new_key()
HOME = "http://functions.test"
REFUSED = {"success": False, "error": "No.", "code": "refused"}


class Neighbours:
    """The functions and the storage as one transport; records each callback and each upload."""

    def __init__(self) -> None:
        self.callbacks: list[CallbackRequest] = []
        self.message_ids: list[str] = []
        self.stored: dict[str, bytes] = {}
        self.answers: dict[str, list[httpx.Response]] = {}
        self.lost: list[str] = []
        self.images = 1
        self.references: list[ReferenceInput] = []
        self.reference = httpx.Response(200, content=b"picture")
        self.ended: set[UUID] = set()
        """Jobs whose next heartbeat is answered with "ended"."""
        self.previews: list[bytes] = []
        self.refusals: dict[str, int] = {}
        """HTTP status that storage answers an upload with instead of storing it, by file name."""

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        path = PurePosixPath(request.url.path)
        if request.method == "PUT":
            return self._put(path.name, request)
        if request.method == "GET":
            return self.reference
        self.message_ids.append(
            webhook_signature.verify(
                [KEY], request.headers, request.content, now=datetime.now(UTC).timestamp()
            )
        )
        callback = CallbackRequest.model_validate_json(request.content)
        self.callbacks.append(callback)
        kind = self.kind(callback)
        if kind == "heartbeat" and callback.job_id in self.ended:
            return httpx.Response(200, json={"message": "ended", "proceed": False})
        responses = self.answers.get(kind)
        return responses.pop(0) if responses else self._accept(callback)

    @property
    def kinds(self) -> list[str]:
        return [self.kind(callback) for callback in self.callbacks]

    @staticmethod
    def kind(callback: CallbackRequest) -> str:
        if callback.status != "processing":
            return callback.status
        return "claim" if callback.progress is None else "heartbeat"

    def _put(self, name: str, request: httpx.Request) -> httpx.Response:
        if name in self.refusals:
            return httpx.Response(self.refusals[name])
        if name == "preview.webp":
            self.previews.append(request.content)
            return httpx.Response(200)
        assert request.headers["x-goog-if-generation-match"] == "0"
        if self.lost and self.lost[0] == name:
            self.lost.pop(0)
            return httpx.Response(200)
        if name in self.stored:
            return httpx.Response(412)
        self.stored[name] = request.content
        return httpx.Response(200)

    def _accept(self, callback: CallbackRequest) -> httpx.Response:
        if callback.results and any(
            asset.temp_storage_path not in self.stored for asset in callback.results.assets
        ):
            return httpx.Response(409, json={**REFUSED, "code": "object_missing"})
        headers = {"content-type": "image/png", "x-goog-if-generation-match": "0"}
        answer = CallbackResponse(
            message="Callback accepted.",
            heartbeat_seconds=3600,
            uploads=[
                UploadTarget(
                    asset_index=index,
                    path=f"{index}.png",
                    put_url=f"{HOME}/store/{index}.png",
                    headers=headers,
                    thumbnail_path=f"{index}.webp",
                    thumbnail_put_url=f"{HOME}/store/{index}.webp",
                    thumbnail_headers=headers,
                )
                for index in reversed(range(self.images))
            ],
            manifest_put_url=f"{HOME}/store/manifest.json",
            manifest_headers=headers,
            preview_put_url=f"{HOME}/store/preview.webp",
            preview_headers={"content-type": "image/webp"},
            references=self.references,
        )
        return httpx.Response(200, content=answer.model_dump_json(by_alias=True))
