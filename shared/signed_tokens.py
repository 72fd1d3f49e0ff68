"""Tokens whose key is changed now and then: two are valid while what the old one signed lasts."""

import contextlib
from collections.abc import Sequence
from typing import Any

import jwt


def decode(token: str, keys: Sequence[Any], **how: Any) -> dict[str, Any]:  # noqa: ANN401 - PyJWT's
    """The claims, by whichever of the keys signed them.

    Raises:
        PyJWTError: what the last of them says; a signature that fits is judged by its own key.
    """
    for key in keys[:-1]:
        with contextlib.suppress(jwt.InvalidSignatureError):
            return _claims(token, key, how)
    return _claims(token, keys[-1], how)


def _claims(token: str, key: Any, how: dict[str, Any]) -> dict[str, Any]:  # noqa: ANN401 - of any algorithm
    claims: dict[str, Any] = jwt.decode(token, key, **how)
    return claims
