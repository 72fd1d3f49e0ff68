"""What can go wrong, said so that a person can act on it.

A handler raises one of these; ``http.endpoint`` turns it into the answer. The docstring is the
default sentence. Nothing here may carry a prompt, a token, a signed URL or SQL.
"""

import inspect
from typing import ClassVar

_SERVER_ERROR = 500


class Problem(Exception):  # noqa: N818 - it is the answer, not a programmer's error
    """Something went wrong."""

    status: int = 500
    code: ClassVar[str] = "internal"

    def __init__(
        self,
        sentence: str | None = None,
        *,
        code: str | None = None,
        details: list[dict[str, str]] | None = None,
        retry_after_seconds: int | None = None,
    ) -> None:
        self.sentence = sentence or inspect.getdoc(type(self)) or ""
        self.error_code = code or self.code
        self.details = details or []
        self.retry_after_seconds = retry_after_seconds
        super().__init__(self.sentence)

    @property
    def is_failure(self) -> bool:
        """Whether it is the server's fault, and marks the span around it as failed."""
        return self.status >= _SERVER_ERROR


class NotJsonError(Problem):
    """The body is not JSON."""

    status, code = 400, "not_json"


class UnauthenticatedError(Problem):
    """A valid credential is needed."""

    status, code = 401, "unauthenticated"


class NotEnoughCreditsError(Problem):
    """There are not enough credits for this job."""

    status, code = 402, "insufficient_credits"


class ForbiddenError(Problem):
    """This caller may not do that."""

    status, code = 403, "forbidden"


class NotFoundError(Problem):
    """There is nothing of yours by that id."""

    status, code = 404, "not_found"


class MethodNotAllowedError(Problem):
    """This address does not answer that method."""

    status, code = 405, "method_not_allowed"


class RequestTimeoutError(Problem):
    """The body did not arrive in time."""

    status, code = 408, "request_timeout"


class ConflictError(Problem):
    """That conflicts with what has happened already."""

    status, code = 409, "conflict"


class TooLargeError(Problem):
    """The body is larger than 1 MiB."""

    status, code = 413, "too_large"


class UnsupportedMediaTypeError(Problem):
    """The body must be sent as application/json."""

    status, code = 415, "unsupported_media_type"


class InvalidError(Problem):
    """The request is not valid."""

    status, code = 422, "invalid"


class ContentRefusedError(Problem):
    """This content is refused."""

    status, code = 422, "content_refused"


class TooManyError(Problem):
    """That is too much at once; try again later."""

    status, code = 429, "too_many"


class RateLimitedError(Problem):
    """That is more in a minute than a user may ask for; try again later."""

    status, code = 429, "rate_limited"


class UnavailableError(Problem):
    """A part of the system is away; try again in a moment."""

    status, code = 503, "unavailable"

    def __init__(self, sentence: str | None = None, *, retry_after_seconds: int = 2) -> None:
        super().__init__(sentence, retry_after_seconds=retry_after_seconds)
