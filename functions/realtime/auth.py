"""Authenticates the tokens that clients send in frames."""

from dataclasses import replace

from shared.auth import authenticators
from shared.auth.authenticators import Anon, User
from shared.errors import ApiError, UnauthenticatedError
from shared.services import Services

EXPIRED = "Token has expired"


async def authenticate(token: str, services: Services) -> User | Anon:
    """Return the user of a token, or an anonymous caller for the anon key.

    Raises:
        UnauthenticatedError: The token is not valid, or has expired.
        ServiceUnavailableError: The keys of the token's issuer cannot be fetched.
    """
    caller = await authenticators.authenticate_token(token, services)
    expires_at = caller.claims["exp"]
    if expires_at <= services.clock():
        raise UnauthenticatedError(code="token_expired")
    # A channel keeps the caller for hours, and the claims may contain a large user profile.
    return replace(caller, claims={"exp": expires_at})


def auth_error_message(problem: ApiError) -> str:
    """Return the message that Supabase sends for this error, which its clients match on."""
    if problem.error_code == "token_expired":
        return f"InvalidJWTToken: {EXPIRED}"
    if isinstance(problem, UnauthenticatedError):
        return "MalformedJWT: The token provided is not a valid JWT"
    return problem.message
