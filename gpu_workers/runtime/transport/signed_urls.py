"""Signed URLs: references come in by them, and finished files go out."""

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
    """Gets and puts, each tried until it is answered."""

    def __init__(self, http: httpx.AsyncClient, clock: Clock) -> None:
        self._http = http
        self._clock = clock

    async def put(self, url: str, content: bytes, headers: dict[str, str]) -> None:
        """Upload with exactly these headers.

        A file that is already there (412) is left to the callback's check, which compares it.

        Raises:
            RetryableError: the file could not be uploaded.
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
            raise RetryableError("upload_failed", "The store refused the result.")

    async def try_put(self, url: str, content: bytes, headers: dict[str, str]) -> None:
        """Upload what is soon out of date.

        Raises:
            httpx.HTTPError: it was not taken.
        """
        (await self._http.put(url, content=content, headers=headers)).raise_for_status()

    async def references(self, wanted: Sequence[ReferenceInput]) -> list[ReferenceImage]:
        """Download the pictures to start from, all at once.

        Raises:
            PermanentError: one is gone.
            RetryableError: one cannot be had at present.
        """
        if not wanted:
            return []
        with tracing.span("fetch references", "client"):
            return await asyncio.gather(*map(self._reference, wanted))

    async def _reference(self, wanted: ReferenceInput) -> ReferenceImage:
        try:
            response = await retry_until(
                lambda: self._http.get(wanted.url),
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
        return ReferenceImage(wanted.role, wanted.type, response.content)
