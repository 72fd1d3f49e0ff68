"""Sealed letters from this worker to the functions."""

from uuid import uuid4

import httpx

from gpu_workers.runtime.settings import WorkerSettings
from gpu_workers.runtime.transport.clock import Clock
from shared.contracts import webhook_signature


def new_message_id() -> str:
    """A webhook-id. One letter keeps its own through every retry."""
    return f"msg_{uuid4().hex}"


class SignedClient:
    """Seals and sends."""

    def __init__(self, http: httpx.AsyncClient, settings: WorkerSettings, clock: Clock) -> None:
        self._http = http
        self._settings = settings
        self._clock = clock

    def sign(self, body: bytes, *, message_id: str) -> dict[str, str]:
        """The headers that seal the letter at this moment."""
        return webhook_signature.sign(
            self._settings.worker_key,
            worker_id=self._settings.worker_id,
            message_id=message_id,
            timestamp=int(self._clock.now()),
            body=body,
        )

    async def post(
        self, endpoint: str, body: bytes, *, message_id: str, traceparent: str | None = None
    ) -> httpx.Response:
        """Send a letter once; once more with the functions' time where they refuse its seal."""
        answer = await self._post(endpoint, body, message_id, traceparent)
        if answer.status_code == httpx.codes.UNAUTHORIZED and self._clock.correct(
            answer.headers.get("date")
        ):
            answer = await self._post(endpoint, body, message_id, traceparent)
        return answer

    async def _post(
        self, endpoint: str, body: bytes, message_id: str, traceparent: str | None
    ) -> httpx.Response:
        headers = {"content-type": "application/json", **self.sign(body, message_id=message_id)}
        if traceparent:
            headers["traceparent"] = traceparent
        url = self._settings.endpoint(endpoint)
        return await self._http.post(url, content=body, headers=headers)
