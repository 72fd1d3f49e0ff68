"""Counts the open event streams of a process, in total and per user."""

import functools
from collections import defaultdict
from collections.abc import AsyncGenerator
from uuid import UUID

from shared.errors import TooManyRequestsError
from shared.services import Services

MAX_PER_USER = 20
"""Per process; a user's browser tab opens one stream."""
_RETRY_SECONDS = 5


@functools.cache
def of(services: Services) -> "Streams":
    """Return the process's registry."""
    return Streams(services.settings.max_client_connections)


class Streams:
    """Counts streams from their first byte until they end."""

    def __init__(self, max_streams: int) -> None:
        self._max_streams = max_streams
        self._by_user: defaultdict[UUID, int] = defaultdict(int)
        self._open = 0

    async def count(
        self, user_id: UUID, pieces: AsyncGenerator[bytes, None]
    ) -> AsyncGenerator[bytes, None]:
        """Return the same pieces, counted for the user until they end or are closed.

        Raises:
            TooManyRequestsError: The user, or the process, has too many open streams.
        """
        if self._by_user.get(user_id, 0) >= MAX_PER_USER:
            message = f"A user may have at most {MAX_PER_USER} event streams open."
            raise TooManyRequestsError(message, retry_after_seconds=_RETRY_SECONDS)
        if self._open >= self._max_streams:
            message = "The server has too many open event streams; try again later."
            raise TooManyRequestsError(message, retry_after_seconds=_RETRY_SECONDS)
        counted = self._counted(user_id, pieces)
        # Advanced to its first yield: the `finally` of a generator runs only once it has started.
        await anext(counted)
        return counted

    async def _counted(
        self, user_id: UUID, pieces: AsyncGenerator[bytes, None]
    ) -> AsyncGenerator[bytes, None]:
        self._open += 1
        self._by_user[user_id] += 1
        try:
            yield b""
            async for piece in pieces:
                yield piece
        finally:
            self._open -= 1
            self._by_user[user_id] -= 1
            if not self._by_user[user_id]:
                del self._by_user[user_id]
            await pieces.aclose()
