"""Phoenix channel frames: objects in version 1.0.0, arrays and binary pushes in 2.0.0."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

Version = Literal["1.0.0", "2.0.0"]

VERSIONS: dict[str, Version] = {"1.0.0": "1.0.0", "2.0.0": "2.0.0"}
_MAX_NAME_CHARACTERS = 1024
"""Of a topic, an event and each ref; they are repeated in every response."""
_NAMES = ("join_ref", "ref", "topic", "event", "payload")
_PUSH, _USER_BROADCAST = 0, 3
"""Kinds of binary frames that clients send: Phoenix's push and Supabase's broadcast."""


class MalformedError(Exception):
    """The frame is not valid in the protocol."""


@dataclass(frozen=True, slots=True)
class Message:
    """The content of a frame, in either direction."""

    join_ref: str | None
    """Identifies the join of the topic that the message belongs to."""
    ref: str | None
    topic: str
    event: str
    payload: Any


def read(frame: str | bytes, version: Version) -> Message:
    """Parse a frame of a client.

    Raises:
        MalformedError: The frame is not a message of that version, or contains what no response
            can repeat: a lone surrogate, NaN or Infinity.
    """
    if isinstance(frame, bytes):
        return _binary(frame)
    try:
        value = json.loads(frame)
        _json(value).encode()
    except (ValueError, RecursionError):
        raise MalformedError from None
    if version == "1.0.0" and isinstance(value, dict):
        value = [value.get(name) for name in _NAMES]
    match value:
        case [str() | None, str() | None, str(), str(), _] if _are_names(value[:4]):
            return Message(*value)
        case _:
            raise MalformedError


def _are_names(values: Sequence[str | None]) -> bool:
    return all(len(value or "") <= _MAX_NAME_CHARACTERS for value in values)


def write(message: Message, version: Version) -> str:
    """Encode a message for a client."""
    parts = [message.join_ref, message.ref, message.topic, message.event, message.payload]
    if version == "2.0.0":
        return _json(parts)
    # Without join_ref, as Phoenix does in this version.
    return _json(dict(zip(_NAMES[1:], parts[1:], strict=True)))


def change(
    topic: str, join_ref: str | None, ids: Sequence[int], data: str, version: Version
) -> str:
    """Encode the frame of a change event.

    Args:
        topic: of the channel.
        join_ref: of the channel's join.
        ids: of the bindings that match.
        data: JSON, which is shared by the frames of many channels.
        version: of the protocol.
    """
    payload = f'{{"ids":{_json(ids)},"data":{data}}}'
    if version == "2.0.0":
        return f'[{_json(join_ref)},null,{_json(topic)},"postgres_changes",{payload}]'
    return f'{{"ref":null,"topic":{_json(topic)},"event":"postgres_changes","payload":{payload}}}'


def _binary(frame: bytes) -> Message:
    """Parse a binary frame: kind, lengths of the names, names. Its payload is ignored."""
    if len(frame) < 5 or frame[0] not in {_PUSH, _USER_BROADCAST}:  # noqa: PLR2004 - kind, lengths
        raise MalformedError
    # A broadcast's lengths are followed by that of its metadata and by its encoding.
    at = 7 if frame[0] == _USER_BROADCAST else 5
    names = []
    for length in frame[1:5]:
        names.append(frame[at : at + length].decode(errors="replace"))
        at += length
    if len(frame) < at:
        raise MalformedError
    join_ref, ref, topic, event = names
    event = "broadcast" if frame[0] == _USER_BROADCAST else event
    return Message(join_ref or None, ref or None, topic, event, {})


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
