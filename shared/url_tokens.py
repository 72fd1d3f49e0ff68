"""The token of a signed address: it proves which object may be had, and until when."""

from typing import Any, NamedTuple

import jwt

from shared.errors import UnauthenticatedError, UnavailableError
from shared.services import Services

_AUDIENCE = "storage"


class Grant(NamedTuple):
    """What a token allows."""

    place: str
    """The bucket's public name and the path, with a slash between."""
    seconds_left: int


def issue(place: str, seconds: int, services: Services) -> str:
    """A token for that object, for ``seconds``."""
    now = int(services.clock())
    claims = {"url": place, "aud": _AUDIENCE, "iat": now, "exp": now + seconds}
    return jwt.encode(claims, _secret(services), algorithm="HS256")


def address(bucket: str, path: str, seconds: int, services: Services) -> str:
    """The address of an object for whoever holds it, for ``seconds``; below ``/storage/v1``."""
    token = issue(f"{bucket}/{path}", seconds, services)
    return f"/object/sign/{bucket}/{path}?token={token}"


def check(token: str, services: Services) -> Grant:
    """What a token allows now.

    Raises:
        UnauthenticatedError: where it has expired, or is not ours.
    """
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            _secret(services),
            algorithms=["HS256"],
            audience=_AUDIENCE,
            options={"require": ["exp", "aud", "url"]},
        )
    except jwt.ExpiredSignatureError:
        raise UnauthenticatedError("The address has expired.", code="url_expired") from None
    except (jwt.PyJWTError, ValueError):
        raise UnauthenticatedError("The address is not signed by us.") from None
    return Grant(claims["url"], int(claims["exp"] - services.clock()))


def _secret(services: Services) -> str:
    secret = services.settings.url_token_secret
    if secret is None:
        raise UnavailableError("Signed addresses are not configured.")
    return secret.get_secret_value()
