"""Error responses, with the codes of Supabase Auth."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response


class AuthError(Exception):
    """An error response.

    Args:
        status: the HTTP status.
        code: the ``error_code``.
        message: the error message for the client.
        more: further fields of the body.
    """

    def __init__(self, status: int, code: str, message: str, **more: object) -> None:
        super().__init__(message)
        self.status = status
        self.body: dict[str, Any] = {"code": status, "error_code": code, "msg": message, **more}


def invalid(message: str) -> AuthError:
    """Return the error of an invalid request."""
    return AuthError(400, "validation_failed", message)


def wrong_credentials() -> AuthError:
    """Return the error of a wrong password; the same for an unknown email address."""
    return AuthError(400, "invalid_credentials", "Invalid login credentials")


def weak_password(minimum: int) -> AuthError:
    """Return the error of a password that is too short."""
    message = f"Password should be at least {minimum} characters."
    return AuthError(422, "weak_password", message, weak_password={"reasons": ["length"]})


def unknown_refresh_token() -> AuthError:
    """Return the error of a refresh token that does not exist."""
    message = "Invalid Refresh Token: Refresh Token Not Found"
    return AuthError(400, "refresh_token_not_found", message)


def used_refresh_token() -> AuthError:
    """Return the error of a refresh token that was used before, too long ago for a retry."""
    return AuthError(400, "refresh_token_already_used", "Invalid Refresh Token: Already Used")


async def answer(_: Request, error: Exception) -> Response:
    """Return the response of an AuthError; raise any other exception."""
    if not isinstance(error, AuthError):
        raise error
    return JSONResponse(error.body, error.status)
