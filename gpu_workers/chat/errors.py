"""Refusals, in the shape that clients of the OpenAI protocol read."""

import traceback
from http import HTTPStatus
from typing import Any

from starlette.responses import JSONResponse

_RETRY_AFTER_SECONDS = 1


class ApiError(Exception):
    """The request is not answered. ``sentence`` and ``param`` are for whoever sent it."""

    def __init__(
        self,
        status: HTTPStatus,
        code: str | None,
        sentence: str,
        *,
        param: str | None = None,
        kind: str = "invalid_request_error",
        passing: bool = False,
    ) -> None:
        super().__init__(sentence)
        self.status = status
        self.body: dict[str, Any] = {
            "error": {"message": sentence, "type": kind, "param": param, "code": code}
        }
        self.headers = {"retry-after": str(_RETRY_AFTER_SECONDS)} if passing else {}

    def answer(self) -> JSONResponse:
        """The whole answer, where nothing else was sent yet."""
        return JSONResponse(self.body, self.status, self.headers)


def invalid(sentence: str, *, code: str = "invalid_value", param: str | None = None) -> ApiError:
    """The request itself is at fault."""
    return ApiError(HTTPStatus.BAD_REQUEST, code, sentence, param=param)


def unavailable(code: str, sentence: str) -> ApiError:
    """Another try, a moment later or elsewhere, may fare better."""
    return ApiError(
        HTTPStatus.SERVICE_UNAVAILABLE, code, sentence, kind="server_error", passing=True
    )


def unknown_model() -> ApiError:
    """No model of that name is served here."""
    sentence = "No model of that name is served here; GET /v1/models lists those that are."
    return ApiError(HTTPStatus.NOT_FOUND, "model_not_found", sentence, param="model")


def bad_key() -> ApiError:
    """The caller may not come in."""
    sentence = "This worker asks for its API key, as a bearer token."
    return ApiError(HTTPStatus.UNAUTHORIZED, "invalid_api_key", sentence)


def queue_full() -> ApiError:
    """As many wait already as may."""
    return ApiError(
        HTTPStatus.TOO_MANY_REQUESTS,
        "rate_limit_exceeded",
        "Too many requests wait already; try again in a moment.",
        kind="rate_limit_error",
        passing=True,
    )


def draining() -> ApiError:
    """The worker was told to end."""
    return unavailable("draining", "This worker is about to end.")


def broken() -> ApiError:
    """Something that nobody foresaw; the log tells what."""
    return ApiError(
        HTTPStatus.INTERNAL_SERVER_ERROR, "internal", "The worker failed.", kind="server_error"
    )


def frames(error: BaseException) -> dict[str, str]:
    """Where an error came from, for the log: its text may quote a message."""
    trace = "".join(traceback.format_tb(error.__traceback__))
    return {"error": type(error).__name__, "trace": trace}
