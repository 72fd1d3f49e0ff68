"""The seal on every letter between the functions and the workers.

It is the Standard Webhooks scheme (https://www.standardwebhooks.com): HMAC-SHA256 over
``id.timestamp.body`` with a shared key, in the headers ``webhook-id``, ``webhook-timestamp`` and
``webhook-signature``. A fourth header, ``x-worker-id``, names whose key it is.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Iterable, Mapping

ID_HEADER = "webhook-id"
TIMESTAMP_HEADER = "webhook-timestamp"
SIGNATURE_HEADER = "webhook-signature"
WORKER_HEADER = "x-worker-id"

TOLERANCE_SECONDS = 300
"""How far a callback's clock may be off, either way."""

_PROOF_LABEL = b"ourvidz challenge proof v1"
"""Derives the key of proofs. It has no dot, so that no signature of a message is that key."""

_KEY_PREFIX = "whsec_"
_MIN_KEY_BYTES = 24
_MAX_ID_LENGTH = 200
_MAX_DIGITS = 12


class InvalidSignatureError(ValueError):
    """The letter does not carry a seal that one of the keys made. Its text is safe to answer."""


def new_key() -> str:
    """A fresh key of 32 random bytes, as Standard Webhooks writes one."""
    return _KEY_PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def key_bytes(key: str) -> bytes:
    """The bytes of a written key. Raises ValueError for one that is malformed or too short."""
    try:
        raw = base64.b64decode(key.removeprefix(_KEY_PREFIX), validate=True)
    except binascii.Error:
        raise ValueError("a worker key is not base64") from None
    if len(raw) < _MIN_KEY_BYTES:
        raise ValueError(f"a worker key holds fewer than {_MIN_KEY_BYTES} bytes")
    return raw


def sign(
    key: str, *, worker_id: str, message_id: str, timestamp: int, body: bytes
) -> dict[str, str]:
    """The four headers that seal ``body``; ``timestamp`` is in Unix seconds."""
    return {
        ID_HEADER: message_id,
        TIMESTAMP_HEADER: str(timestamp),
        SIGNATURE_HEADER: _signature(key, message_id, timestamp, body),
        WORKER_HEADER: worker_id,
    }


def verify(
    keys: Iterable[str],
    headers: Mapping[str, str],
    body: bytes,
    *,
    now: float,
    tolerance_seconds: float | None = TOLERANCE_SECONDS,
) -> str:
    """Check a letter against each of ``keys`` and return its webhook-id.

    Several keys are valid at once while one is rotated. A ``tolerance_seconds`` of None takes a
    letter of any age: a job message may wait in its queue and carries its own ``expiresAt``.

    Raises:
        InvalidSignatureError: the headers are malformed, missing, expired or wrong.
    """
    message_id = headers.get(ID_HEADER, "")
    is_printable = message_id.isascii() and message_id.isprintable()
    if not (0 < len(message_id) <= _MAX_ID_LENGTH and is_printable):
        raise InvalidSignatureError("webhook-id is missing or malformed")
    timestamp = _timestamp(headers.get(TIMESTAMP_HEADER, ""))
    if tolerance_seconds is not None and abs(now - timestamp) > tolerance_seconds:
        raise InvalidSignatureError(
            "webhook-timestamp is too far from this server's clock; see Date"
        )
    signatures = headers.get(SIGNATURE_HEADER, "").split(" ")
    expected = [_signature(key, message_id, timestamp, body) for key in keys]
    matches = [
        hmac.compare_digest(one.encode(), other.encode())
        for one in expected
        for other in signatures
    ]
    if not any(matches):
        raise InvalidSignatureError("webhook-signature does not match")
    return message_id


def challenge_proof(key: str, *, worker_id: str, challenge: str) -> str:
    """The proof that a worker holds its key: HMAC-SHA256 of its id and the challenge, in base64.

    Proofs have a key of their own, derived from the worker's: whatever the challenge says, its
    proof is no signature of a message.
    """
    proof_key = hmac.digest(key_bytes(key), _PROOF_LABEL, hashlib.sha256)
    text = f"{worker_id}\n{challenge}".encode()
    return base64.b64encode(hmac.digest(proof_key, text, hashlib.sha256)).decode()


def _signature(key: str, message_id: str, timestamp: int, body: bytes) -> str:
    text = f"{message_id}.{timestamp}.".encode() + body
    digest = hmac.digest(key_bytes(key), text, hashlib.sha256)
    return "v1," + base64.b64encode(digest).decode()


def _timestamp(text: str) -> int:
    if not (0 < len(text) <= _MAX_DIGITS and text.isascii() and text.isdigit()):
        raise InvalidSignatureError("webhook-timestamp is missing or no plain decimal integer")
    return int(text)
