"""A channel: a topic that a client has joined."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from functions.realtime import phoenix
from functions.realtime.change_message import ChangeMessage
from functions.realtime.phoenix import Message, Version
from functions.realtime.subscriptions import Bindings
from shared.auth.authenticators import Anon, User


class ChannelTransport(Protocol):
    """What a channel needs of its connection."""

    version: Version

    def push(self, frame: str) -> None:
        """Queue a frame for the client, after those that were pushed before."""

    def close(self, channel: "Channel") -> None:
        """Close a channel; its client does not join again."""

    def force_rejoin(self, channel: "Channel") -> None:
        """Close a channel that may have missed events; its client joins again."""


@dataclass(slots=True, eq=False)
class Channel:
    """A joined topic. Each push carries ``join_ref``: after a rejoin, clients drop stale frames."""

    topic: str
    join_ref: str | None
    outlet: ChannelTransport
    caller: User | Anon
    token_hash: bytes
    """SHA-256 of the token that the channel was joined or refreshed with."""
    bindings: Bindings
    is_open: bool = True
    _expiry: asyncio.TimerHandle | None = None

    @property
    def user_id(self) -> UUID | None:
        """The user whose rows are delivered; None for an anonymous caller."""
        return self.caller.id if isinstance(self.caller, User) else None

    def expire_with_token(self, now: float, expire: Callable[["Channel"], None]) -> None:
        """Call ``expire`` when the caller's token expires; replaces the timer of an earlier token.

        Args:
            now: Unix time in seconds.
            expire: called with this channel.
        """
        if self._expiry:
            self._expiry.cancel()
        left = self.caller.claims["exp"] - now
        self._expiry = asyncio.get_running_loop().call_later(left, expire, self)

    def stop(self) -> None:
        """Mark the channel as closed and cancel its expiry."""
        self.is_open = False
        if self._expiry:
            self._expiry.cancel()

    def deliver(self, change: ChangeMessage) -> None:
        """Send an event to the client if a binding matches it."""
        if ids := self.bindings.ids(change):
            data = change.data(self.bindings.table(change.event.table))
            out = self.outlet
            out.push(phoenix.change(self.topic, self.join_ref, ids, data, out.version))

    def send_system(self, status: str, message: str, extension: str = "system") -> None:
        """Send a ``system`` message with the channel's status."""
        name = self.topic.partition(":")[2]
        payload = {"extension": extension, "status": status, "message": message, "channel": name}
        self.push("system", payload)

    def push(self, event: str, payload: dict[str, Any], ref: str | None = None) -> None:
        """Send a frame of this channel."""
        message = Message(self.join_ref, ref, self.topic, event, payload)
        self.outlet.push(phoenix.write(message, self.outlet.version))
