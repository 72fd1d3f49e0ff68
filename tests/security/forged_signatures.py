"""Signatures that were not made with the worker's key, over unaltered callbacks."""

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
from tests.security.running_jobs import SignedCallback, signed_callback


def altered(callback: SignedCallback, **headers: str) -> SignedCallback:
    """Return the callback with other headers."""
    names = {
        "id": ID_HEADER,
        "time": TIMESTAMP_HEADER,
        "signature": SIGNATURE_HEADER,
        "worker": WORKER_HEADER,
    }
    return callback._replace(
        headers={**callback.headers, **{names[one]: value for one, value in headers.items()}}
    )


def another_key(callback: SignedCallback, _: str, chance: Random) -> SignedCallback:
    """Sign with a key that is not the worker's."""
    others = (webhook_signature.new_key(), keys.worker_key("noop"), _written(chance.randbytes(24)))
    return signed_callback(callback.body, chance.choice(others))


def another_secret(callback: SignedCallback, _: str, chance: Random) -> SignedCallback:
    """Sign with other secrets or known values of the system."""
    known = (b"", b"demo", b"whsec_", keys.secret("jwt-secret").encode(), chance.randbytes(3))
    return _by_hand(callback, chance.choice(known), "sha256")


def another_hash(callback: SignedCallback, key: str, chance: Random) -> SignedCallback:
    """Sign with the worker's key, but with another hash."""
    return _by_hand(
        callback, webhook_signature.key_bytes(key), chance.choice(["md5", "sha1", "sha512"])
    )


def another_text(callback: SignedCallback, key: str, chance: Random) -> SignedCallback:
    """Sign another text than ``id.timestamp.body``."""
    message_id, moment = callback.headers[ID_HEADER], callback.headers[TIMESTAMP_HEADER]
    variant = chance.choice([
        callback.body,
        f"{message_id}.".encode() + callback.body,
        f"{moment}.{message_id}.".encode() + callback.body,
        f"{message_id}.{moment}.".encode(),
        f"{message_id}{moment}".encode() + callback.body,
    ])  # fmt: skip
    digest = hmac.digest(webhook_signature.key_bytes(key), variant, "sha256")
    return altered(callback, signature="v1," + base64.b64encode(digest).decode())


def no_key(callback: SignedCallback, _: str, __: Random) -> SignedCallback:
    """Return a plain hash, which needs no key."""
    digest = hashlib.sha256(callback.body).digest()
    return altered(callback, signature="v1," + base64.b64encode(digest).decode())


def _by_hand(callback: SignedCallback, secret: bytes, digest: str) -> SignedCallback:
    signed_content = (
        f"{callback.headers[ID_HEADER]}.{callback.headers[TIMESTAMP_HEADER]}.".encode()
        + callback.body
    )
    made = hmac.new(secret, signed_content, digest).digest()
    return altered(callback, signature="v1," + base64.b64encode(made).decode())


def _written(raw: bytes) -> str:
    return "whsec_" + base64.b64encode(raw).decode()
