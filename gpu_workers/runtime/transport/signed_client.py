"""HTTP client that signs requests to the functions."""

from uuid import uuid4

import httpx

from gpu_workers.runtime.settings import WorkerSettings
from gpu_workers.runtime.transport.clock import Clock
from shared.contracts import webhook_signature


def new_message_id() -> str:
    """Return a new webhook-id. A message keeps its id through every retry."""
    return f"msg_{uuid4().hex}"


class SignedClient:
    """Signs messages with the worker's key and posts them."""

    def __init__(self, http: httpx.AsyncClient, settings: WorkerSettings, clock: Clock) -> None:
        self._http = http
        self._settings = settings
        self._clock = clock

    def sign(self, body: bytes, *, message_id: str) -> dict[str, str]:
        """Return the signature headers of a message, with the current time."""
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
        """Post a message; after a 401, correct the clock and post it once more.

        Args:
            endpoint: the name of the function.
            body: the JSON body.
            message_id: the webhook-id.
            traceparent: the trace header, if any.

        Returns:
            The response, whatever its status.

        Raises:
            httpx.HTTPError: no response came.
        """
        response = await self._post(endpoint, body, message_id, traceparent)
        if response.status_code == httpx.codes.UNAUTHORIZED and self._clock.correct(
            response.headers.get("date")
        ):
            response = await self._post(endpoint, body, message_id, traceparent)
        return response

    async def _post(
        self, endpoint: str, body: bytes, message_id: str, traceparent: str | None
    ) -> httpx.Response:
        headers = {"content-type": "application/json", **self.sign(body, message_id=message_id)}
        if traceparent:
            headers["traceparent"] = traceparent
        url = self._settings.endpoint(endpoint)
        return await self._http.post(url, content=body, headers=headers)
