"""Callbacks that no worker signed, or that were altered: a random one of each kind in turn."""

import base64
import json
import time
from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import NamedTuple
from uuid import uuid4

from shared.contracts.webhook_signature import (
    ID_HEADER,
    SIGNATURE_HEADER,
    TIMESTAMP_HEADER,
    WORKER_HEADER,
)
from tests.security.forged_signatures import (
    altered,
    another_hash,
    another_key,
    another_secret,
    another_text,
    no_key,
)
from tests.security.running_jobs import SignedCallback, Victim, signed_callback

_ID, _TIME, _SIGNATURE, _WORKER = ID_HEADER, TIMESTAMP_HEADER, SIGNATURE_HEADER, WORKER_HEADER


class Forgery(NamedTuple):
    """A callback that must be refused."""

    name: str
    body: bytes
    headers: dict[bytes, bytes]


Forger = Callable[[SignedCallback, str, Random], SignedCallback]


def make(victims: Sequence[Victim], key: str, chance: Random, count: int) -> Iterator[Forgery]:
    """Yield ``count`` forgeries, of each kind in turn."""
    ways = list(_WAYS.items())
    for number in range(count):
        kind, body = chance.choice(list(chance.choice(victims).bodies().items()))
        name, way = ways[number % len(ways)]
        forged = way(signed_callback(body, key), key, chance)
        raw = {one.encode(): value.encode() for one, value in forged.headers.items()}
        headers = {b"content-type": b"application/json", **raw}
        yield Forgery(f"{kind}, {name}", forged.body, headers)


def _bytes_changed(callback: SignedCallback, _: str, chance: Random) -> SignedCallback:
    body = bytearray(callback.body)
    for _i in range(chance.randint(1, 3)):
        place = chance.randrange(len(body))
        body[place] ^= chance.randint(1, 255)
    return callback._replace(body=bytes(body)) if bytes(body) != callback.body else _empty(callback)


def _empty(callback: SignedCallback, *_: object) -> SignedCallback:
    return callback._replace(body=b"")


def _fields_changed(callback: SignedCallback, _: str, chance: Random) -> SignedCallback:
    fields = json.loads(callback.body)
    name, value = chance.choice([
        ("status", chance.choice(["completed", "failed", "processing", "queued"])),
        ("userId", str(uuid4())),
        ("jobId", str(uuid4())),
        ("claimId", str(uuid4())),
        ("errorMessage", "changed"),
        ("dispatchNo", chance.randint(2, 99)),
        ("progress", chance.random()),
    ])  # fmt: skip
    body = json.dumps({**fields, name: value}).encode()
    return callback._replace(body=body) if body != callback.body else _empty(callback)


def _written_otherwise(callback: SignedCallback, _: str, chance: Random) -> SignedCallback:
    """Return the same JSON in other bytes."""
    body = json.loads(callback.body)
    again = [
        json.dumps(body, separators=(",", ":")),
        json.dumps(body, indent=1),
        callback.body.decode() + "\n",
        " " + callback.body.decode(),
        "\ufeff" + callback.body.decode(),
        json.dumps(dict(reversed(body.items()))),
    ]
    return callback._replace(body=chance.choice(again).encode())


def _id_changed(callback: SignedCallback, _: str, chance: Random) -> SignedCallback:
    own = callback.headers[_ID]
    others = (f"{own}x", own[:-1], own.upper(), f"msg_{chance.getrandbits(128):x}", "x" * 201, "")
    return altered(callback, id=chance.choice(others))


def _id_split_otherwise(callback: SignedCallback, key: str, _: Random) -> SignedCallback:
    """Split ``id.timestamp.body`` at other dots; the signed text stays the same."""
    now = int(callback.headers[_TIME])
    longer = signed_callback(
        f"{now}.".encode() + callback.body, key, message_id="msg", timestamp=now
    )
    return altered(longer, id=f"msg.{now}")._replace(body=callback.body)


def _time_changed(callback: SignedCallback, _: str, chance: Random) -> SignedCallback:
    own = callback.headers[_TIME]
    off = chance.choice([-1, 1]) * chance.randint(1, 299)
    odd = [f"{own}.0", f"0{own}", f"+{own}", f"-{own}", f"{own}e0", hex(int(own)), "NaN", ""]
    wide = "".join(chr(0xFF10 + int(digit)) for digit in own)
    return altered(callback, time=chance.choice([str(int(own) + off), wide, f"{own}_0", *odd]))


def _stale(callback: SignedCallback, key: str, chance: Random) -> SignedCallback:
    """Sign correctly, but with a time long ago or in the future."""
    off = chance.choice([-1, 1]) * chance.choice([310, 400, 3600, 86400, 10**9])
    return signed_callback(callback.body, key, timestamp=max(1, time.time() + off))


def _signature_changed(callback: SignedCallback, _: str, chance: Random) -> SignedCallback:
    own = callback.headers[_SIGNATURE]
    place = chance.randrange(3, len(own) - 2)
    other = chance.choice([one for one in "ABCxyz019+/" if one != own[place]])
    return altered(callback, signature=own[:place] + other + own[place + 1 :])


def _signature_respelled(callback: SignedCallback, _: str, chance: Random) -> SignedCallback:
    own = callback.headers[_SIGNATURE].removeprefix("v1,")
    raw = base64.b64decode(own)
    odd = [
        *(own, f"v1{own}", f"v1.{own}", f"V1,{own}", f"v2,{own}", f"v1a,{own}", f"v1,,{own}"),
        *(f"v1,{own[:-1]}", f"v1,{own}=", f"v1,{own[:20]}", f"v1,{raw.hex()}", f"v1,{own},", "v1,"),
        *(f"v1,{own.swapcase()}", f"v1,{own}\u00e9", "v1,\u00ff", "", "v1", ",", " "),
        *(f"v1,{own}\t", f"v1,{base64.b64encode(raw[:16]).decode()}", f"v1,~{own}"),
        *(f"v1,AAAA {'v1,AAAA ' * 50}", f"v1,{'A' * 4000}", f"sha256={raw.hex()}", f"v1,%3D{own}"),
    ]
    text = chance.choice(odd).strip("\t ")
    return altered(callback, signature="none" if text == callback.headers[_SIGNATURE] else text)


def _many_signatures(callback: SignedCallback, _: str, chance: Random) -> SignedCallback:
    some = (base64.b64encode(chance.randbytes(32)).decode() for _ in range(chance.randint(2, 40)))
    return altered(callback, signature=" ".join(f"v1,{one}" for one in some))


def _another_worker(callback: SignedCallback, _: str, chance: Random) -> SignedCallback:
    names = ("noop", "unknown", "", "DEMO", "demo.", "demo-sdxl", "\u0501emo", "demo,noop", "*")
    return altered(callback, worker=chance.choice(names))


def _header_missing(callback: SignedCallback, _: str, chance: Random) -> SignedCallback:
    gone = chance.choice([_ID, _TIME, _SIGNATURE, _WORKER])
    return callback._replace(
        headers={name: value for name, value in callback.headers.items() if name != gone}
    )


def _named_otherwise(callback: SignedCallback, _: str, chance: Random) -> SignedCallback:
    """Use the scheme's other header names, which we do not accept."""
    head = chance.choice(["svix", "x-webhook", "webhook_"])
    headers = {name.replace("webhook", head): value for name, value in callback.headers.items()}
    return callback._replace(headers=headers)


def _other_workers_signature(callback: SignedCallback, key: str, _: Random) -> SignedCallback:
    """Use the signature of another callback of the same worker."""
    return callback._replace(headers=signed_callback({"another": True}, key).headers)


_WAYS: dict[str, Forger] = {
    "another key": another_key,
    "another secret": another_secret,
    "another hash": another_hash,
    "another text signed": another_text,
    "no key": no_key,
    "bytes changed": _bytes_changed,
    "nothing in it": _empty,
    "fields changed": _fields_changed,
    "written otherwise": _written_otherwise,
    "id changed": _id_changed,
    "id and timestamp split otherwise": _id_split_otherwise,
    "timestamp changed": _time_changed,
    "stale": _stale,
    "signature changed": _signature_changed,
    "signature spelt otherwise": _signature_respelled,
    "many signatures": _many_signatures,
    "another worker's name": _another_worker,
    "a header missing": _header_missing,
    "headers named otherwise": _named_otherwise,
    "another callback's signature": _other_workers_signature,
}
