"""Canonical encoding of JWTs: accept one spelling where decoders accept several."""

import base64
import re

_MAX_CHARACTERS = 16_384
_TOKEN = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.([A-Za-z0-9_-]+)")


def is_canonical(token: str) -> bool:
    """Return whether a token has three base64url parts and a canonically encoded signature.

    Decoders ignore characters outside base64url, padding, and unused bits of the last character,
    so a token altered in these would still verify. The signature covers the first two parts.
    """
    match = _TOKEN.fullmatch(token) if len(token) <= _MAX_CHARACTERS else None
    if not match:
        return False
    signature = match[1].encode()
    try:
        raw = base64.urlsafe_b64decode(signature + b"=" * (-len(signature) % 4))
    except ValueError:
        return False
    return base64.urlsafe_b64encode(raw).rstrip(b"=") == signature
