"""Whose token it is that came in a frame, and what a client is told of one that does not hold."""

from dataclasses import replace

from shared.auth import authenticators
from shared.auth.authenticators import Anon, User
from shared.errors import ApiError, UnauthenticatedError
from shared.http.bearing import bearing
from shared.services import Services

EXPIRED = "Token has expired"


async def authenticate(token: str, services: Services) -> User | Anon:
    """The user, or anyone with the anon key.

    Raises:
        UnauthenticatedError: where the token does not hold, or not any more.
        ServiceUnavailableError: where its issuer's keys cannot be had.
    """
    caller = await authenticators.require_user_or_anon(bearing(token), services)
    expires_at = caller.claims["exp"]
    if expires_at <= services.clock():
        raise UnauthenticatedError(code="token_expired")
    # A channel holds it for hours, and the claims hold whatever a user has put into the profile.
    return replace(caller, claims={"exp": expires_at})


def auth_error_message(problem: ApiError) -> str:
    """What Supabase says in its place, as clients look for it."""
    if problem.error_code == "token_expired":
        return f"InvalidJWTToken: {EXPIRED}"
    if isinstance(problem, UnauthenticatedError):
        return "MalformedJWT: The token provided is not a valid JWT"
    return problem.message
