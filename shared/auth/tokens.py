"""JWT verification: key rotation and canonical encoding."""

import base64
import contextlib
import re
from collections.abc import Sequence
from typing import Any

import jwt

_TIMES = ("exp", "nbf", "iat")
_MAX_TIME = 253_402_300_800
"""The first second of the year 10000 (UTC). Python and Postgres accept no later time."""


def decode_with_any_key(token: str, keys: Sequence[Any], **options: Any) -> dict[str, Any]:  # noqa: ANN401 - PyJWT's
    """Verify a token with each key in turn and return its claims.

    Args:
        token: The encoded JWT.
        keys: At least one key, tried in order.
        options: Further arguments of ``jwt.decode``.

    Raises:
        PyJWTError: The key that matches the signature, else the last one, rejects the token; or a
            time among the claims is not a number from 0 to the end of the year 9999.
    """
    for key in keys[:-1]:
        with contextlib.suppress(jwt.InvalidSignatureError):
            return _claims(token, key, options)
    return _claims(token, keys[-1], options)


def _claims(token: str, key: Any, options: dict[str, Any]) -> dict[str, Any]:  # noqa: ANN401 - of any algorithm
    try:
        claims: dict[str, Any] = jwt.decode(token, key, **options)
    except (ValueError, TypeError, OverflowError, RecursionError):  # PyJWT cannot parse a part
        raise jwt.InvalidTokenError("The token cannot be read") from None
    for name in _TIMES:
        if claims.get(name) is not None and not _is_time(claims[name]):
            raise jwt.InvalidTokenError(f"{name} must be a number of seconds before the year 10000")
    return claims


def _is_time(value: object) -> bool:
    """Return whether it is a NumericDate (RFC 7519, section 2). NaN and infinities are not."""
    return type(value) in {int, float} and 0 <= value < _MAX_TIME  # type: ignore[operator]


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
