"""The door: what every endpoint does before and after its handler.

``endpoint`` answers the CORS preflight, finds the caller before it reads the body, parses the body
into the handler's request model, maps every error to its answer, and logs one line.
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
from shared.http import idempotency, rate_limit
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
            says what it reads: a pydantic model (or a union of models) is parsed from the body;
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
    reads, heeds_key = parameters[0], IdempotentRequest in parameters
    adapter = None if reads is HttpRequest else TypeAdapter(reads)

    async def answer(call: HttpRequest) -> Response:
        if call.method not in methods:
            raise MethodNotAllowedError
        container = services.get_services()
        who = await authenticate(call, container)
        if rate and (user_id := getattr(who, "id", None)):  # a user's; nobody else has one
            await rate_limit.check_rate_limit(rate, user_id, container)
        what = await read_json(call, adapter) if adapter else call
        if not heeds_key:
            return render(await handler(what, who, container), status)
        scope = idempotency.key_scope(
            call.headers.get(idempotency.HEADER),
            user_id=who.id,
            endpoint=handler.__name__,
            body=await call.body(),
        )
        act = functools.partial(handler, what, who, container)
        return render(await idempotency.run_once(act, scope, container), status)

    async def main(request: Request) -> Response:
        call = HttpRequest(request)
        if call.method == "OPTIONS":
            return Response(status_code=204, headers=_allow_methods(methods, PREFLIGHT))
        with _server_span(handler.__name__, call) as span:
            request_id = _start_request(handler.__name__, call, span)
            response = await _handle_errors(answer, call, request_id, format_error)
            response.headers.update({**CORS, "x-request-id": request_id})
            if response.status_code == MethodNotAllowedError.status:
                response.headers["allow"] = ", ".join([*methods, "OPTIONS"])
            _log(call, response, span)
            return response

    main.__doc__ = handler.__doc__
    main.__dict__.update(good_status=status, rate=rate)  # for openapi.json
    return typing.cast("HttpHandler", functions_framework.aio.http(main))


async def _handle_errors(
    answer: Callable[[HttpRequest], Awaitable[Response]],
    call: HttpRequest,
    request_id: str,
    tell: ErrorFormatter | None,
) -> Response:
    """The answer, or the error's; nothing gets past this."""

    def told(problem: ApiError) -> Response:
        return render_error(problem, request_id, tell(problem, call) if tell else None)

    try:
        return await answer(call)
    except ApiError as problem:
        return told(problem)
    except ClientDisconnect:
        return Response(status_code=499)
    except Exception:  # noqa: BLE001 - the last resort: whatever it is, the caller gets JSON
        logs.logger.error("unhandled error", exc_info=True)
        return told(ApiError("Something went wrong here; it has been logged."))


async def read_json(call: HttpRequest, adapter: TypeAdapter[T]) -> T:
    """The body as a model; its errors are the answers 400, 413, 415 and 422."""
    media_type = call.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json" and not media_type.endswith("+json"):
        raise UnsupportedMediaTypeError
    body = await call.body()
    try:
        return adapter.validate_json(body)
    except ValidationError as error:
        if any(detail["type"] == "json_invalid" for detail in error.errors(include_input=False)):
            raise InvalidJsonError from None
        details = _details(error)
        first = details[0]
        sentence = f"The request is not valid: {first['field'] or 'body'}: {first['message']}."
        raise InvalidRequestError(sentence, details=details) from None


def _details(error: ValidationError) -> list[dict[str, str]]:
    """Each field that failed, by its name in the request, and never with what was sent."""
    return [
        {
            "field": ".".join(map(str, detail["loc"])),
            "message": detail["msg"],
            "type": detail["type"],
        }
        for detail in error.errors(include_input=False, include_url=False, include_context=False)
    ]


def _allow_methods(methods: Sequence[str], others: dict[str, str]) -> dict[str, str]:
    return {**others, "access-control-allow-methods": ", ".join([*methods, "OPTIONS"])}


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


def _log(call: HttpRequest, answer: Response, span: SpanHandle) -> None:
    fields = {
        "status": answer.status_code,
        "ms": round(logs.request_seconds() * 1000, 1),
        "method": call.method,
    }
    is_ours = answer.status_code >= 500  # noqa: PLR2004 - HTTP's own classes
    getattr(logs.logger, "error" if is_ours else "info")("answered", extra={"fields": fields})
    span.set_attributes({"http.response.status_code": answer.status_code, **_job()})
    if is_ours:
        span.set_error(str(answer.status_code))


def _job() -> Attributes:
    """What the request was about, where its handler has said so."""
    job_id = logs.get_bound("job_id")
    return {"ourvidz.job_id": str(job_id)} if job_id else {}
