"""The token of a signed address: it proves what may be done with which object, and until when.

Reading and writing are different audiences, so that neither token does for the other.
"""

from typing import Any, Literal, NamedTuple
from uuid import UUID

import jwt

from shared.auth import signed_tokens
from shared.errors import ServiceUnavailableError, UnauthenticatedError
from shared.services import Services

_Audience = Literal["storage", "storage-upload"]


class DownloadGrant(NamedTuple):
    """What a token allows."""

    place: str
    """The bucket's public name and the path, with a slash between."""
    seconds_left: int


class UploadGrant(NamedTuple):
    """What the token of an address for an upload allows."""

    place: str
    owner: UUID
    """Who asked for it, and whose the upload will be."""
    replaces: bool


def issue(place: str, seconds: int, services: Services) -> str:
    """A token for that object, for ``seconds``."""
    return _issue("storage", place, seconds, services)


def issue_upload(
    place: str, seconds: int, services: Services, *, owner: UUID, replaces: bool
) -> str:
    """A token to put an object there, for ``seconds``."""
    claims = {"owner": str(owner), "upsert": replaces}
    return _issue("storage-upload", place, seconds, services, **claims)


def signed_path(bucket: str, path: str, seconds: int, services: Services) -> str:
    """The address of an object for whoever holds it, for ``seconds``; below ``/storage/v1``."""
    token = issue(f"{bucket}/{path}", seconds, services)
    return f"/object/sign/{bucket}/{path}?token={token}"


def check(token: str, services: Services) -> DownloadGrant:
    """What a token allows now.

    Raises:
        UnauthenticatedError: where it has expired, or is not ours.
    """
    claims = _claims("storage", token, services)
    return DownloadGrant(claims["url"], int(claims["exp"] - services.clock()))


def check_upload(token: str, services: Services) -> UploadGrant:
    """What a token allows to be put now.

    Raises:
        UnauthenticatedError: where it has expired, or is not ours.
    """
    claims = _claims("storage-upload", token, services, "owner", "upsert")
    return UploadGrant(claims["url"], UUID(claims["owner"]), claims["upsert"] is True)


def _issue(
    audience: _Audience, place: str, seconds: int, services: Services, **more: object
) -> str:
    now = int(services.clock())
    claims = {**more, "url": place, "aud": audience, "iat": now, "exp": now + seconds}
    return jwt.encode(claims, _signing_secrets(services)[0], algorithm="HS256")


def _claims(audience: _Audience, token: str, services: Services, *more: str) -> dict[str, Any]:
    try:
        return signed_tokens.decode_with_any_key(
            token,
            _signing_secrets(services),
            algorithms=["HS256"],
            audience=audience,
            options={"require": ["exp", "aud", "url", *more], "strict_aud": True},
        )
    except jwt.ExpiredSignatureError:
        raise UnauthenticatedError("The address has expired.", code="url_expired") from None
    except (jwt.PyJWTError, ValueError):
        raise UnauthenticatedError("The address is not signed by us.") from None


def _signing_secrets(services: Services) -> list[str]:
    secrets = services.settings.url_token_secret
    if not secrets:
        raise ServiceUnavailableError("Signed addresses are not configured.")
    return [secret.get_secret_value() for secret in secrets]
