"""Limits of a connection, and a token bucket for its joins."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Limits beyond which a request is refused or a socket ends; per socket unless noted."""

    sockets: int = 5_000
    """Per process: ``max_client_connections`` of the settings."""
    sockets_per_user: int = 20
    """Per user and process; a browser tab opens one."""
    anonymous_sockets_per_address: int = 100
    """Sockets of one address without a user's token; beyond it the oldest is evicted."""
    channels: int = 100
    """The default of Supabase."""
    bindings: int = 500
    """Of all channels together; one channel has ``shared.contracts.realtime.MAX_BINDINGS``."""
    binding_characters: int = 64 * 1024
    """In the JSON of all bindings together, which is kept in memory."""
    joins_at_once: int = 100
    """Burst: a client that reconnects can join all its channels again."""
    joins_per_second: float = 10
    join_seconds: float = 8
    """How long a join waits for the database: less than the 10 s after which clients give up."""
    idle_seconds: float = 60
    """Without a frame from the client, whose heartbeats come every 25 or 30 s."""
    queued_frames: int = 1_000
    """Frames not sent yet; a client with more is too slow and is disconnected."""
    queued_bytes: int = 4 * 1024 * 1024
    all_queued_bytes: int = 128 * 1024 * 1024
    """Of all sockets together. Beyond it, sockets with more than an equal share are closed."""
    close_seconds: float = 5
    """How long a client may take to read the close frame."""

    @property
    def user_sockets(self) -> int:
        """Maximum number of sockets with a user's token; the rest is for clients signing in."""
        return self.sockets - self.sockets // 4

    @property
    def share_of_queued_bytes(self) -> int:
        """An equal share of ``all_queued_bytes`` per socket."""
        return self.all_queued_bytes // self.sockets


class TokenBucket:
    """A token bucket.

    Args:
        at_once: its capacity; it starts full.
        per_second: tokens that are added per second.
        clock: returns the time in seconds.
    """

    def __init__(self, at_once: int, per_second: float, clock: Callable[[], float]) -> None:
        self._capacity = at_once
        self._per_second = per_second
        self._clock = clock
        self._left = float(at_once)
        self._at = clock()

    def try_acquire(self) -> bool:
        """Take a token; False if there is none."""
        now = self._clock()
        self._left = min(self._capacity, self._left + (now - self._at) * self._per_second)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
