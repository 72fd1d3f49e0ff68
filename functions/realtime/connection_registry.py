"""Counts the sockets of a process, and evicts anonymous ones when it is full."""

from collections import defaultdict
from typing import Protocol
from uuid import UUID

from functions.realtime.limits import Limits
from shared.errors import TooManyRequestsError

_RETRY_SECONDS = 5


class Member(Protocol):
    """What the registry needs of a socket."""

    def give_way(self) -> None:
        """Close at once, because another socket needs its place."""


class Registry:
    """Counts sockets per user, and anonymous sockets per address.

    A client opens its socket with the anon key and sends its user's token later, so each new socket
    is anonymous. It is accepted even if the process is full, by evicting another anonymous socket:
    the oldest of the same address if that has too many, otherwise the oldest of the address with
    the most. So a caller with only the anon key can displace only anonymous sockets. A socket that
    has sent a user's token is never evicted; these take at most three quarters of the places.

    A new socket stays at least until as many others were opened as the last quarter holds. The only
    socket of an address is evicted after those of addresses that have more.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._anonymous: dict[Member, str | None] = {}
        """Address of each anonymous socket."""
        self._by_address: defaultdict[str | None, dict[Member, None]] = defaultdict(dict)
        """Anonymous sockets per address, oldest first; None for an unknown address."""
        self._users: dict[Member, set[UUID]] = {}
        """Users whose tokens each identified socket has sent."""
        self._by_user: defaultdict[UUID, int] = defaultdict(int)

    def add(self, socket: Member, address: str | None) -> None:
        """Count a new socket, which may evict another.

        Args:
            socket: anonymous until ``identify``.
            address: the client's, reported by a trusted proxy; None if unknown.

        Raises:
            TooManyRequestsError: The process is full, and every socket is a user's.
        """
        same_address = self._by_address.get(address, {})
        if address is not None and len(same_address) >= self._limits.anonymous_sockets_per_address:
            self._evict(next(iter(same_address)))
        if len(self._anonymous) + len(self._users) >= self._limits.sockets:
            if not self._anonymous:
                raise _too_many("Too many sockets are open here")
            largest = max(self._by_address.values(), key=len)
            self._evict(next(iter(largest)))
        self._anonymous[socket] = address
        self._by_address[address][socket] = None

    def identify(self, socket: Member, user_id: UUID) -> None:
        """Count a socket for a user whose valid token it has sent, until it closes.

        Raises:
            TooManyRequestsError: This user, or all users together, have too many sockets.
        """
        users = self._users.get(socket)
        if users is None and socket not in self._anonymous:  # evicted meanwhile
            return
        if users and user_id in users:
            return
        if self._by_user.get(user_id, 0) >= self._limits.sockets_per_user:
            raise _too_many("Too many sockets of this user")
        if users is None:
            if len(self._users) >= self._limits.user_sockets:
                raise _too_many("Too many connected users")
            self._remove_anonymous(socket)
            users = self._users[socket] = set()
        users.add(user_id)
        self._by_user[user_id] += 1

    def remove(self, socket: Member) -> None:
        """Stop counting a socket. Removing it twice is allowed."""
        if socket in self._anonymous:
            self._remove_anonymous(socket)
        for user_id in self._users.pop(socket, ()):
            self._by_user[user_id] -= 1
            if not self._by_user[user_id]:
                del self._by_user[user_id]

    def _evict(self, socket: Member) -> None:
        self._remove_anonymous(socket)
        socket.give_way()

    def _remove_anonymous(self, socket: Member) -> None:
        address = self._anonymous.pop(socket)
        del self._by_address[address][socket]
        if not self._by_address[address]:
            del self._by_address[address]


def _too_many(reason: str) -> TooManyRequestsError:
    """Return the error with the name that Supabase clients know."""
    return TooManyRequestsError(
        f"ConnectionRateLimitReached: {reason}", retry_after_seconds=_RETRY_SECONDS
    )
