"""Response types and their rendering."""

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
    """202: the request was accepted and is not finished yet."""

    body: BaseModel


@dataclass(frozen=True, slots=True)
class RawResponse:
    """A response body given as bytes of ``media_type``."""

    body: bytes
    media_type: str | None = "application/json"
    """None for a response without a body."""
    headers: dict[str, str] = field(default_factory=dict)
    partial: bool = False
    """206: part of the requested range."""
    status: int | None = None
    """Overrides the endpoint's success status."""


@dataclass(frozen=True, slots=True)
class Redirect:
    """302: the client should follow ``url``, which is not to be cached."""

    url: str


@dataclass(frozen=True, slots=True)
class StreamResponse:
    """A response sent chunk by chunk, until the chunks end or the client disconnects."""

    chunks: AsyncGenerator[bytes, None]
    """The generator is closed in both cases."""
    media_type: str
    headers: dict[str, str] = field(default_factory=dict)


def render(result: object, status: int) -> Response:
    """Render a handler's result. ``status`` is the endpoint's success status.

    Raises:
        TypeError: The result is of no response type.
    """
    match result:
        case BaseModel():
            body = result.model_dump_json(by_alias=True).encode()
            return Response(body, status_code=status, media_type="application/json")
        case dict():  # a stored response that is replayed
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
    """Render an error, in the common format unless ``body`` is given."""
    logs.bind(code=problem.error_code)
    content = (
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
    return Response(json.dumps(content), problem.status, headers, "application/json")


class _ClosingStreamingResponse(StreamingResponse):
    """Streams until the chunks end or the client disconnects, then closes the generator."""

    def __init__(self, stream: StreamResponse, status: int) -> None:
        super().__init__(_log_errors(stream.chunks), status, stream.headers, stream.media_type)
        self._chunks = stream.chunks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = time.perf_counter()
        try:
            await super().__call__(scope, receive, send)
        except asyncio.CancelledError:
            # The server shuts down: end the body normally for the client.
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            await self._chunks.aclose()
            fields = {"seconds": round(time.perf_counter() - began, 1)}
            logs.logger.info("the stream ended", extra={"fields": fields})


async def _log_errors(chunks: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    """Yield the chunks. An error ends the stream, since the status was sent already."""
    try:
        async for chunk in chunks:
            yield chunk
    except Exception:  # noqa: BLE001 - last resort, as in ``endpoint``
        logs.logger.error("a stream ended with an error", exc_info=True)
