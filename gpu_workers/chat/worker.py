"""Chat worker: models, queue, generation and drain."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

from gpu_workers.chat import served_models
from gpu_workers.chat.errors import (
    ApiError,
    broken,
    draining,
    frames,
    queue_full,
    unavailable,
    unknown_model,
)
from gpu_workers.chat.generation import Generation
from gpu_workers.chat.requests import ChatRequest
from gpu_workers.chat.sampling import sampling
from gpu_workers.chat.served_models import ServedModel, Voices
from gpu_workers.runtime import log
from gpu_workers.runtime.settings import ChatSettings

_SHUTDOWN_GRACE_SECONDS = 5
"""For a cancelled reply to reach its next token."""


class ChatWorker:
    """Generates one reply at a time; a few requests wait, first come, first served.

    Args:
        settings: the models, the queue size and the limits.
        load: loads the models; called in the inference thread.
    """

    def __init__(
        self, settings: ChatSettings, load: Callable[[ChatSettings], Voices] = served_models.load
    ) -> None:
        self.settings = settings
        self._load = load
        self.draining = False
        self._voices: Voices = {}
        self._inference = ThreadPoolExecutor(1, "inference")
        # Tokenizing a long prompt need not wait for the running reply.
        self._reading = ThreadPoolExecutor(1, "reading")
        self._replies: dict[Generation, asyncio.Task[None]] = {}
        self._turn = asyncio.Lock()

    @property
    def models(self) -> list[str]:
        """The served names; known before the models are loaded."""
        return served_models.NAMES

    @property
    def loaded(self) -> bool:
        """Whether the models are loaded."""
        return bool(self._voices)

    @property
    def status(self) -> Literal["loading", "ok", "draining"]:
        """The worker's status, as /healthz reports it."""
        if self.draining:
            return "draining"
        return "ok" if self.loaded else "loading"

    @property
    def busy(self) -> int:
        """The number of running replies: 0 or 1."""
        return sum(reply.begun for reply in self._replies)

    @property
    def waiting(self) -> int:
        """The number of waiting requests."""
        return len(self._replies) - self.busy

    async def load(self) -> None:
        """Load the models in the inference thread."""
        loop = asyncio.get_running_loop()
        self._voices = await loop.run_in_executor(self._inference, self._load, self.settings)

    def voice(self, name: str | None) -> ServedModel:
        """Return the served model of that name, or the default.

        Raises:
            ApiError: 404 for an unknown name, 503 while the models are being loaded.
        """
        if name is None:
            name = served_models.INSTRUCT
        if name not in served_models.NAMES:
            raise unknown_model()
        if name not in self._voices:
            raise unavailable("loading", "The model is still being loaded.")
        return self._voices[name]

    async def begin(self, voice: ServedModel, request: ChatRequest) -> Generation:
        """Add a request to the queue and return its generation.

        Raises:
            ApiError: the messages are too long, the queue is full, or the worker is shutting down.
        """
        prompt = await self._prompt(voice, request)
        room = voice.model.context - len(prompt)
        options = sampling(request, default_tokens=self.settings.chat_max_tokens, room=room)
        reply = Generation(voice, prompt, options, request.stop)
        if self.draining:
            raise draining()
        if len(self._replies) > self.settings.chat_queue_size:
            raise queue_full()
        task = self._replies[reply] = asyncio.create_task(self._serve(reply))
        task.add_done_callback(lambda task: self._leave(reply, task))
        return reply

    def give_up(self, reply: Generation) -> None:
        """Cancel a reply whose client is gone: at its next token, or at once while it waits."""
        reply.stop_reason = "gone"
        if reply in self._replies and not reply.begun:
            self._replies[reply].cancel()

    async def drain(self) -> None:
        """Refuse new and waiting requests; let the running reply end within ``drain_seconds``."""
        self.draining = True
        log.event("draining", busy=self.busy, waiting=self.waiting)
        for reply, task in self._replies.items():
            if not reply.begun:
                task.cancel()
        if not await self._emptied(self.settings.drain_seconds):
            for reply in self._replies:
                reply.stop_reason = "draining"
            await self._emptied(_SHUTDOWN_GRACE_SECONDS)
        log.event("drained", busy=self.busy)

    async def _emptied(self, within: float) -> bool:
        if not self._replies:
            return True
        _, late = await asyncio.wait(self._replies.values(), timeout=within)
        return not late

    async def _prompt(self, voice: ServedModel, request: ChatRequest) -> list[int]:
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._reading, voice.prompt, request)
        except ApiError:
            raise
        except Exception as error:  # noqa: BLE001 - the server's own log would quote its text
            log.event("prompt failed", severity="ERROR", **frames(error))
            raise broken() from None

    async def _serve(self, reply: Generation) -> None:
        try:
            async with self._turn:
                await self._write(reply)
        except Exception as error:  # noqa: BLE001 - after any error the next reply may succeed
            log.event("reply failed", severity="ERROR", reply=reply.id, **frames(error))
            reply.end(broken())
        else:
            reply.end(draining() if reply.stop_reason == "draining" else None)

    async def _write(self, reply: Generation) -> None:
        reply.begun, started = True, time.monotonic()
        await asyncio.get_running_loop().run_in_executor(self._inference, reply.write)
        _log_end(reply, time.monotonic() - started)

    def _leave(self, reply: Generation, task: asyncio.Task[None]) -> None:
        del self._replies[reply]
        if task.cancelled():
            reply.end(draining() if self.draining else None)


def _log_end(reply: Generation, seconds: float) -> None:
    log.event(
        "reply ended",
        reply=reply.id,
        model=reply.served_model.name,
        finish=reply.stop_reason or reply.finish,
        prompt_tokens=reply.usage.prompt,
        completion_tokens=reply.usage.completion,
        seconds=round(seconds, 3),
    )
