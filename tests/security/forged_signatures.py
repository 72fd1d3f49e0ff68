"""Seals that the worker's key did not make, over letters that are whole."""

import base64
import hashlib
import hmac
from random import Random

from infra.local.config import keys
from shared.contracts import webhook_signature
from shared.contracts.webhook_signature import (
    ID_HEADER,
    SIGNATURE_HEADER,
    TIMESTAMP_HEADER,
    WORKER_HEADER,
)
from tests.security.running_jobs import Letter, sealed


def altered(letter: Letter, **headers: str) -> Letter:
    """The letter with other headers."""
    names = {
        "id": ID_HEADER,
        "time": TIMESTAMP_HEADER,
        "seal": SIGNATURE_HEADER,
        "worker": WORKER_HEADER,
    }
    return letter._replace(
        headers={**letter.headers, **{names[one]: value for one, value in headers.items()}}
    )


def another_key(letter: Letter, _: str, chance: Random) -> Letter:
    """Sealed with a key that is not the worker's."""
    others = (webhook_signature.new_key(), keys.worker_key("noop"), _written(chance.randbytes(24)))
    return sealed(letter.body, chance.choice(others))


def another_secret(letter: Letter, _: str, chance: Random) -> Letter:
    """Sealed with what else is secret, or known, of the system."""
    known = (b"", b"demo", b"whsec_", keys.secret("jwt-secret").encode(), chance.randbytes(3))
    return _by_hand(letter, chance.choice(known), "sha256")


def another_hash(letter: Letter, key: str, chance: Random) -> Letter:
    """Sealed with the worker's key, by another hash."""
    return _by_hand(
        letter, webhook_signature.key_bytes(key), chance.choice(["md5", "sha1", "sha512"])
    )


def another_text(letter: Letter, key: str, chance: Random) -> Letter:
    """The seal of something else than ``id.timestamp.body``."""
    message_id, moment = letter.headers[ID_HEADER], letter.headers[TIMESTAMP_HEADER]
    told = chance.choice([
        letter.body,
        f"{message_id}.".encode() + letter.body,
        f"{moment}.{message_id}.".encode() + letter.body,
        f"{message_id}.{moment}.".encode(),
        f"{message_id}{moment}".encode() + letter.body,
    ])  # fmt: skip
    digest = hmac.digest(webhook_signature.key_bytes(key), told, "sha256")
    return altered(letter, seal="v1," + base64.b64encode(digest).decode())


def no_key(letter: Letter, _: str, __: Random) -> Letter:
    """A hash that anybody can make."""
    digest = hashlib.sha256(letter.body).digest()
    return altered(letter, seal="v1," + base64.b64encode(digest).decode())


def _by_hand(letter: Letter, secret: bytes, digest: str) -> Letter:
    told = f"{letter.headers[ID_HEADER]}.{letter.headers[TIMESTAMP_HEADER]}.".encode() + letter.body
    made = hmac.new(secret, told, digest).digest()
    return altered(letter, seal="v1," + base64.b64encode(made).decode())


def _written(raw: bytes) -> str:
    return "whsec_" + base64.b64encode(raw).decode()
