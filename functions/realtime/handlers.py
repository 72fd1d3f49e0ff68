"""Handles client messages: join, leave, heartbeat, access_token. Unknown ones get an error."""

from functions.realtime import joining
from functions.realtime.connection import TOO_MANY_JOINS, Connection
from functions.realtime.phoenix import Message

_NOT_OFFERED = {
    "broadcast": "Broadcast is not supported.",
    "presence": "Presence is not supported.",
}


async def answer(socket: Connection, message: Message) -> None:
    """Handle one message of a client."""
    if message.event in {"phx_join", "access_token"} and not socket.pace.try_acquire():
        socket.refuse(message, "ClientJoinRateLimitReached: Too many joins per second")
        socket.end(TOO_MANY_JOINS)
    elif (message.topic, message.event) == ("phoenix", "heartbeat"):
        socket.reply(message, "ok", {})
    elif message.event == "phx_join":
        await joining.join(socket, message)
    else:
        await _of_channel(socket, message)


async def _of_channel(socket: Connection, message: Message) -> None:
    """Handle a message to a joined channel. One of an earlier join of its topic is stale."""
    channel = socket.channels.get(message.topic)
    if channel and message.join_ref not in {None, channel.join_ref}:
        channel = None
    match message.event:
        case "phx_leave":
            socket.reply(message, "ok", {})
            if channel:
                socket.close(channel)
        case _ if channel is None:
            socket.refuse(message, "unmatched topic")
        case "access_token":
            await joining.refresh(socket, channel, message.payload)
        case other:
            socket.refuse(message, _NOT_OFFERED.get(other, "Unknown event."))
