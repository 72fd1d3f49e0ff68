"""One generation, streamed from the inference thread to the event loop."""

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
    """A model's reply to one request. ``write`` blocks; the event loop calls everything else.

    Args:
        served_model: the model that replies.
        prompt: the tokens of the conversation.
        sampling: how the tokens are chosen, and how many.
        stops: the request's stop texts, beside those of the served model.
    """

    def __init__(
        self,
        served_model: ServedModel,
        prompt: list[int],
        sampling: Sampling,
        stops: Sequence[str],
    ) -> None:
        self.id = uuid4()
        self.served_model = served_model
        self.begun = False
        self.finish: Finish = "length"
        self.stop_reason: Cut | None = None
        """Why the reply ends at its next token; None if it goes on."""
        self._prompt = prompt
        self._sampling = sampling
        self._completion_tokens = 0
        self._text = Detokenizer(served_model.model.decode)
        self._stops = StopTexts([*stops, *served_model.stops])
        self._loop = asyncio.get_running_loop()
        self._pieces: asyncio.Queue[str | ApiError | None] = asyncio.Queue()

    @property
    def usage(self) -> Usage:
        """The token counts so far."""
        return Usage(len(self._prompt), self._completion_tokens)

    def write(self) -> None:
        """Generate the reply, and pass each piece to the event loop as it comes."""
        self.served_model.model.generate(self._prompt, self._sampling, self._on_token)
        self._send(self._stops.rest())

    def end(self, refusal: ApiError | None = None) -> None:
        """End the stream of pieces; with a refusal, `pieces` raises it."""
        self._pieces.put_nowait(refusal)

    async def pieces(self) -> AsyncIterator[str]:
        """Yield the text as it is generated, in pieces that are never empty.

        Raises:
            ApiError: the reply could not be finished.
        """
        while (piece := await self._pieces.get()) is not None:
            if isinstance(piece, ApiError):
                raise piece
            yield piece

    def _on_token(self, token: int) -> bool:
        self._completion_tokens += 1
        if token in self.served_model.model.ends:
            self.finish = "stop"
            return True
        self._send(self._stops.push(self._text.push(token)))
        if self._stops.found:
            self.finish = "stop"
        return self._stops.found or self.stop_reason is not None

    def _send(self, text: str) -> None:
        if text:
            self._loop.call_soon_threadsafe(self._pieces.put_nowait, text)
