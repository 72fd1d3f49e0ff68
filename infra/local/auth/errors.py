"""What can go wrong, by the codes that Supabase Auth's clients know."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response


class AuthError(Exception):
    """A refusal: its status, its code and its sentence."""

    def __init__(self, status: int, code: str, sentence: str, **more: object) -> None:
        super().__init__(sentence)
        self.status = status
        self.body: dict[str, Any] = {"code": status, "error_code": code, "msg": sentence, **more}


def invalid(sentence: str) -> AuthError:
    """What was sent is not what is read here."""
    return AuthError(400, "validation_failed", sentence)


def wrong_credentials() -> AuthError:
    """Told alike for a wrong password and an address that nobody has."""
    return AuthError(400, "invalid_credentials", "Invalid login credentials")


def weak_password(minimum: int) -> AuthError:
    """It is too short."""
    sentence = f"Password should be at least {minimum} characters."
    return AuthError(422, "weak_password", sentence, weak_password={"reasons": ["length"]})


def unknown_refresh_token() -> AuthError:
    """It is nobody's."""
    sentence = "Invalid Refresh Token: Refresh Token Not Found"
    return AuthError(400, "refresh_token_not_found", sentence)


def used_refresh_token() -> AuthError:
    """It was used before, too long ago for a second try."""
    return AuthError(400, "refresh_token_already_used", "Invalid Refresh Token: Already Used")


async def answer(_: Request, refusal: Exception) -> Response:
    """A refusal on the wire."""
    if not isinstance(refusal, AuthError):
        raise refusal
    return JSONResponse(refusal.body, refusal.status)
