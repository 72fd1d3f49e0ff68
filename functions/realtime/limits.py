"""How much one client may ask for; a test gives its own."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What is refused, or ends a socket, beyond it. Of one socket, unless said otherwise."""

    sockets: int = 5_000
    """Of the process: ``max_client_connections`` of the settings."""
    sockets_per_user: int = 20
    """Of a user, in this process: a tab each."""
    anonymous_sockets_per_address: int = 100
    """Sockets of one address that have shown no user's token; the oldest gives way."""
    channels: int = 100
    """As Supabase's own default."""
    bindings: int = 500
    """Of all its channels together; of one, ``shared.contracts.realtime.MAX_BINDINGS``."""
    binding_characters: int = 64 * 1024
    """Of the JSON of all its bindings together, which is held as long as they are."""
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
    all_queued_bytes: int = 128 * 1024 * 1024
    """Of all sockets together. Beyond it, a socket with more than an equal share is too slow."""
    close_seconds: float = 5
    """How long a client may take to read that it is closed."""

    @property
    def user_sockets(self) -> int:
        """Sockets that have shown a user's token. The rest is room in which clients sign in."""
        return self.sockets - self.sockets // 4

    @property
    def share_of_queued_bytes(self) -> int:
        """An equal share of ``all_queued_bytes``."""
        return self.all_queued_bytes // self.sockets
