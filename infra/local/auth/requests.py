"""What is sent to sign up, to sign in, and to change oneself."""

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
    """``POST /signup``."""

    email: Email
    password: str
    data: dict[str, Any] = {}


class SignIn(BaseModel):
    """``POST /token?grant_type=password``."""

    email: str = ""
    password: str


class Refresh(BaseModel):
    """``POST /token?grant_type=refresh_token``."""

    refresh_token: str


class Change(BaseModel):
    """``PUT /user``."""

    password: str | None = None
    data: dict[str, Any] = {}
    email: str | None = None
    phone: str | None = None


async def read(request: Request, model: type[T]) -> T:
    """The body. Raises RefusalError for what is none."""
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
    """Raise RefusalError for one that may not be chosen."""
    if len(password) < passwords.MIN_CHARACTERS:
        raise errors.weak_password(passwords.MIN_CHARACTERS)
    if len(password.encode("utf-8", "replace")) > passwords.MAX_BYTES:
        raise errors.invalid(f"Password cannot be longer than {passwords.MAX_BYTES} characters")
