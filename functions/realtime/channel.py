"""A topic that a client has joined."""

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
    """The socket, as far as a channel knows it."""

    version: Version

    def push(self, frame: str) -> None:
        """Have the client told, after whatever was pushed before."""

    def close(self, channel: "Channel") -> None:
        """End a channel for good."""

    def force_rejoin(self, channel: "Channel") -> None:
        """End a channel that may have missed something: its client joins anew."""


@dataclass(slots=True, eq=False)
class Channel:
    """Each push carries ``join_ref``, so that a client that has joined anew drops what is stale."""

    topic: str
    join_ref: str | None
    outlet: ChannelTransport
    caller: User | Anon
    token_hash: bytes
    """Of the one that it was joined or refreshed with."""
    bindings: Bindings
    is_open: bool = True
    _expiry: asyncio.TimerHandle | None = None

    @property
    def user_id(self) -> UUID | None:
        """Whose rows are told; None of one who is nobody."""
        return self.caller.id if isinstance(self.caller, User) else None

    def expire_with_token(self, now: float, expire: Callable[["Channel"], None]) -> None:
        """Have ``expire`` called when its token does; an earlier token does not count any more."""
        if self._expiry:
            self._expiry.cancel()
        left = self.caller.claims["exp"] - now
        self._expiry = asyncio.get_running_loop().call_later(left, expire, self)

    def stop(self) -> None:
        """It is closed."""
        self.is_open = False
        if self._expiry:
            self._expiry.cancel()

    def deliver(self, change: ChangeMessage) -> None:
        """Tell the client of an event, where a binding wants it."""
        if ids := self.bindings.ids(change):
            data = change.data(self.bindings.table(change.event.table))
            out = self.outlet
            out.push(phoenix.change(self.topic, self.join_ref, ids, data, out.version))

    def send_system(self, status: str, message: str, extension: str = "system") -> None:
        """Tell how the channel stands."""
        name = self.topic.partition(":")[2]
        payload = {"extension": extension, "status": status, "message": message, "channel": name}
        self.push("system", payload)

    def push(self, event: str, payload: dict[str, Any], ref: str | None = None) -> None:
        """Send a frame of this channel."""
        message = Message(self.join_ref, ref, self.topic, event, payload)
        self.outlet.push(phoenix.write(message, self.outlet.version))
