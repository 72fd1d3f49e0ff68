"""Endpoint wrapper: CORS, authentication, rate limit, body parsing, errors and logging.

``endpoint`` answers the CORS preflight, authenticates the caller before it reads the body, parses
the body into the handler's request model, renders every error, and logs one line per request.
"""

import functools
import typing
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Literal, TypeVar
from uuid import uuid4

import functions_framework.aio
from pydantic import BaseModel, TypeAdapter, ValidationError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from shared import services
from shared.errors import (
    ApiError,
    InvalidJsonError,
    InvalidRequestError,
    MethodNotAllowedError,
    UnsupportedMediaTypeError,
)
from shared.http import idempotency, rate_limit, validation_messages
from shared.http.idempotency import IdempotentRequest
from shared.http.rate_limit import RateLimitClass
from shared.http.request import HttpRequest
from shared.http.responses import CORS, PREFLIGHT, render, render_error
from shared.services import Services
from shared.telemetry import logs, tracing
from shared.telemetry.trace_context import Attributes
from shared.telemetry.tracing import SpanHandle

Method = Literal["GET", "HEAD", "POST", "PATCH", "PUT", "DELETE"]
HttpHandler = Callable[[Request], Awaitable[Response]]
T = TypeVar("T")
Authenticator = Callable[[HttpRequest, Services], Awaitable[Any]]
ErrorFormatter = Callable[[ApiError, HttpRequest], BaseModel]


def endpoint(
    handler: Callable[..., Awaitable[Any]],
    *,
    authenticate: Authenticator,
    methods: Sequence[Method] = ("POST",),
    status: int = 200,
    format_error: ErrorFormatter | None = None,
    rate: RateLimitClass | None = "requests",
) -> HttpHandler:
    """Wrap a handler in the function that the framework serves.

    Args:
        handler: takes the payload, the caller and the services. The type of its first parameter
            decides what it gets: a pydantic model (or a union of models) is parsed from the body;
            ``HttpRequest`` is the request itself. A handler that also takes an
            ``IdempotentRequest`` honours the Idempotency-Key header; its caller must be a user.
        authenticate: resolves the caller of a request or raises; one of ``shared.auth``.
        methods: HTTP methods it serves besides OPTIONS.
        status: HTTP status of a successful response.
        format_error: renders an error's body, for an endpoint whose protocol has its own.
        rate: which of a user's rate limits counts a request; None for none.
    """
    logs.configure()
    parameters = list(typing.get_type_hints(handler).values())
    reads, is_idempotent = parameters[0], IdempotentRequest in parameters
    adapter = None if reads is HttpRequest else TypeAdapter(reads)

    async def respond(call: HttpRequest) -> Response:
        if call.method not in methods:
            raise MethodNotAllowedError
        container = services.get_services()
        caller = await authenticate(call, container)
        if rate and (user_id := getattr(caller, "id", None)):  # only users have an id
            await rate_limit.check_rate_limit(rate, user_id, container)
        payload = await read_json(call, adapter) if adapter else call
        if not is_idempotent:
            return render(await handler(payload, caller, container), status)
        scope = idempotency.key_scope(
            call.headers.get(idempotency.HEADER),
            user_id=caller.id,
            endpoint=handler.__name__,
            body=await call.body(),
        )
        run_handler = functools.partial(handler, payload, caller, container)
        return render(await idempotency.run_once(run_handler, scope, container), status)

    async def main(request: Request) -> Response:
        call = HttpRequest(request)
        if call.method == "OPTIONS":
            return Response(status_code=204, headers=_allow_methods(methods, PREFLIGHT))
        with _server_span(handler.__name__, call) as span:
            request_id = _start_request(handler.__name__, call, span)
            response = await _handle_errors(respond, call, request_id, format_error)
            response.headers.update({**CORS, "x-request-id": request_id})
            if response.status_code == MethodNotAllowedError.status:
                response.headers["allow"] = ", ".join([*methods, "OPTIONS"])
            _log(call, response, span)
            return response

    main.__doc__ = handler.__doc__
    main.__dict__.update(good_status=status, rate=rate)  # for openapi.json
    return typing.cast("HttpHandler", functions_framework.aio.http(main))


async def _handle_errors(
    respond: Callable[[HttpRequest], Awaitable[Response]],
    call: HttpRequest,
    request_id: str,
    format_error: ErrorFormatter | None,
) -> Response:
    """Return the response, or the rendered error. Raises nothing."""

    def error_response(error: ApiError) -> Response:
        body = format_error(error, call) if format_error else None
        return render_error(error, request_id, body)

    try:
        return await respond(call)
    except ApiError as error:
        return error_response(error)
    except ClientDisconnect:
        return Response(status_code=499)
    except Exception:  # noqa: BLE001 - last resort: the caller gets JSON for any error
        logs.logger.error("unhandled error", exc_info=True)
        return error_response(ApiError("Internal server error; it has been logged."))


async def read_json(call: HttpRequest, adapter: TypeAdapter[T]) -> T:
    """Parse the body into a model.

    Raises:
        UnsupportedMediaTypeError: The content type is not JSON (415).
        PayloadTooLargeError: The body is larger than 1 MiB (413).
        InvalidJsonError: The body is not JSON (400).
        InvalidRequestError: The body does not match the model (422).
    """
    media_type = call.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json" and not media_type.endswith("+json"):
        raise UnsupportedMediaTypeError
    body = await call.body()
    try:
        return adapter.validate_json(body)
    except ValidationError as error:
        if any(detail["type"] == "json_invalid" for detail in error.errors(include_input=False)):
            raise InvalidJsonError from None
        details = validation_messages.error_details(error)
        message = validation_messages.summary(details)
        raise InvalidRequestError(message, details=details) from None


def _allow_methods(methods: Sequence[str], headers: dict[str, str]) -> dict[str, str]:
    return {**headers, "access-control-allow-methods": ", ".join([*methods, "OPTIONS"])}


def _server_span(function: str, call: HttpRequest) -> AbstractContextManager[SpanHandle]:
    attributes = {"http.request.method": call.method, "ourvidz.function": function}
    parent = call.incoming_traceparent
    return tracing.span(f"{call.method} {function}", "server", parent=parent, attributes=attributes)


def _start_request(function: str, call: HttpRequest, span: SpanHandle) -> str:
    request_id = uuid4().hex
    logs.start_request_log(
        span.traceparent or call.traceparent, function=function, request_id=request_id
    )
    span.set_attributes({"ourvidz.request_id": request_id})
    return request_id


def _log(call: HttpRequest, response: Response, span: SpanHandle) -> None:
    fields = {
        "status": response.status_code,
        "ms": round(logs.request_seconds() * 1000, 1),
        "method": call.method,
    }
    is_server_error = response.status_code >= 500  # noqa: PLR2004 - HTTP status classes
    level = "error" if is_server_error else "info"
    getattr(logs.logger, level)("answered", extra={"fields": fields})
    span.set_attributes({"http.response.status_code": response.status_code, **_job()})
    if is_server_error:
        span.set_error(str(response.status_code))


def _job() -> Attributes:
    """Return the id of the request's job as an attribute, if the handler has bound one."""
    job_id = logs.get_bound("job_id")
    return {"ourvidz.job_id": str(job_id)} if job_id else {}
