"""Handle client messages: join, leave, heartbeat, access_token. Unknown ones get an error."""

import asyncio
import functools
import hashlib

from pydantic import ValidationError

from functions.realtime import auth, hub, schema
from functions.realtime.channel import Channel
from functions.realtime.connection import TOO_MANY_JOINS, Connection
from functions.realtime.phoenix import Message
from functions.realtime.subscriptions import Bindings
from shared.auth.authenticators import Anon, User
from shared.contracts.realtime import MAX_BINDINGS, JoinRequest
from shared.errors import ApiError, InvalidRequestError, NotFoundError, TooManyRequestsError

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
        await join(socket, message)
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
            await refresh(socket, channel, message.payload)
        case other:
            socket.refuse(message, _NOT_OFFERED.get(other, "Unknown event."))


TOPIC = "realtime:"
_MAX_TOPIC = 255
_NEW_KEY = "sb_"
"""Prefix of Supabase keys that are no JWT; instead of one, the socket's token is used."""


async def join(socket: Connection, message: Message) -> None:
    """Handle ``phx_join``: reply once the channel receives events, or with the error."""
    if old := socket.channels.get(message.topic):
        socket.close(old)
    try:
        async with asyncio.timeout(socket.limits.join_seconds):
            channel = await _create_channel(socket, message)
            begin = functools.partial(_begin, socket, channel, message)
            await hub.get_hub(socket.services).add(channel, begin)
    except TimeoutError:
        socket.refuse(message, "The database is unavailable; try again in a moment.")
    except ApiError as problem:
        socket.refuse(message, auth.auth_error_message(problem))


async def refresh(socket: Connection, channel: Channel, payload: object) -> None:
    """Continue a channel with a new token; from now on it belongs to that token's caller.

    A user who signs out and continues with the anon key keeps the channel, and receives public rows
    only. If the token is not valid, the channel is closed.
    """
    token = payload.get("access_token") if isinstance(payload, dict) else None
    if not isinstance(token, str) or token.startswith(_NEW_KEY):
        return
    token_hash = _hash(token)
    if token_hash == channel.token_hash:
        return
    try:
        caller = await auth.authenticate(token, socket.services)
        _identify(socket, caller)
        bindings = channel.bindings.for_role(await schema.of(socket.services).readable(caller.role))
    except ApiError as problem:
        socket.note("a token was refused", problem.error_code)
        channel.send_system("error", auth.auth_error_message(problem))
        socket.close(channel)
        return
    if not channel.is_open:  # closed meanwhile
        return
    hub.get_hub(socket.services).unregister(channel)
    channel.caller, channel.token_hash, channel.bindings = caller, token_hash, bindings
    hub.get_hub(socket.services).register(channel)
    channel.expire_with_token(socket.services.clock(), _expire)


def _begin(socket: Connection, channel: Channel, message: Message) -> None:
    """Start a channel. No event can be pushed between the reply and the registration."""
    socket.channels[channel.topic] = channel
    channel.expire_with_token(socket.services.clock(), _expire)
    channel.push("phx_reply", {"status": "ok", "response": channel.bindings.answer()}, message.ref)
    if channel.bindings.configs:
        channel.send_system("ok", "Subscribed to PostgreSQL", "postgres_changes")


def _expire(channel: Channel) -> None:
    channel.send_system("error", auth.EXPIRED)
    channel.outlet.close(channel)


async def _create_channel(socket: Connection, message: Message) -> Channel:
    request = _parse_join(message)
    token = request.access_token
    if token is None or token.startswith(_NEW_KEY):
        token = socket.token
    caller = await auth.authenticate(token, socket.services)
    _identify(socket, caller)
    tables = await schema.of(socket.services).readable(caller.role)
    rows = request.config.postgres_changes
    _check_limits(socket, len(rows))
    bindings = Bindings(rows, tables)
    _check_size(socket, bindings)
    join_ref = message.join_ref or message.ref
    return Channel(message.topic, join_ref, socket, caller, _hash(token), bindings)


def _identify(socket: Connection, caller: User | Anon) -> None:
    """Count the socket for the user whose token it has sent."""
    if isinstance(caller, User):
        socket.registry.identify(socket, caller.id)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _parse_join(message: Message) -> JoinRequest:
    name = message.topic.removeprefix(TOPIC)
    if name in {"", message.topic} or len(message.topic) > _MAX_TOPIC:
        raise NotFoundError("unmatched topic")
    try:
        request = JoinRequest.model_validate(message.payload)
    except ValidationError as error:
        if any(detail["type"] == "too_long" for detail in error.errors(include_input=False)):
            raise TooManyRequestsError(
                f"A channel takes at most {MAX_BINDINGS} bindings."
            ) from None
        raise InvalidRequestError("The payload of phx_join is not valid.") from None
    if request.config.presence.enabled:
        raise InvalidRequestError("Presence is not supported.")
    return request


def _check_limits(socket: Connection, bindings: int) -> None:
    if len(socket.channels) >= socket.limits.channels:
        raise TooManyRequestsError("ChannelRateLimitReached: Too many channels")
    held = sum(len(channel.bindings.configs) for channel in socket.channels.values())
    if held + bindings > socket.limits.bindings:
        raise TooManyRequestsError("ChannelRateLimitReached: Too many bindings on one socket")


def _check_size(socket: Connection, bindings: Bindings) -> None:
    held = sum(channel.bindings.characters for channel in socket.channels.values())
    if held + bindings.characters > socket.limits.binding_characters:
        raise TooManyRequestsError("ChannelRateLimitReached: Too long bindings on one socket")
