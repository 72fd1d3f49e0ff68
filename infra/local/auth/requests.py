"""Request models for sign-up, sign-in, refresh and changes of a user."""

import re
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, Field, ValidationError
from starlette.requests import Request

from infra.local.auth import errors, passwords, strict_json

T = TypeVar("T", bound=BaseModel)

_MAX_BYTES = 64 * 1024
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s][^@\s.]*\.[^@\s]+")


def _address(text: str) -> str:
    folded = text.strip().lower()
    if not _EMAIL.fullmatch(folded):
        raise errors.invalid("Unable to validate email address: invalid format")
    return folded


Email = Annotated[str, Field(max_length=255), AfterValidator(_address)]


class SignUp(BaseModel):
    """The body of ``POST /signup``."""

    email: Email
    password: str
    data: dict[str, Any] = {}


class SignIn(BaseModel):
    """The body of ``POST /token?grant_type=password``."""

    email: str = ""
    password: str


class Refresh(BaseModel):
    """The body of ``POST /token?grant_type=refresh_token``."""

    refresh_token: str


class Change(BaseModel):
    """The body of ``PUT /user``."""

    password: str | None = None
    data: dict[str, Any] = {}
    email: str | None = None
    phone: str | None = None


async def read(request: Request, model: type[T]) -> T:
    """Parse and validate a request's body.

    Raises:
        AuthError: the body is too large or invalid.
    """
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_BYTES:
            raise errors.AuthError(413, "validation_failed", "Request body is too large")
    try:
        return model.model_validate(strict_json.read(bytes(body)))
    except ValidationError as error:
        field = ".".join(map(str, error.errors(include_input=False)[0]["loc"])) or "body"
        raise errors.invalid(f"Could not parse the request: {field}") from None
    except ValueError as error:
        raise errors.invalid(f"Could not parse the request: {error}"[:200]) from None


def check_password(password: str) -> None:
    """Check the length of a new password.

    Raises:
        AuthError: it is too short or too long.
    """
    if len(password) < passwords.MIN_CHARACTERS:
        raise errors.weak_password(passwords.MIN_CHARACTERS)
    if len(password.encode("utf-8", "replace")) > passwords.MAX_BYTES:
        raise errors.invalid(f"Password cannot be longer than {passwords.MAX_BYTES} characters")
