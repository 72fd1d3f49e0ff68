"""Callbacks that no worker sealed, or not as they are sent: a new way of each kind, by chance."""

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
from tests.security.running_jobs import Letter, Victim, sealed

_ID, _TIME, _SEAL, _WORKER = ID_HEADER, TIMESTAMP_HEADER, SIGNATURE_HEADER, WORKER_HEADER


class Forgery(NamedTuple):
    """A letter that must not be heard."""

    name: str
    body: bytes
    headers: dict[bytes, bytes]


Forger = Callable[[Letter, str, Random], Letter]


def make(victims: Sequence[Victim], key: str, chance: Random, count: int) -> Iterator[Forgery]:
    """So many of them, each way in turn."""
    ways = list(_WAYS.items())
    for number in range(count):
        kind, body = chance.choice(list(chance.choice(victims).bodies().items()))
        name, way = ways[number % len(ways)]
        forged = way(sealed(body, key), key, chance)
        raw = {one.encode(): value.encode() for one, value in forged.headers.items()}
        headers = {b"content-type": b"application/json", **raw}
        yield Forgery(f"{kind}, {name}", forged.body, headers)


def _bytes_changed(letter: Letter, _: str, chance: Random) -> Letter:
    body = bytearray(letter.body)
    for _i in range(chance.randint(1, 3)):
        place = chance.randrange(len(body))
        body[place] ^= chance.randint(1, 255)
    return letter._replace(body=bytes(body)) if bytes(body) != letter.body else _empty(letter)


def _empty(letter: Letter, *_: object) -> Letter:
    return letter._replace(body=b"")


def _fields_changed(letter: Letter, _: str, chance: Random) -> Letter:
    told = json.loads(letter.body)
    name, value = chance.choice([
        ("status", chance.choice(["completed", "failed", "processing", "queued"])),
        ("userId", str(uuid4())),
        ("jobId", str(uuid4())),
        ("claimId", str(uuid4())),
        ("errorMessage", "changed"),
        ("dispatchNo", chance.randint(2, 99)),
        ("progress", chance.random()),
    ])  # fmt: skip
    body = json.dumps({**told, name: value}).encode()
    return letter._replace(body=body) if body != letter.body else _empty(letter)


def _written_otherwise(letter: Letter, _: str, chance: Random) -> Letter:
    """The same meaning in other bytes."""
    told = json.loads(letter.body)
    again = [
        json.dumps(told, separators=(",", ":")),
        json.dumps(told, indent=1),
        letter.body.decode() + "\n",
        " " + letter.body.decode(),
        "\ufeff" + letter.body.decode(),
        json.dumps(dict(reversed(told.items()))),
    ]
    return letter._replace(body=chance.choice(again).encode())


def _id_changed(letter: Letter, _: str, chance: Random) -> Letter:
    own = letter.headers[_ID]
    others = (f"{own}x", own[:-1], own.upper(), f"msg_{chance.getrandbits(128):x}", "x" * 201, "")
    return altered(letter, id=chance.choice(others))


def _id_split_otherwise(letter: Letter, key: str, _: Random) -> Letter:
    """``id.timestamp.body`` with its dots elsewhere: the signed text is the same."""
    now = int(letter.headers[_TIME])
    whole = sealed(f"{now}.".encode() + letter.body, key, message_id="msg", timestamp=now)
    return altered(whole, id=f"msg.{now}")._replace(body=letter.body)


def _time_changed(letter: Letter, _: str, chance: Random) -> Letter:
    own = letter.headers[_TIME]
    off = chance.choice([-1, 1]) * chance.randint(1, 299)
    odd = [f"{own}.0", f"0{own}", f"+{own}", f"-{own}", f"{own}e0", hex(int(own)), "NaN", ""]
    wide = "".join(chr(0xFF10 + int(digit)) for digit in own)
    return altered(letter, time=chance.choice([str(int(own) + off), wide, f"{own}_0", *odd]))


def _stale(letter: Letter, key: str, chance: Random) -> Letter:
    """Sealed well, long ago or in the future."""
    off = chance.choice([-1, 1]) * chance.choice([310, 400, 3600, 86400, 10**9])
    return sealed(letter.body, key, timestamp=max(1, time.time() + off))


def _seal_changed(letter: Letter, _: str, chance: Random) -> Letter:
    own = letter.headers[_SEAL]
    place = chance.randrange(3, len(own) - 2)
    other = chance.choice([one for one in "ABCxyz019+/" if one != own[place]])
    return altered(letter, seal=own[:place] + other + own[place + 1 :])


def _seal_spelt_otherwise(letter: Letter, _: str, chance: Random) -> Letter:
    own = letter.headers[_SEAL].removeprefix("v1,")
    raw = base64.b64decode(own)
    odd = [
        *(own, f"v1{own}", f"v1.{own}", f"V1,{own}", f"v2,{own}", f"v1a,{own}", f"v1,,{own}"),
        *(f"v1,{own[:-1]}", f"v1,{own}=", f"v1,{own[:20]}", f"v1,{raw.hex()}", f"v1,{own},", "v1,"),
        *(f"v1,{own.swapcase()}", f"v1,{own}\u00e9", "v1,\u00ff", "", "v1", ",", " "),
        *(f"v1,{own}\t", f"v1,{base64.b64encode(raw[:16]).decode()}", f"v1,~{own}"),
        *(f"v1,AAAA {'v1,AAAA ' * 50}", f"v1,{'A' * 4000}", f"sha256={raw.hex()}", f"v1,%3D{own}"),
    ]
    told = chance.choice(odd).strip("\t ")
    return altered(letter, seal="none" if told == letter.headers[_SEAL] else told)


def _many_seals(letter: Letter, _: str, chance: Random) -> Letter:
    some = (base64.b64encode(chance.randbytes(32)).decode() for _ in range(chance.randint(2, 40)))
    return altered(letter, seal=" ".join(f"v1,{one}" for one in some))


def _another_worker(letter: Letter, _: str, chance: Random) -> Letter:
    names = ("noop", "nobody", "", "DEMO", "demo.", "demo-sdxl", "\u0501emo", "demo,noop", "*")
    return altered(letter, worker=chance.choice(names))


def _header_missing(letter: Letter, _: str, chance: Random) -> Letter:
    gone = chance.choice([_ID, _TIME, _SEAL, _WORKER])
    return letter._replace(
        headers={name: value for name, value in letter.headers.items() if name != gone}
    )


def _named_otherwise(letter: Letter, _: str, chance: Random) -> Letter:
    """The scheme's other names for its headers, which are not ours."""
    head = chance.choice(["svix", "x-webhook", "webhook_"])
    headers = {name.replace("webhook", head): value for name, value in letter.headers.items()}
    return letter._replace(headers=headers)


def _anothers_seal(letter: Letter, key: str, _: Random) -> Letter:
    """Of another letter of the same worker's."""
    return letter._replace(headers=sealed({"another": True}, key).headers)


_WAYS: dict[str, Forger] = {
    "another key": another_key,
    "another secret": another_secret,
    "another hash": another_hash,
    "another text sealed": another_text,
    "no key": no_key,
    "bytes changed": _bytes_changed,
    "nothing in it": _empty,
    "fields changed": _fields_changed,
    "written otherwise": _written_otherwise,
    "id changed": _id_changed,
    "id and timestamp split otherwise": _id_split_otherwise,
    "timestamp changed": _time_changed,
    "stale": _stale,
    "seal changed": _seal_changed,
    "seal spelt otherwise": _seal_spelt_otherwise,
    "many seals": _many_seals,
    "another worker's name": _another_worker,
    "a header missing": _header_missing,
    "headers named otherwise": _named_otherwise,
    "another letter's seal": _anothers_seal,
}
