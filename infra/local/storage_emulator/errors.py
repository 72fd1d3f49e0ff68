"""Cloud Storage errors, in the formats of the JSON and the XML API."""

from __future__ import annotations

from typing import ClassVar
from xml.sax.saxutils import escape

from starlette.responses import JSONResponse, Response


class ApiError(Exception):
    """An error; the JSON API reports its `reason`, the XML API its `code`."""

    status: ClassVar[int]
    reason: ClassVar[str]
    code: ClassVar[str]
    message: ClassVar[str]

    def __init__(self, details: str = "", headers: dict[str, str] | None = None) -> None:
        super().__init__(details or self.message)
        self.details = details
        self.headers = headers

    def as_json(self) -> Response:
        """Return the response of the JSON API."""
        if self.status == NotModifiedError.status:
            return Response(status_code=self.status, headers=self.headers)
        message = self.details or self.message
        error = {"message": message, "domain": "global", "reason": self.reason}
        if self.status == PreconditionFailedError.status:
            error |= {"locationType": "header", "location": "If-Match"}
        body = {"error": {"code": self.status, "message": message, "errors": [error]}}
        return JSONResponse(body, self.status, self.headers)

    def as_xml(self) -> Response:
        """Return the response of the XML API."""
        if self.status == NotModifiedError.status:
            return Response(status_code=self.status, headers=self.headers)
        details = f"<Details>{escape(self.details)}</Details>" if self.details else ""
        body = (
            "<?xml version='1.0' encoding='UTF-8'?>"
            f"<Error><Code>{self.code}</Code><Message>{self.message}</Message>{details}</Error>"
        )
        content_type = "application/xml; charset=UTF-8"
        return Response(body, self.status, self.headers, media_type=content_type)


class NotModifiedError(ApiError):
    """The caller of a read already has the current version."""

    status, reason, code = 304, "notModified", "NotModified"
    message = "The resource has not been modified."


class InvalidError(ApiError):
    """A parameter, a header or a field is invalid."""

    status, reason, code = 400, "invalid", "InvalidArgument"
    message = "Invalid argument."


class ParseError(ApiError):
    """A body does not match its content type."""

    status, reason, code = 400, "parseError", "MalformedBody"
    message = "Parse Error"


class BadDigestError(ApiError):
    """The bytes do not match the checksum sent with them."""

    status, reason, code = 400, "invalid", "BadDigest"
    message = "The Content-MD5 or x-goog-hash you specified did not match what we received."


class EntityTooLargeError(ApiError):
    """The body has more bytes than the signed range allows."""

    status, reason, code = 400, "invalid", "EntityTooLarge"
    message = (
        "Your proposed upload is larger than the maximum object size specified in your request."
    )


class EntityTooSmallError(ApiError):
    """The body has fewer bytes than the signed range requires."""

    status, reason, code = 400, "invalid", "EntityTooSmall"
    message = (
        "Your proposed upload is smaller than the minimum object size specified in your request."
    )


class MalformedSecurityHeaderError(ApiError):
    """The parameters or signed headers of a signed URL are invalid."""

    status, reason, code = 400, "invalid", "MalformedSecurityHeader"
    message = "Your request has a malformed header."


class ExpiredTokenError(ApiError):
    """A signed URL has expired: Cloud Storage responds with 400, not 403."""

    status, reason, code = 400, "invalid", "ExpiredToken"
    message = "The provided token has expired."


class AccessDeniedError(ApiError):
    """The request is anonymous, or not valid yet."""

    status, reason, code = 403, "forbidden", "AccessDenied"
    message = "Access denied."


class SignatureDoesNotMatchError(ApiError):
    """The URL was not signed by the key, or was changed after."""

    status, reason, code = 403, "forbidden", "SignatureDoesNotMatch"
    message = (
        "Access denied. The request signature we calculated does not match the signature you "
        "provided. Check your Google secret key and signing method."
    )


class NotFoundError(ApiError):
    """The URL matches no resource."""

    status, reason, code = 404, "notFound", "NotFound"
    message = "Not Found"


class NoSuchBucketError(NotFoundError):
    """The bucket does not exist."""

    code = "NoSuchBucket"
    message = "The specified bucket does not exist."


class NoSuchObjectError(NotFoundError):
    """The object, or the requested generation of it, does not exist."""

    code = "NoSuchKey"
    message = "The specified key does not exist."


class NoSuchUploadError(NotFoundError):
    """The resumable upload was never started, was cancelled or has expired."""

    code = "NoSuchUpload"
    message = "The requested upload was not found."


class MethodNotAllowedError(ApiError):
    """Signed URLs do not support the method here."""

    status, reason, code = 405, "methodNotAllowed", "MethodNotAllowed"
    message = "The specified method is not allowed against this resource."


class ConflictError(ApiError):
    """The bucket exists already, or is not empty."""

    status, reason, code = 409, "conflict", "Conflict"
    message = "The request conflicts with the current state of the bucket."


class PreconditionFailedError(ApiError):
    """A precondition does not hold."""

    status, reason, code = 412, "conditionNotMet", "PreconditionFailed"
    message = "At least one of the pre-conditions you specified did not hold."


class RangeNotSatisfiableError(ApiError):
    """The requested range is beyond the end."""

    status, reason, code = 416, "requestedRangeNotSatisfiable", "InvalidRange"
    message = "The requested range cannot be satisfied."


class NotEmulatedError(ApiError):
    """The emulator does not support this feature of Cloud Storage."""

    status, reason, code = 501, "notImplemented", "NotImplemented"
    message = "This is not emulated."
