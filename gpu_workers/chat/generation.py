"""One reply: written in the inference thread, told in the event loop."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Literal
from uuid import uuid4

from gpu_workers.chat.detokenizer import Detokenizer, StopTexts
from gpu_workers.chat.errors import ApiError
from gpu_workers.chat.responses import Finish, Usage
from gpu_workers.chat.sampling import Sampling
from gpu_workers.chat.served_models import ServedModel

Cut = Literal["gone", "draining"]


class Generation:
    """What a model says to one request. ``write`` blocks; everything else is the loop's."""

    def __init__(
        self, voice: ServedModel, prompt: list[int], how: Sampling, stops: Sequence[str]
    ) -> None:
        self.id = uuid4()
        self.served_model = voice
        self.begun = False
        self.finish: Finish = "length"
        self.stop_reason: Cut | None = None
        """Why it is to end at its next token, if it is."""
        self._prompt = prompt
        self._how = how
        self._made = 0
        self._text = Detokenizer(voice.model.decode)
        self._stops = StopTexts([*stops, *voice.stops])
        self._loop = asyncio.get_running_loop()
        self._pieces: asyncio.Queue[str | ApiError | None] = asyncio.Queue()

    @property
    def usage(self) -> Usage:
        """The tokens so far."""
        return Usage(len(self._prompt), self._made)

    def write(self) -> None:
        """Make the whole reply, and hand each piece over as it comes."""
        self.served_model.model.generate(self._prompt, self._how, self._on_token)
        self._tell(self._stops.rest())

    def end(self, refusal: ApiError | None = None) -> None:
        """Nothing more comes; with a refusal, because nothing more can."""
        self._pieces.put_nowait(refusal)

    async def pieces(self) -> AsyncIterator[str]:
        """The text as it comes, in pieces that are never empty.

        Raises:
            RefusedError: the reply could not be finished.
        """
        while (piece := await self._pieces.get()) is not None:
            if isinstance(piece, ApiError):
                raise piece
            yield piece

    def _on_token(self, token: int) -> bool:
        self._made += 1
        if token in self.served_model.model.ends:
            self.finish = "stop"
            return True
        self._tell(self._stops.push(self._text.push(token)))
        if self._stops.found:
            self.finish = "stop"
        return self._stops.found or self.stop_reason is not None

    def _tell(self, text: str) -> None:
        if text:
            self._loop.call_soon_threadsafe(self._pieces.put_nowait, text)
