"""How much one client may ask for; a test gives its own."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What is refused, or ends a socket, beyond it. Of one socket, unless said otherwise."""

    sockets: int = 2_000
    """Of the process."""
    channels: int = 100
    """As Supabase's own default."""
    bindings: int = 500
    """Of all its channels together; of one, ``shared.contracts.realtime.MOST_BINDINGS``."""
    joins_at_once: int = 100
    """So that a client that reconnects can join all its channels again."""
    joins_per_second: float = 10
    join_seconds: float = 8
    """How long a join waits for the database: less than the 10 s after which clients give up."""
    idle_seconds: float = 60
    """Without a frame from the client, whose heartbeats come every 25 or 30 s."""
    queued_frames: int = 1_000
    """Not yet taken by the client: whoever has more waiting is too slow."""
    queued_bytes: int = 4 * 1024 * 1024
    close_seconds: float = 5
    """How long a client may take to read that it is closed."""
