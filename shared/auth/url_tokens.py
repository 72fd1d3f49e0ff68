"""Signed URL tokens for storage downloads and uploads.

Downloads and uploads use different audiences, so a token for one is not valid for the other.
"""

from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

import jwt

from shared.auth import tokens
from shared.errors import ServiceUnavailableError, UnauthenticatedError
from shared.services import Services

_Audience = Literal["storage", "storage-upload"]


@dataclass(frozen=True, slots=True)
class DownloadGrant:
    """Permission of a download token."""

    object_key: str
    """The bucket's public name and the path, joined by a slash."""
    seconds_left: int


@dataclass(frozen=True, slots=True)
class UploadGrant:
    """Permission of an upload token."""

    object_key: str
    owner: UUID
    """The user who requested the URL and will own the upload."""
    replaces: bool


def issue(object_key: str, seconds: int, services: Services) -> str:
    """Return a token to read the object ``object_key``, valid for ``seconds``."""
    return _issue("storage", object_key, seconds, services)


def issue_upload(
    object_key: str, seconds: int, services: Services, *, owner: UUID, replaces: bool
) -> str:
    """Return a token to upload to ``object_key``, valid for ``seconds``.

    Args:
        object_key: The bucket's public name and the path, joined by a slash.
        seconds: How long the token is valid.
        services: Provides the clock and the signing secret.
        owner: The user who will own the upload.
        replaces: Whether an existing object may be overwritten.
    """
    claims = {"owner": str(owner), "upsert": replaces}
    return _issue("storage-upload", object_key, seconds, services, **claims)


def signed_path(bucket: str, path: str, seconds: int, services: Services) -> str:
    """Return a signed URL path below ``/storage/v1``, valid for ``seconds`` for any caller."""
    token = issue(f"{bucket}/{path}", seconds, services)
    return f"/object/sign/{bucket}/{path}?token={token}"


def check(token: str, services: Services) -> DownloadGrant:
    """Verify a download token.

    Raises:
        UnauthenticatedError: The token has expired or its signature is invalid.
    """
    claims = _claims("storage", token, services)
    return DownloadGrant(claims["url"], int(claims["exp"] - services.clock()))


def check_upload(token: str, services: Services) -> UploadGrant:
    """Verify an upload token.

    Raises:
        UnauthenticatedError: The token has expired or its signature is invalid.
    """
    claims = _claims("storage-upload", token, services, "owner", "upsert")
    return UploadGrant(claims["url"], UUID(claims["owner"]), claims["upsert"] is True)


def _issue(
    audience: _Audience, object_key: str, seconds: int, services: Services, **more: object
) -> str:
    now = int(services.clock())
    claims = {**more, "url": object_key, "aud": audience, "iat": now, "exp": now + seconds}
    return jwt.encode(claims, _signing_secrets(services)[0], algorithm="HS256")


def _claims(audience: _Audience, token: str, services: Services, *more: str) -> dict[str, Any]:
    try:
        return tokens.decode_with_any_key(
            token,
            _signing_secrets(services),
            algorithms=["HS256"],
            audience=audience,
            options={"require": ["exp", "aud", "url", *more], "strict_aud": True},
        )
    except jwt.ExpiredSignatureError:
        raise UnauthenticatedError("The signed URL has expired.", code="url_expired") from None
    except (jwt.PyJWTError, ValueError):
        raise UnauthenticatedError("The URL signature is invalid.") from None


def _signing_secrets(services: Services) -> list[str]:
    secrets = services.settings.url_token_secret
    if not secrets:
        raise ServiceUnavailableError("Signed URLs are not configured.")
    return [secret.get_secret_value() for secret in secrets]
