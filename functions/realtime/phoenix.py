"""Phoenix's frames: version 1.0.0 writes objects, 2.0.0 arrays, and pushes of binary data."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

Version = Literal["1.0.0", "2.0.0"]

VERSIONS: dict[str, Version] = {"1.0.0": "1.0.0", "2.0.0": "2.0.0"}
_MAX_NAME_CHARACTERS = 1024
"""Of a topic, an event and each ref, which are repeated in every response."""
_NAMES = ("join_ref", "ref", "topic", "event", "payload")
_PUSH, _USER_BROADCAST = 0, 3
"""The kinds of binary frames that a client sends: Phoenix's own, and Supabase's broadcast."""


class MalformedError(Exception):
    """The frame is none of the protocol."""


@dataclass(frozen=True, slots=True)
class Message:
    """What stands in a frame, either way."""

    join_ref: str | None
    """Which join of the topic it belongs to."""
    ref: str | None
    topic: str
    event: str
    payload: Any


def read(frame: str | bytes, version: Version) -> Message:
    """Read a frame of a client.

    Raises:
        MalformedError: where it is no message of that version, or holds what no response could
            repeat: a lone surrogate, NaN or Infinity.
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
    """Write a frame to a client."""
    parts = [message.join_ref, message.ref, message.topic, message.event, message.payload]
    if version == "2.0.0":
        return _json(parts)
    # Without join_ref, as Phoenix writes it.
    return _json(dict(zip(_NAMES[1:], parts[1:], strict=True)))


def change(
    topic: str, join_ref: str | None, ids: Sequence[int], data: str, version: Version
) -> str:
    """The frame of a change; ``data`` is JSON that many frames hold."""
    payload = f'{{"ids":{_json(ids)},"data":{data}}}'
    if version == "2.0.0":
        return f'[{_json(join_ref)},null,{_json(topic)},"postgres_changes",{payload}]'
    return f'{{"ref":null,"topic":{_json(topic)},"event":"postgres_changes","payload":{payload}}}'


def _binary(frame: bytes) -> Message:
    """Its kind, the lengths of its names, and those; what it carries is not looked at."""
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
