"""JWT verification during key rotation, when tokens of the old key are still valid."""

import contextlib
from collections.abc import Sequence
from typing import Any

import jwt

_TIMES = ("exp", "nbf", "iat")
_MAX_TIME = 253_402_300_800
"""The first second of the year 10000 (UTC). Python and Postgres accept no later time."""


def decode_with_any_key(token: str, keys: Sequence[Any], **how: Any) -> dict[str, Any]:  # noqa: ANN401 - PyJWT's
    """Verify a token with each key in turn and return its claims.

    Args:
        token: The encoded JWT.
        keys: At least one key, tried in order.
        how: Further arguments of ``jwt.decode``.

    Raises:
        PyJWTError: The key that matches the signature, else the last one, rejects the token; or a
            time among the claims is not a number from 0 to the end of the year 9999.
    """
    for key in keys[:-1]:
        with contextlib.suppress(jwt.InvalidSignatureError):
            return _claims(token, key, how)
    return _claims(token, keys[-1], how)


def _claims(token: str, key: Any, how: dict[str, Any]) -> dict[str, Any]:  # noqa: ANN401 - of any algorithm
    try:
        claims: dict[str, Any] = jwt.decode(token, key, **how)
    except (ValueError, TypeError, OverflowError, RecursionError):  # PyJWT cannot parse a part
        raise jwt.InvalidTokenError("The token cannot be read") from None
    for name in _TIMES:
        if claims.get(name) is not None and not _is_time(claims[name]):
            raise jwt.InvalidTokenError(f"{name} must be a number of seconds before the year 10000")
    return claims


def _is_time(value: object) -> bool:
    """Return whether it is a NumericDate (RFC 7519, section 2). NaN and infinities are not."""
    return type(value) in {int, float} and 0 <= value < _MAX_TIME  # type: ignore[operator]
