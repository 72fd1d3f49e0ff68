"""A channel's beginning, and what becomes of it when its client's token is another."""

import asyncio
import functools
import hashlib

from pydantic import ValidationError

from functions.realtime import auth, hub, schema
from functions.realtime.channel import Channel
from functions.realtime.connection import Socket
from functions.realtime.phoenix import Message
from functions.realtime.subscriptions import Bindings
from shared.auth.authenticators import Anon, User
from shared.contracts.realtime import MOST_BINDINGS, JoinRequest
from shared.errors import InvalidError, NotFoundError, Problem, TooManyError

TOPIC = "realtime:"
_MOST_TOPIC = 255
_NEW_KEY = "sb_"
"""How Supabase's keys begin that are no JWT: with one, the socket's own token counts."""


async def join(socket: Socket, message: Message) -> None:
    """Answer ``phx_join``, once the channel listens or it is known why it cannot."""
    if old := socket.channels.get(message.topic):
        socket.close(old)
    try:
        async with asyncio.timeout(socket.limits.join_seconds):
            channel = await _made(socket, message)
            begin = functools.partial(_begin, socket, channel, message)
            await hub.of(socket.services).add(channel, begin)
    except TimeoutError:
        socket.refuse(message, "The database is away; try again in a moment.")
    except Problem as problem:
        socket.refuse(message, auth.reason(problem))


async def refresh(socket: Socket, channel: Channel, payload: object) -> None:
    """Go on under a new token: whoever's it is, the channel is theirs from now on.

    One who signs out, and goes on by the anon key, keeps the channel and hears what anyone may.
    """
    token = payload.get("access_token") if isinstance(payload, dict) else None
    if not isinstance(token, str) or token.startswith(_NEW_KEY):
        return
    token_hash = _hash(token)
    if token_hash == channel.token_hash:
        return
    try:
        caller = await auth.holder(token, socket.services)
        _identify(socket, caller)
        bindings = channel.bindings.under(await schema.of(socket.services).readable(caller.role))
    except Problem as problem:
        socket.note("a token was refused", problem.error_code)
        channel.tell_system("error", auth.reason(problem))
        socket.close(channel)
        return
    if not channel.is_open:  # any more
        return
    hub.of(socket.services).drop(channel)
    channel.caller, channel.token_hash, channel.bindings = caller, token_hash, bindings
    hub.of(socket.services).hear(channel)
    channel.expire_with_token(socket.services.clock(), _expire)


def _begin(socket: Socket, channel: Channel, message: Message) -> None:
    """From here on the channel is told; nothing can come between the answer and the first."""
    socket.channels[channel.topic] = channel
    channel.expire_with_token(socket.services.clock(), _expire)
    channel.push("phx_reply", {"status": "ok", "response": channel.bindings.answer()}, message.ref)
    if channel.bindings.given:
        channel.tell_system("ok", "Subscribed to PostgreSQL", "postgres_changes")


def _expire(channel: Channel) -> None:
    channel.tell_system("error", auth.EXPIRED)
    channel.outlet.close(channel)


async def _made(socket: Socket, message: Message) -> Channel:
    asked = _asked(message)
    token = asked.access_token
    if token is None or token.startswith(_NEW_KEY):
        token = socket.token
    caller = await auth.holder(token, socket.services)
    _identify(socket, caller)
    known = await schema.of(socket.services).readable(caller.role)
    given = asked.config.postgres_changes
    _check_room(socket, len(given))
    bindings = Bindings(given, known)
    _check_size(socket, bindings)
    join_ref = message.join_ref or message.ref
    return Channel(message.topic, join_ref, socket, caller, _hash(token), bindings)


def _identify(socket: Socket, caller: User | Anon) -> None:
    """Count the socket for the user whose token it has shown."""
    if isinstance(caller, User):
        socket.registry.identify(socket, caller.id)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _asked(message: Message) -> JoinRequest:
    name = message.topic.removeprefix(TOPIC)
    if name in {"", message.topic} or len(message.topic) > _MOST_TOPIC:
        raise NotFoundError("unmatched topic")
    try:
        asked = JoinRequest.model_validate(message.payload)
    except ValidationError as error:
        if any(one["type"] == "too_long" for one in error.errors(include_input=False)):
            raise TooManyError(f"A channel takes at most {MOST_BINDINGS} bindings.") from None
        raise InvalidError("The payload of phx_join is not valid.") from None
    if asked.config.presence.enabled:
        raise InvalidError("Presence is not offered here.")
    return asked


def _check_room(socket: Socket, bindings: int) -> None:
    if len(socket.channels) >= socket.limits.channels:
        raise TooManyError("ChannelRateLimitReached: Too many channels")
    held = sum(len(one.bindings.given) for one in socket.channels.values())
    if held + bindings > socket.limits.bindings:
        raise TooManyError("ChannelRateLimitReached: Too many bindings on one socket")


def _check_size(socket: Socket, bindings: Bindings) -> None:
    held = sum(channel.bindings.characters for channel in socket.channels.values())
    if held + bindings.characters > socket.limits.binding_characters:
        raise TooManyError("ChannelRateLimitReached: Too long bindings on one socket")
