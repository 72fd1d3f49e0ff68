"""The chat worker as a whole: its models, its line, and how it ends."""

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

_LAST_WORDS_SECONDS = 5
"""For a reply that was told to end to come to its next token."""


class ChatWorker:
    """Writes one reply at a time. A few requests wait for theirs, first come, first served."""

    def __init__(
        self, settings: ChatSettings, load: Callable[[ChatSettings], Voices] = served_models.load
    ) -> None:
        self.settings = settings
        self._load = load
        self.draining = False
        self._voices: Voices = {}
        self._inference = ThreadPoolExecutor(1, "inference")
        # Reading a long prompt need not wait for the reply that is being written.
        self._reading = ThreadPoolExecutor(1, "reading")
        self._replies: dict[Generation, asyncio.Task[None]] = {}
        self._turn = asyncio.Lock()

    @property
    def models(self) -> list[str]:
        """The names that are served; known before the models are loaded."""
        return served_models.NAMES

    @property
    def loaded(self) -> bool:
        """Whether replies can be written."""
        return bool(self._voices)

    @property
    def status(self) -> Literal["loading", "ok", "draining"]:
        """How the worker is."""
        if self.draining:
            return "draining"
        return "ok" if self.loaded else "loading"

    @property
    def busy(self) -> int:
        """Replies that are being written: one or none."""
        return sum(reply.begun for reply in self._replies)

    @property
    def waiting(self) -> int:
        """Requests whose turn has not come."""
        return len(self._replies) - self.busy

    async def load(self) -> None:
        """Load the models, in the inference thread."""
        loop = asyncio.get_running_loop()
        self._voices = await loop.run_in_executor(self._inference, self._load, self.settings)

    def voice(self, name: str | None) -> ServedModel:
        """The model of that name, or the default.

        Raises:
            RefusedError: there is none, or it is not loaded yet.
        """
        if name is None:
            name = served_models.INSTRUCT
        if name not in served_models.NAMES:
            raise unknown_model()
        if name not in self._voices:
            raise unavailable("loading", "The model is still being loaded.")
        return self._voices[name]

    async def begin(self, voice: ServedModel, request: ChatRequest) -> Generation:
        """Take a request into the line.

        Raises:
            RefusedError: its messages are too long, the line is, or the worker is about to end.
        """
        prompt = await self._prompt(voice, request)
        room = voice.model.context - len(prompt)
        how = sampling(request, default_tokens=self.settings.chat_max_tokens, room=room)
        reply = Generation(voice, prompt, how, request.stop)
        if self.draining:
            raise draining()
        if len(self._replies) > self.settings.chat_queue_size:
            raise queue_full()
        task = self._replies[reply] = asyncio.create_task(self._serve(reply))
        task.add_done_callback(lambda task: self._leave(reply, task))
        return reply

    def give_up(self, reply: Generation) -> None:
        """Nobody reads the reply any more: it ends at once, and leaves the line if it waits."""
        reply.stop_reason = "gone"
        if reply in self._replies and not reply.begun:
            self._replies[reply].cancel()

    async def drain(self) -> None:
        """Take nothing in, send away those who wait, and let the reply end within its time."""
        self.draining = True
        log.event("draining", busy=self.busy, waiting=self.waiting)
        for reply, task in self._replies.items():
            if not reply.begun:
                task.cancel()
        if not await self._emptied(self.settings.drain_seconds):
            for reply in self._replies:
                reply.stop_reason = "draining"
            await self._emptied(_LAST_WORDS_SECONDS)
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
            log.event("prompt broke", severity="ERROR", **frames(error))
            raise broken() from None

    async def _serve(self, reply: Generation) -> None:
        try:
            async with self._turn:
                await self._write(reply)
        except Exception as error:  # noqa: BLE001 - whatever it is, the next reply may fare better
            log.event("reply broke", severity="ERROR", reply=reply.id, **frames(error))
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
