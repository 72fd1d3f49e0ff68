"""Previews of a running job, uploaded to a URL that may be overwritten."""

import asyncio
import io
import time
from collections.abc import Callable

import httpx
from PIL import Image

from gpu_workers.runtime import log
from gpu_workers.runtime.jobs.progress import Progress
from gpu_workers.runtime.transport.signed_urls import Transfer
from shared.contracts.worker_protocol import CallbackResponse

MIN_SECONDS_BETWEEN = 1.0
"""Between two previews of one job."""
MAX_SIDE = 128
"""Pixels of the longer side: a preview shows the composition, not the details."""


class Preview:
    """One job's previews. Created in the event loop; ``show`` is called in another thread."""

    def __init__(
        self,
        transfer: Transfer,
        claim: CallbackResponse,
        progress: Progress,
        passes: Callable[[Image.Image], bool],
    ) -> None:
        """Start without a preview.

        Args:
            transfer: the client that uploads.
            claim: holds the URL and the headers of the upload; without a URL nothing is sent.
            progress: notes that a preview is stored.
            passes: returns whether a picture may be shown.
        """
        self._transfer = transfer
        self._progress = progress
        self._passes = passes
        self._url = claim.preview_put_url
        self._headers = claim.preview_headers
        self._loop = asyncio.get_running_loop()
        self._next = time.monotonic() + MIN_SECONDS_BETWEEN
        self._putting: asyncio.Task[None] | None = None

    def show(self, picture: Callable[[], Image.Image]) -> None:
        """Draw and send a preview if one is due and the previous one has been sent."""
        sending = self._putting is not None and not self._putting.done()
        if self._url is None or sending or time.monotonic() < self._next:
            return
        self._next = time.monotonic() + MIN_SECONDS_BETWEEN
        drawn = picture()
        if self._passes(drawn):
            self._loop.call_soon_threadsafe(self._send, self._url, encode(drawn))

    def end(self) -> None:
        """Stop sending previews and cancel an upload in progress: the job has ended."""
        self._url = None
        if self._putting is not None:
            self._putting.cancel()

    def _send(self, url: str, content: bytes) -> None:
        if self._url is not None:
            self._putting = asyncio.create_task(self._put(url, content))

    async def _put(self, url: str, content: bytes) -> None:
        try:
            await self._transfer.try_put(url, content, self._headers)
        except httpx.HTTPError:
            log.event("preview not stored", severity="WARNING")
        else:
            self._progress.shown = True


def encode(picture: Image.Image) -> bytes:
    """Return the picture as a WebP of at most ``MAX_SIDE`` pixels a side."""
    small = picture.convert("RGB")
    small.thumbnail((MAX_SIDE, MAX_SIDE))
    file = io.BytesIO()
    small.save(file, "WEBP", quality=60, method=0)
    return file.getvalue()
