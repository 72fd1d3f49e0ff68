"""Download references and upload outputs by signed URL."""

import asyncio
from collections.abc import Sequence

import httpx

from gpu_workers.runtime.pipeline import PermanentError, ReferenceImage, RetryableError
from gpu_workers.runtime.transport.clock import Clock
from gpu_workers.runtime.transport.retry import RetryTimeoutError, retry_until
from shared.contracts.worker_protocol import ReferenceInput
from shared.telemetry import tracing

UPLOAD_SECONDS = 300
DOWNLOAD_SECONDS = 30


class Transfer:
    """Downloads and uploads by signed URL, with retries."""

    def __init__(self, http: httpx.AsyncClient, clock: Clock) -> None:
        self._http = http
        self._clock = clock

    async def put(self, url: str, content: bytes, headers: dict[str, str]) -> None:
        """Upload a file with exactly these headers.

        An object that exists already (412) is no error: the callback's check compares it.

        Raises:
            RetryableError: the upload was refused, or failed for 300 seconds.
        """
        try:
            response = await retry_until(
                lambda: self._http.put(url, content=content, headers=headers),
                until=self._clock.now() + UPLOAD_SECONDS,
                now=self._clock.now,
            )
        except RetryTimeoutError:
            raise RetryableError("upload_failed", "The result could not be stored.") from None
        if not (response.is_success or response.status_code == httpx.codes.PRECONDITION_FAILED):
            raise RetryableError("upload_failed", "The storage rejected the result.")

    async def try_put(self, url: str, content: bytes, headers: dict[str, str]) -> None:
        """Upload a file without a retry, for content that is soon out of date.

        Raises:
            httpx.HTTPError: the upload failed.
        """
        (await self._http.put(url, content=content, headers=headers)).raise_for_status()

    async def references(self, inputs: Sequence[ReferenceInput]) -> list[ReferenceImage]:
        """Download a job's reference images concurrently, in their order.

        Raises:
            PermanentError: one was deleted.
            RetryableError: one could not be downloaded within 30 seconds.
        """
        if not inputs:
            return []
        with tracing.span("fetch references", "client"):
            return await asyncio.gather(*map(self._reference, inputs))

    async def _reference(self, reference: ReferenceInput) -> ReferenceImage:
        try:
            response = await retry_until(
                lambda: self._http.get(reference.url),
                until=self._clock.now() + DOWNLOAD_SECONDS,
                now=self._clock.now,
            )
        except RetryTimeoutError:
            raise RetryableError(
                "reference_unavailable", "The reference could not be fetched."
            ) from None
        if response.status_code == httpx.codes.NOT_FOUND:
            raise PermanentError("reference_missing", "The reference is no longer there.")
        if not response.is_success:
            raise RetryableError("reference_unavailable", "The reference could not be fetched.")
        return ReferenceImage(reference.role, reference.type, response.content)
