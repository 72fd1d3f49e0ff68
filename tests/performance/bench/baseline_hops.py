"""The baseline of a job: the same network hops, with almost no work at each end.

Three requests to the bare handler, where the functions would store, claim and complete; a task of
the real client through the queue; a picture and its thumbnail by signed URLs, then the manifest;
and a check of what was stored. They are sequential where a job's are.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from uuid import uuid4

import aiohttp
from yarl import URL

from shared.services import Services
from shared.storage.types import SignedUpload
from tests.performance.bench import http_client
from tests.support.local_system import LocalSystem, free_port

_PICTURE_BYTES = 5_000
_OK = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"


class Hops:
    """The hops of one job."""

    def __init__(
        self, services: Services, bare: http_client.Connection, http: aiohttp.ClientSession
    ) -> None:
        self._services, self._bare, self._http = services, bare, http
        self._port = free_port()
        self._arrived = asyncio.Event()

    async def walk(self, request: bytes) -> float:
        """Make all hops, and return the seconds from the first to the last."""
        bucket = self._services.settings.workspace_bucket
        paths = [f"{uuid4()}/{name}.png" for name in ("asset", "thumbnail", "manifest")]
        uploads = [
            await self._services.storage.sign_upload(
                bucket, path, seconds=60, content_type="image/png", max_bytes=_PICTURE_BYTES
            )
            for path in paths
        ]
        began = time.perf_counter()
        await self._bare.ask(request)
        await self._push()
        await self._bare.ask(request)
        await asyncio.gather(*(self._put(upload) for upload in uploads[:2]))
        await self._put(uploads[2])
        await asyncio.gather(
            *(self._services.storage.get_metadata(bucket, path) for path in paths[:2])
        )
        await self._bare.ask(request)
        return time.perf_counter() - began

    async def hear(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Receive a task, and respond at once."""
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
                await reader.readexactly(length)
                writer.write(_OK)
                self._arrived.set()

    async def _push(self) -> None:
        self._arrived.clear()
        url = f"http://127.0.0.1:{self._port}/jobs"
        await self._services.tasks.enqueue(
            "sdxl_queue", f"hop-{uuid4()}", url=url, headers={}, body=b"{}"
        )
        await self._arrived.wait()

    async def _put(self, upload: SignedUpload) -> None:
        content, url = b"x" * _PICTURE_BYTES, URL(upload.url, encoded=True)
        async with self._http.put(url, data=content, headers=upload.headers) as answer:
            answer.raise_for_status()

    @property
    def port(self) -> int:
        """The port for tasks."""
        return self._port


@contextlib.asynccontextmanager
async def opened(system: LocalSystem, bare_port: int) -> AsyncIterator[Hops]:
    """Open the hops' clients, over persistent connections."""
    services = Services(system.settings())
    # Their libraries are slow to import, and the bare handler closes connections that idle.
    _ = services.storage, services.tasks
    bare = await http_client.Connection.open(bare_port)
    async with aiohttp.ClientSession() as http:
        hops = Hops(services, bare, http)
        server = await asyncio.start_server(hops.hear, "127.0.0.1", hops.port)
        try:
            yield hops
        finally:
            server.close()
            bare.close()
            await services.close()
