"""Authenticators: resolve the caller of a request or raise an error.

The key and the algorithm come from the configuration of the issuer, never from the token's header.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import jwt

from shared.auth import tokens
from shared.contracts import webhook_signature
from shared.db.pool import Role
from shared.db.queries import event_tickets, user_roles, workers
from shared.errors import ForbiddenError, UnauthenticatedError
from shared.http import HttpRequest
from shared.services import Services
from shared.telemetry.logs import bind

_REFUSED_HEADERS = frozenset({"jku", "x5u", "jwk", "x5c", "crit"})
_SUPABASE_ISSUER = "supabase"
"""Issuer that Supabase writes into a project's anon key."""

_GOOGLE_ISSUER = "accounts.google.com"
"""Google's tokens name their issuer with or without the scheme."""

_LEEWAY_SECONDS = 5

_MESSAGE_ID = re.compile(r"[!-\-/-~]+")
_TIMESTAMP = re.compile(r"0|[1-9][0-9]*")
"""Stricter than Standard Webhooks: with no full stop in the id and no leading zero in the
timestamp, a signed text has only one possible reading."""


@dataclass(frozen=True, slots=True)
class User:
    """A signed-in user."""

    id: UUID
    claims: Mapping[str, Any] = field(repr=False)
    role: Role = "authenticated"


@dataclass(frozen=True, slots=True)
class Anon:
    """An anonymous caller, with the project's anon key or (``has_key`` false) no credential."""

    has_key: bool
    claims: Mapping[str, Any] = field(default_factory=dict, repr=False)
    role: Role = "anon"


@dataclass(frozen=True, slots=True)
class Worker:
    """A worker, identified by its key, and the id of the message it sent."""

    key_id: str
    message_id: str
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Scheduler:
    """Cloud Scheduler, or the local system's timer."""


async def require_user(call: HttpRequest, services: Services) -> User:
    """Return the user of a valid JWT. The anon and service-role keys are not accepted.

    Raises:
        UnauthenticatedError: The token is missing, invalid or expired, or not a user's.
    """
    return await _user_of(_bearer(call), services)


async def _user_of(token: str, services: Services) -> User:
    claims = await _decode_user_token(
        token,
        services,
        required=["exp", "sub", "aud", "iss"],
        audience=services.settings.jwt_audience,
        issuer=services.settings.jwt_issuer,
    )
    if claims.get("role") != "authenticated":
        raise UnauthenticatedError("The token does not belong to a signed-in user.")
    user = User(_uuid(claims["sub"]), claims)
    bind(user_id=str(user.id))
    return user


async def require_admin(call: HttpRequest, services: Services) -> User:
    """Return the user if the token is an admin's.

    Raises:
        UnauthenticatedError: As ``require_user``.
        ForbiddenError: The user is not an admin.
    """
    user = await require_user(call, services)
    if not await is_admin(user, services):
        raise ForbiddenError("Admin access is required.")
    return user


async def is_admin(user: User, services: Services) -> bool:
    """Return whether the token and the table ``user_roles`` both name the user an admin.

    A token stays valid after the role was revoked, so the table is checked too, except in the
    local system.
    """
    app_metadata = user.claims.get("app_metadata")
    if not isinstance(app_metadata, dict) or app_metadata.get("role") != "admin":
        return False
    if services.settings.local_system:
        return True
    async with services.database.transaction() as connection:
        return await user_roles.has(connection, user_id=user.id, role="admin")


async def require_user_or_anon(call: HttpRequest, services: Services) -> User | Anon:
    """Return the user of a valid JWT, or an anonymous caller with the project's anon key.

    Raises:
        UnauthenticatedError: The token is missing, invalid or expired.
    """
    return await authenticate_token(_bearer(call), services)


async def authenticate_token(token: str, services: Services) -> User | Anon:
    """Return the user of a JWT, or an anonymous caller for the project's anon key.

    Raises:
        UnauthenticatedError: The token is invalid or expired.
    """
    _check_encoding(token)
    if _unverified_role(token) != "anon":
        return await _user_of(token, services)
    claims = await _decode_user_token(
        token,
        services,
        required=["exp", "iss"],
        audience=None,
        issuer=[services.settings.jwt_issuer, _SUPABASE_ISSUER],
    )
    return Anon(has_key=True, claims=claims)


async def optional_user(call: HttpRequest, services: Services) -> User | Anon:
    """Return the caller; a credential is optional, but one that is sent must be valid.

    Raises:
        UnauthenticatedError: The request carries an invalid token.
    """
    if "authorization" not in call.headers:
        return Anon(has_key=False)
    return await require_user_or_anon(call, services)


async def require_worker(call: HttpRequest, services: Services) -> Worker:
    """Return the worker that signed the request.

    Raises:
        UnauthenticatedError: The signature, the id or the timestamp is missing or invalid.
    """
    key_id = call.headers.get(webhook_signature.WORKER_HEADER, "")
    message_id = call.headers.get(webhook_signature.ID_HEADER, "")
    sent_at = call.headers.get(webhook_signature.TIMESTAMP_HEADER, "")
    body = await call.body()
    if not (_MESSAGE_ID.fullmatch(message_id) and _TIMESTAMP.fullmatch(sent_at)):
        raise UnauthenticatedError("webhook-id or webhook-timestamp is missing or malformed.")
    try:
        webhook_signature.verify(
            services.settings.worker_keys_for(key_id), call.headers, body, now=services.clock()
        )
    except webhook_signature.InvalidSignatureError as error:
        raise UnauthenticatedError(f"Invalid signature: {error}.") from None
    bind(worker=key_id)
    return Worker(key_id, message_id, body)


async def require_scheduler(call: HttpRequest, services: Services) -> Scheduler:
    """Accept Cloud Scheduler's Google OIDC token, by its audience and service account.

    Raises:
        UnauthenticatedError: The token is invalid, or no scheduler is configured.
    """
    settings = services.settings
    token = _bearer(call)
    if not (settings.scheduler_email and settings.scheduler_audience):
        raise UnauthenticatedError("No scheduler is configured.")
    key = await services.oidc_jwks.get(_header(token, "RS256").get("kid", ""))
    claims = _decode(
        token,
        [key],
        algorithm="RS256",
        required=["exp", "iat", "aud", "iss", "email"],
        audience=settings.scheduler_audience,
        issuer=[settings.oidc_issuer, _GOOGLE_ISSUER],
    )
    if claims["email"] != settings.scheduler_email or claims.get("email_verified") is not True:
        raise UnauthenticatedError("The token does not belong to the scheduler.")
    return Scheduler()


def _bearer(call: HttpRequest) -> str:
    scheme, _, token = call.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise UnauthenticatedError("An Authorization header with a Bearer token is required.")
    token = token.strip()
    _check_encoding(token)
    return token


def _check_encoding(token: str) -> None:
    if not tokens.is_canonical(token):
        raise UnauthenticatedError("The token is malformed.")


def _header(token: str, algorithm: str) -> dict[str, Any]:
    """Return the token's header. Callers may trust nothing in it but the kid."""
    try:
        header: dict[str, Any] = jwt.get_unverified_header(token)
    except (jwt.PyJWTError, ValueError, RecursionError):
        raise UnauthenticatedError("The token is malformed.") from None
    if header.get("alg") != algorithm or _REFUSED_HEADERS & header.keys():
        raise UnauthenticatedError("The token's algorithm or header is not supported.")
    return header


def _unverified_role(token: str) -> object:
    """Return the unverified role claim, used only to choose which full verification to run."""
    try:
        return jwt.decode(token, options={"verify_signature": False}).get("role")
    except (jwt.PyJWTError, ValueError, RecursionError):
        raise UnauthenticatedError("The token is malformed.") from None


async def _decode_user_token(
    token: str,
    services: Services,
    *,
    required: list[str],
    audience: str | None,
    issuer: str | list[str],
) -> dict[str, Any]:
    settings = services.settings
    header = _header(token, settings.jwt_algorithm)
    keys: list[Any] = [secret.get_secret_value() for secret in settings.jwt_secret]
    if not keys:
        keys = [await services.user_jwks.get(str(header.get("kid", "")))]
    return _decode(
        token,
        keys,
        algorithm=settings.jwt_algorithm,
        required=required,
        audience=audience,
        issuer=issuer,
    )


def _decode(
    token: str,
    keys: list[Any],
    *,
    algorithm: str,
    required: list[str],
    audience: str | None,
    issuer: str | list[str],
) -> dict[str, Any]:
    if keys == [None]:
        raise UnauthenticatedError("The token was signed with an unknown key.")
    try:
        return tokens.decode_with_any_key(
            token,
            keys,
            algorithms=[algorithm],
            audience=audience,
            issuer=issuer,
            leeway=_LEEWAY_SECONDS,
            options={"require": required, "verify_aud": audience is not None},
        )
    except jwt.ExpiredSignatureError:
        raise UnauthenticatedError("The token has expired.", code="token_expired") from None
    except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError):
        raise UnauthenticatedError("The token is not valid.") from None


def _uuid(text: object) -> UUID:
    try:
        value = UUID(str(text))
    except ValueError:
        value = None
    if value is None or str(value) != str(text).lower():
        raise UnauthenticatedError("The token's subject is not a user id.")
    return value


async def require_user_or_ticket(call: HttpRequest, services: Services) -> User:
    """Return the user of a JWT or, for a GET request, of a single-use event ticket.

    Raises:
        UnauthenticatedError: The token is invalid, or the ticket unknown, used or expired.
    """
    ticket = call.query.get("ticket")
    if ticket is None or call.method != "GET" or "authorization" in call.headers:
        return await require_user(call, services)
    async with services.database.transaction() as connection:
        redeemed = await event_tickets.redeem(connection, ticket)
    if redeemed is None:
        raise UnauthenticatedError("The ticket is unknown, used or expired.")
    claims = {"sub": str(redeemed.user_id), "exp": redeemed.token_expires_at}
    bind(user_id=claims["sub"])
    return User(redeemed.user_id, {**claims, "role": "authenticated"})


async def require_user_or_worker(call: HttpRequest, services: Services) -> User | Worker:
    """Return the user of a JWT, or the registered worker that signed the request.

    Raises:
        UnauthenticatedError: Neither credential is valid.
        ForbiddenError: No worker is registered with the key of the signature.
    """
    if "authorization" in call.headers or webhook_signature.SIGNATURE_HEADER not in call.headers:
        return await require_user(call, services)
    worker = await require_worker(call, services)
    async with services.database.transaction() as connection:
        if not await workers.is_registered(connection, key_id=worker.key_id):
            raise ForbiddenError("No worker is registered under this key.")
    return worker
