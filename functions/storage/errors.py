"""Error bodies with the shape and names that Supabase Storage's clients know.

The HTTP status is the same as in the body; Supabase Storage responds to nearly all errors with 400.
"""

from shared.contracts.storage import StorageError
from shared.errors import ApiError
from shared.http import HttpRequest

_NAMES: dict[int, tuple[str, str]] = {
    400: ("InvalidRequest", "InvalidRequest"),
    401: ("Unauthorized", "InvalidJWT"),
    403: ("Unauthorized", "AccessDenied"),
    404: ("not_found", "NoSuchKey"),
    405: ("NotSupported", "NotSupported"),
    408: ("RequestTimeout", "RequestTimeout"),
    409: ("Duplicate", "ResourceAlreadyExists"),
    413: ("Payload too large", "EntityTooLarge"),
    415: ("invalid_mime_type", "InvalidMimeType"),
    422: ("InvalidRequest", "InvalidRequest"),
    429: ("SlowDown", "SlowDown"),
    503: ("SlowDown", "SlowDown"),
}
"""By status: ``error``, which older clients read, and ``code``, which newer ones read."""

_EXACT: dict[str, tuple[str, str]] = {
    "invalid_key": ("InvalidKey", "InvalidKey"),
    "no_bucket": ("Bucket not found", "NoSuchBucket"),
    "url_expired": ("ExpiredToken", "ExpiredToken"),
    "conflict": ("ResourceLocked", "ResourceLocked"),  # an asset that is being saved
}


def body(problem: ApiError, _: HttpRequest) -> StorageError:
    """Convert an error to the body that Supabase Storage sends."""
    otherwise = _NAMES.get(problem.status, ("InternalError", "InternalError"))
    error, code = _EXACT.get(problem.error_code, otherwise)
    return StorageError(
        status_code=str(problem.status),
        code=code,
        error=error,
        message=problem.message,
        details=problem.details,
    )
