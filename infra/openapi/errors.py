"""Error schema, and a response for each status with its error codes."""

import inspect
from collections.abc import Iterable
from http import HTTPStatus

from infra.openapi.types import Json
from shared import errors
from shared.errors import ApiError

REQUEST_ID: Json = {
    "description": "The id of the request in the logs.",
    "schema": {"type": "string"},
}

_RETRIED = {HTTPStatus.CONFLICT, HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}
_RETRY_AFTER: Json = {
    "description": "Seconds to wait before a retry.",
    "schema": {"type": "integer", "minimum": 0},
}
_CHALLENGE: Json = {"schema": {"type": "string", "const": "Bearer"}}


def classes() -> list[type[ApiError]]:
    """Return all error classes, in the order of ``shared/errors.py``."""
    return [
        member
        for member in vars(errors).values()
        if inspect.isclass(member) and issubclass(member, ApiError)
    ]


def schema() -> Json:
    """Return the schema of an error. Codes may be more specific than those of the classes."""
    codes = [error.code for error in classes()]
    fields: Json = {
        "success": {"const": False},
        "error": {"type": "string", "description": "The error message, for a person."},
        "code": {"type": "string", "pattern": "^[a-z][a-z0-9_]*$", "examples": codes},
        "details": {
            "type": "array",
            "items": {"type": "object", "additionalProperties": {"type": "string"}},
            "description": "Each field that failed: field, message, type.",
        },
        "timestamp": {"type": "string", "format": "date-time"},
        "request_id": {"type": "string"},
    }
    return {
        "type": "object",
        "description": "An error.",
        "properties": fields,
        "required": list(fields),
    }


def name(status: int) -> str:
    """Return the name of a status's response in the document."""
    return f"Problem{status}"


def responses() -> dict[str, Json]:
    """Return the responses of all error statuses, by name."""
    statuses = sorted({error.status for error in classes()})
    return {
        name(status): _response(status, [class_ for class_ in classes() if class_.status == status])
        for status in statuses
    }


def _response(status: int, error_classes: Iterable[type[ApiError]]) -> Json:
    headers = {"X-Request-Id": REQUEST_ID}
    if status in _RETRIED:
        headers["Retry-After"] = _RETRY_AFTER
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = _CHALLENGE
    descriptions = [f"`{error.code}`: {inspect.getdoc(error)}" for error in error_classes]
    reference = {"$ref": "#/components/schemas/Problem"}
    return {
        "description": " ".join(descriptions),
        "headers": headers,
        "content": {"application/json": {"schema": reference}},
    }
