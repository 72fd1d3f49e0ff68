"""What goes out."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from pydantic import BaseModel
from starlette.datastructures import URL
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from shared.errors import ApiError, UnauthenticatedError
from shared.telemetry import logs

CORS = {
    "access-control-allow-origin": "*",
    "access-control-expose-headers": (
        "content-range, retry-after, x-request-id, preference-applied, location, deprecation"
    ),
}
PREFLIGHT = {
    **CORS,
    "access-control-allow-headers": (
        "authorization, apikey, content-type, x-client-info, idempotency-key, accept-profile, "
        "content-profile, prefer, range, range-unit, x-upsert, x-metadata, x-supabase-api-version, "
        "x-retry-count, cache-control, last-event-id, traceparent"
    ),
    "access-control-max-age": "86400",
}


@dataclass(frozen=True, slots=True)
class Accepted:
    """202: an answer before what was asked for is done."""

    body: BaseModel


@dataclass(frozen=True, slots=True)
class RawResponse:
    """An answer that is no model: bytes of ``media_type``."""

    body: bytes
    media_type: str | None = "application/json"
    """None where there is no body."""
    headers: dict[str, str] = field(default_factory=dict)
    partial: bool = False
    """206: a part of what was asked for."""
    status: int | None = None
    """Where it is not the endpoint's own."""


@dataclass(frozen=True, slots=True)
class Redirect:
    """An answer that is elsewhere, for now."""

    url: str


@dataclass(frozen=True, slots=True)
class StreamResponse:
    """An answer that is told piece by piece, until the pieces end or the client goes away."""

    chunks: AsyncGenerator[bytes, None]
    """Closed in either case."""
    media_type: str
    headers: dict[str, str] = field(default_factory=dict)


def render(result: object, status: int) -> Response:
    """What a handler answered, on the wire; ``status`` is the endpoint's own good one."""
    match result:
        case BaseModel():
            body = result.model_dump_json(by_alias=True).encode()
            return Response(body, status_code=status, media_type="application/json")
        case dict():  # an answer that was given before
            text = json.dumps(result, separators=(",", ":"), ensure_ascii=False)
            return Response(text, status_code=status, media_type="application/json")
        case Accepted():
            return render(result.body, 202)
        case RawResponse():
            code = 206 if result.partial else result.status or status
            return Response(result.body, code, result.headers, result.media_type)
        case StreamResponse():
            return _ClosingStreamingResponse(result, status)
        case Redirect():
            headers = {"location": str(URL(result.url)), "cache-control": "no-store"}
            return Response(status_code=302, headers=headers)
        case _:
            raise TypeError(f"a handler answered {type(result).__name__}")


def render_error(problem: ApiError, request_id: str, body: BaseModel | None = None) -> Response:
    """An error, in the one shape that all errors have but those whose ``body`` is given."""
    logs.bind(code=problem.error_code)
    told = (
        body.model_dump()
        if body
        else {
            "success": False,
            "error": problem.message,
            "code": problem.error_code,
            "details": problem.details,
            "timestamp": datetime.now(UTC).isoformat(),
            "request_id": request_id,
        }
    )
    headers = {}
    if problem.retry_after_seconds is not None:
        headers["retry-after"] = str(problem.retry_after_seconds)
    if problem.status == UnauthenticatedError.status:
        headers["www-authenticate"] = "Bearer"
    return Response(json.dumps(told), problem.status, headers, "application/json")


class _ClosingStreamingResponse(StreamingResponse):
    """Its client gone, it ends where it waits, and closes its pieces."""

    def __init__(self, stream: StreamResponse, status: int) -> None:
        super().__init__(_log_errors(stream.chunks), status, stream.headers, stream.media_type)
        self._pieces = stream.chunks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = time.perf_counter()
        try:
            await super().__call__(scope, receive, send)
        except asyncio.CancelledError:
            # The server stops: to the client this is an end like any other.
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            await self._pieces.aclose()
            fields = {"seconds": round(time.perf_counter() - began, 1)}
            logs.logger.info("the stream ended", extra={"fields": fields})


async def _log_errors(pieces: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    """The pieces; an error is their end, for the answer has long begun."""
    try:
        async for piece in pieces:
            yield piece
    except Exception:  # noqa: BLE001 - the last resort, as in the door
        logs.logger.error("a stream broke off", exc_info=True)
