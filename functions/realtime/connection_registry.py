"""The sockets of a process, and which of them gives way to a new one where there is no room."""

from collections import defaultdict
from typing import Protocol
from uuid import UUID

from functions.realtime.limits import Limits
from shared.errors import TooManyRequestsError

_RETRY_SECONDS = 5


class Member(Protocol):
    """A socket, as far as the registry knows it."""

    def give_way(self) -> None:
        """Close at once, for another socket needs the room."""


class Registry:
    """Counts sockets by user, and by address those without one.

    A client opens its socket with the anon key and names its user later, so each new socket is
    anonymous. It is always let in: another anonymous one gives way to it, the oldest of its own
    address where that has too many, otherwise the oldest of the address that has most. So a caller
    who has only the anon key takes room from anonymous sockets alone. A socket that has shown a
    user's token never gives way, and a quarter of the room is never theirs.

    A new socket has at least the time to name its user in which as many others are opened as that
    quarter holds; from an address of its own, it has as long as it likes.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._anonymous: dict[Member, str | None] = {}
        """Each one's address."""
        self._by_address: defaultdict[str | None, dict[Member, None]] = defaultdict(dict)
        """The anonymous ones again, the oldest first; under None those whose address is unknown."""
        self._users: dict[Member, set[UUID]] = {}
        """Whose tokens each of the others has shown."""
        self._by_user: defaultdict[UUID, int] = defaultdict(int)

    def add(self, socket: Member, address: str | None) -> None:
        """Count a new socket; another may give way to it.

        Args:
            socket: which is anonymous until ``identify``.
            address: the client's, as a trusted proxy reports it; None where none does.

        Raises:
            TooManyRequestsError: where every socket is a user's.
        """
        own = self._by_address.get(address, {})
        if address is not None and len(own) >= self._limits.anonymous_sockets_per_address:
            self._evict(next(iter(own)))
        if len(self._anonymous) + len(self._users) >= self._limits.sockets:
            if not self._anonymous:
                raise _too_many("Too many sockets are open here")
            largest = max(self._by_address.values(), key=len)
            self._evict(next(iter(largest)))
        self._anonymous[socket] = address
        self._by_address[address][socket] = None

    def identify(self, socket: Member, user_id: UUID) -> None:
        """Count a socket for a user, whose valid token it has shown; it remains so until it closes.

        Raises:
            TooManyRequestsError: where this user, or all users together, have too many.
        """
        users = self._users.get(socket)
        if users is None and socket not in self._anonymous:  # it has given way meanwhile
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
        """Stop counting a socket, which may have been removed before."""
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
    """By the name that clients of Supabase know."""
    return TooManyRequestsError(
        f"ConnectionRateLimitReached: {reason}", retry_after_seconds=_RETRY_SECONDS
    )
