"""Standard Webhooks signatures (HMAC-SHA256) of messages between the functions and the workers.

The scheme (https://www.standardwebhooks.com) signs ``id.timestamp.body`` with a shared key and
uses the headers ``webhook-id``, ``webhook-timestamp`` and ``webhook-signature``. A fourth header,
``x-worker-id``, names the worker whose key it is.
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
"""Maximum difference between the sender's and the receiver's clock, in either direction."""

_PROOF_LABEL = b"ourvidz challenge proof v1"
"""Derives the key of proofs. It contains no dot, so no message signature can equal that key."""

_KEY_PREFIX = "whsec_"
_MIN_KEY_BYTES = 24
_MAX_ID_LENGTH = 200
_MAX_DIGITS = 12


class InvalidSignatureError(ValueError):
    """The message has no valid signature. The text of the error may be sent to the client."""


def new_key() -> str:
    """Return a new key of 32 random bytes, in the notation of Standard Webhooks."""
    return _KEY_PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def key_bytes(key: str) -> bytes:
    """Decode a key.

    Raises:
        ValueError: The key is malformed or shorter than 24 bytes.
    """
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
    """Sign a body; return the four signature headers.

    Args:
        key: The worker's key.
        worker_id: The worker whose key it is.
        message_id: A unique id of the message.
        timestamp: Unix time in seconds.
        body: The bytes of the body.
    """
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
    """Verify a message and return its webhook-id.

    Args:
        keys: The valid keys; there are several during a rotation.
        headers: The headers of the message.
        body: The bytes of the body.
        now: The current Unix time in seconds.
        tolerance_seconds: Maximum age of the timestamp, in either direction. None accepts any
            age: a job message may wait in its queue and carries an ``expiresAt``.

    Raises:
        InvalidSignatureError: The headers are malformed, missing, expired or wrong.
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
        hmac.compare_digest(valid.encode(), signature.encode())
        for valid in expected
        for signature in signatures
    ]
    if not any(matches):
        raise InvalidSignatureError("webhook-signature does not match")
    return message_id


def challenge_proof(key: str, *, worker_id: str, challenge: str) -> str:
    """Return the proof that a worker holds its key.

    The proof is the HMAC-SHA256 of the worker's id and the challenge, in base64. Its key is derived
    from the worker's key, so that no challenge can make a worker sign a message.
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
