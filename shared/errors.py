"""API errors: each class maps to an HTTP status and an error code.

A handler raises one of these and ``http.endpoint`` renders the response. The class docstring is
the default message. A message must never contain a prompt, a token, a signed URL or SQL.
"""

import inspect
from typing import ClassVar

_SERVER_ERROR = 500


class ApiError(Exception):
    """Something went wrong."""

    status: int = 500
    code: ClassVar[str] = "internal"

    def __init__(
        self,
        message: str | None = None,
        *,
        code: str | None = None,
        details: list[dict[str, str]] | None = None,
        retry_after_seconds: int | None = None,
    ) -> None:
        self.message = message or inspect.getdoc(type(self)) or ""
        self.error_code = code or self.code
        self.details = details or []
        self.retry_after_seconds = retry_after_seconds
        super().__init__(self.message)

    @property
    def is_failure(self) -> bool:
        """Whether it is a server error (5xx), which marks the surrounding span as failed."""
        return self.status >= _SERVER_ERROR


class InvalidJsonError(ApiError):
    """The body is not JSON."""

    status, code = 400, "not_json"


class UnauthenticatedError(ApiError):
    """Valid credentials are required."""

    status, code = 401, "unauthenticated"


class NotEnoughCreditsError(ApiError):
    """Not enough credits for this job."""

    status, code = 402, "insufficient_credits"


class ForbiddenError(ApiError):
    """You do not have permission to do this."""

    status, code = 403, "forbidden"


class NotFoundError(ApiError):
    """Not found."""

    status, code = 404, "not_found"


class MethodNotAllowedError(ApiError):
    """Method not allowed."""

    status, code = 405, "method_not_allowed"


class RequestTimeoutError(ApiError):
    """The request body was not received in time."""

    status, code = 408, "request_timeout"


class ConflictError(ApiError):
    """The request conflicts with the current state."""

    status, code = 409, "conflict"


class PayloadTooLargeError(ApiError):
    """The body is larger than 1 MiB."""

    status, code = 413, "too_large"


class UnsupportedMediaTypeError(ApiError):
    """The body must be sent as application/json."""

    status, code = 415, "unsupported_media_type"


class InvalidRequestError(ApiError):
    """The request is not valid."""

    status, code = 422, "invalid"


class ContentPolicyError(ApiError):
    """This content is refused."""

    status, code = 422, "content_refused"


class TooManyRequestsError(ApiError):
    """Too many requests; try again later."""

    status, code = 429, "too_many"


class RateLimitedError(ApiError):
    """Rate limit exceeded; try again later."""

    status, code = 429, "rate_limited"


class ServiceUnavailableError(ApiError):
    """The service is temporarily unavailable; try again in a moment."""

    status, code = 503, "unavailable"

    def __init__(self, message: str | None = None, *, retry_after_seconds: int = 2) -> None:
        super().__init__(message, retry_after_seconds=retry_after_seconds)
