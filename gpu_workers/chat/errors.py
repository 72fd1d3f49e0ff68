"""Errors in the format of the OpenAI API."""

import traceback
from http import HTTPStatus
from typing import Any

from starlette.responses import JSONResponse

_RETRY_AFTER_SECONDS = 1


class ApiError(Exception):
    """An error response.

    Args:
        status: the HTTP status.
        code: OpenAI's ``code`` of the error.
        message: the text for the client.
        param: the field of the request that is wrong.
        kind: OpenAI's ``type`` of the error.
        passing: whether a retry may succeed; adds a Retry-After header.
    """

    def __init__(
        self,
        status: HTTPStatus,
        code: str | None,
        message: str,
        *,
        param: str | None = None,
        kind: str = "invalid_request_error",
        passing: bool = False,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body: dict[str, Any] = {
            "error": {"message": message, "type": kind, "param": param, "code": code}
        }
        self.headers = {"retry-after": str(_RETRY_AFTER_SECONDS)} if passing else {}

    def answer(self) -> JSONResponse:
        """Return the HTTP response, for when nothing has been sent yet."""
        return JSONResponse(self.body, self.status, self.headers)


def invalid(message: str, *, code: str = "invalid_value", param: str | None = None) -> ApiError:
    """Return a 400: the request is invalid."""
    return ApiError(HTTPStatus.BAD_REQUEST, code, message, param=param)


def unavailable(code: str, message: str) -> ApiError:
    """Return a 503: a retry, here or at another worker, may succeed."""
    return ApiError(
        HTTPStatus.SERVICE_UNAVAILABLE, code, message, kind="server_error", passing=True
    )


def unknown_model() -> ApiError:
    """Return a 404: no model of the requested name is served."""
    message = "No model of that name is served here; GET /v1/models lists those that are."
    return ApiError(HTTPStatus.NOT_FOUND, "model_not_found", message, param="model")


def bad_key() -> ApiError:
    """Return a 401: the API key is missing or wrong."""
    message = "Missing or invalid API key. Send it as a bearer token."
    return ApiError(HTTPStatus.UNAUTHORIZED, "invalid_api_key", message)


def queue_full() -> ApiError:
    """Return a 429: the maximum number of requests waits already."""
    return ApiError(
        HTTPStatus.TOO_MANY_REQUESTS,
        "rate_limit_exceeded",
        "Too many waiting requests. Try again in a moment.",
        kind="rate_limit_error",
        passing=True,
    )


def draining() -> ApiError:
    """Return a 503: the worker is shutting down."""
    return unavailable("draining", "The worker is shutting down.")


def broken() -> ApiError:
    """Return a 500: an unexpected error, which is logged."""
    return ApiError(
        HTTPStatus.INTERNAL_SERVER_ERROR, "internal", "The worker failed.", kind="server_error"
    )


def frames(error: BaseException) -> dict[str, str]:
    """Return an error's type and traceback for the log; its text may quote a prompt."""
    trace = "".join(traceback.format_tb(error.__traceback__))
    return {"error": type(error).__name__, "trace": trace}
