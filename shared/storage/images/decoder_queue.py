"""Queue of requests with a picture to decode."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID

from shared.errors import ServiceUnavailableError, TooManyRequestsError

MAX_REQUESTS = 32
"""Below the 40 requests that one instance of a function serves at once."""

MAX_REQUESTS_PER_USER = 8
MAX_PICTURES = 6
"""Pictures in memory, each at most 10 MiB as received and 12 MiB as stored."""

MAX_PICTURES_PER_USER = 2
"""Other users' pictures wait behind at most two of any user."""

_RETRY_AFTER_SECONDS = 2


@dataclass
class _UserQueue:
    """One user's requests."""

    places: asyncio.Semaphore
    requests: int = 0


@dataclass
class PictureQueue:
    """Bounds how many requests wait, and how many of their pictures are in memory."""

    max_requests: int = MAX_REQUESTS
    max_requests_per_user: int = MAX_REQUESTS_PER_USER
    max_pictures: int = MAX_PICTURES
    max_pictures_per_user: int = MAX_PICTURES_PER_USER
    _users: dict[UUID, _UserQueue] = field(default_factory=dict, init=False)
    _requests: int = field(default=0, init=False)
    _places: asyncio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        self._places = asyncio.Semaphore(self.max_pictures)

    @asynccontextmanager
    async def place(self, user_id: UUID) -> AsyncIterator[None]:
        """Wait for a place, and hold it while the picture is in memory.

        Enter it before the picture is read, and leave it when the picture is stored.

        Raises:
            TooManyRequestsError: The user has ``max_requests_per_user`` requests in the queue.
            ServiceUnavailableError: All users together have ``max_requests``.
        """
        user = self._users.setdefault(
            user_id, _UserQueue(asyncio.Semaphore(self.max_pictures_per_user))
        )
        if user.requests >= self.max_requests_per_user:
            raise TooManyRequestsError(
                f"Not more than {self.max_requests_per_user} of your pictures may be uploaded at"
                " the same time; try again in a moment.",
                retry_after_seconds=_RETRY_AFTER_SECONDS,
            )
        if self._requests >= self.max_requests:
            if not user.requests:
                del self._users[user_id]
            raise ServiceUnavailableError(
                "Too many pictures are being uploaded; try again in a moment.",
                retry_after_seconds=_RETRY_AFTER_SECONDS,
            )
        user.requests += 1
        self._requests += 1
        try:
            async with user.places, self._places:
                yield
        finally:
            user.requests -= 1
            self._requests -= 1
            if not user.requests:
                del self._users[user_id]
