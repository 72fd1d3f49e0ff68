"""Decode and re-encode untrusted images in a separate process that can be killed.

Only pixels survive. Metadata, bytes after the end, and the declared type are discarded.
"""

import asyncio
import contextlib
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from uuid import UUID

from shared.errors import InvalidRequestError, ServiceUnavailableError
from shared.storage.images.decoder_protocol import LENGTH, READY, RESPONSE
from shared.storage.images.decoder_queue import PictureQueue
from shared.telemetry.logs import logger

MAX_CPU_SECONDS = 10.0
"""CPU time of one picture. The most expensive pictures within the limits of ``structure`` take
about 1 s on one core of 2.8 GHz."""

MAX_SECONDS = 40.0
"""Wall-clock time of one picture, in case the decoder hangs without using CPU time."""

_ROOT = Path(__file__).parents[3]
_PIPE_BYTES = 1024 * 1024


class Pictures:
    """Decodes one picture at a time, since the largest takes 650 MiB."""

    def __init__(
        self, queue: PictureQueue | None = None, *, max_cpu_seconds: float = MAX_CPU_SECONDS
    ) -> None:
        self._queue = queue or PictureQueue()
        self._max_cpu_seconds = max_cpu_seconds
        self._turn = asyncio.Lock()
        self._process: Process | None = None

    def place(self, user_id: UUID) -> AbstractAsyncContextManager[None]:
        """Return a place in the queue; see ``PictureQueue.place``."""
        return self._queue.place(user_id)

    async def sanitize_image(self, content: bytes) -> bytes:
        """Return a picture as a PNG in RGB, upright, on white, without metadata.

        Raises:
            InvalidRequestError: The file is not a complete PNG, JPEG or WebP, exceeds a limit, or
                takes longer to decode than ``max_cpu_seconds``.
            ServiceUnavailableError: The decoder cannot be started.
        """
        async with self._turn:
            process = await self._running()
            try:
                async with asyncio.timeout(MAX_SECONDS):
                    status, body = await _exchange(process, content)
            except TimeoutError:
                await self._end()
                raise _too_slow() from None
            except (asyncio.IncompleteReadError, ConnectionError):
                raise _failure(await process.wait()) from None
            except BaseException:
                await self._end()
                raise
        if status:
            raise InvalidRequestError(body.decode())
        return body

    async def close(self) -> None:
        """End the decoder's process."""
        async with self._turn:
            await self._end()

    async def _running(self) -> Process:
        """Return the decoder's process; start it if it is not running."""
        if self._process and self._process.returncode is None:
            return self._process
        # This process's environment holds secrets and is not passed on. `-S`: the path is complete.
        environment = {"PYTHONPATH": os.pathsep.join(sys.path), "MALLOC_ARENA_MAX": "1"}
        command = ["-S", "-m", "shared.storage.images.decoder", str(self._max_cpu_seconds)]
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            *command,
            stdin=PIPE,
            stdout=PIPE,
            limit=_PIPE_BYTES,
            cwd=_ROOT,
            env=environment,
        )
        try:
            async with asyncio.timeout(MAX_SECONDS):
                await _pipes(self._process)[1].readexactly(len(READY))
        except (TimeoutError, asyncio.IncompleteReadError):
            await self._end()
            logger.error("the picture decoder did not start")
            raise ServiceUnavailableError("Images cannot be processed at the moment.") from None
        except BaseException:
            await self._end()
            raise
        return self._process

    async def _end(self) -> None:
        if self._process:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
            self._process = None


async def _exchange(process: Process, content: bytes) -> tuple[int, bytes]:
    requests, responses = _pipes(process)
    requests.write(LENGTH.pack(len(content)))
    requests.write(content)
    await requests.drain()
    status, length = RESPONSE.unpack(await responses.readexactly(RESPONSE.size))
    return status, await responses.readexactly(length)


def _pipes(process: Process) -> tuple[asyncio.StreamWriter, asyncio.StreamReader]:
    if process.stdin is None or process.stdout is None:
        raise TypeError("the decoder was started without pipes")
    return process.stdin, process.stdout


def _failure(return_code: int) -> InvalidRequestError | ServiceUnavailableError:
    """Return the error for a process that ended while it decoded."""
    if return_code == -signal.SIGPROF:
        return _too_slow()
    logger.warning("the picture decoder ended with %d", return_code)
    if return_code == -signal.SIGKILL:  # by the system, out of memory
        return ServiceUnavailableError("Images cannot be processed at the moment; try again.")
    return InvalidRequestError("This picture cannot be decoded; save it again first.")


def _too_slow() -> InvalidRequestError:
    return InvalidRequestError("This picture takes too long to decode; save it again first.")
