"""What goes out."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime

from pydantic import BaseModel
from starlette.datastructures import URL
from starlette.responses import Response

from shared import log
from shared.errors import Problem, UnauthenticatedError

CORS = {
    "access-control-allow-origin": "*",
    "access-control-expose-headers": "content-range, retry-after, x-request-id",
}
PREFLIGHT = {
    **CORS,
    "access-control-allow-headers": (
        "authorization, apikey, content-type, x-client-info, idempotency-key, accept-profile, "
        "content-profile, prefer, range, range-unit, x-upsert, x-supabase-api-version, "
        "cache-control, last-event-id, traceparent"
    ),
    "access-control-max-age": "86400",
}


@dataclass(frozen=True, slots=True)
class Content:
    """An answer that is no model: bytes of ``media_type``."""

    body: bytes
    media_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    partial: bool = False
    """206: a part of what was asked for."""


@dataclass(frozen=True, slots=True)
class Redirect:
    """An answer that is elsewhere, for now."""

    url: str


def render(result: object, status: int) -> Response:
    """What a handler answered, on the wire; ``status`` is the endpoint's own good one."""
    match result:
        case BaseModel():
            body = result.model_dump_json(by_alias=True).encode()
            return Response(body, status_code=status, media_type="application/json")
        case dict():  # an answer that was given before
            text = json.dumps(result, separators=(",", ":"), ensure_ascii=False)
            return Response(text, status_code=status, media_type="application/json")
        case Content():
            code = 206 if result.partial else status
            return Response(result.body, code, result.headers, result.media_type)
        case Redirect():
            headers = {"location": str(URL(result.url)), "cache-control": "no-store"}
            return Response(status_code=302, headers=headers)
        case _:
            raise TypeError(f"a handler answered {type(result).__name__}")


def render_problem(problem: Problem, request_id: str) -> Response:
    """An error, in the one shape that all errors have."""
    log.bind(code=problem.error_code)
    body = {
        "success": False,
        "error": problem.sentence,
        "code": problem.error_code,
        "details": problem.details,
        "timestamp": datetime.now(UTC).isoformat(),
        "request_id": request_id,
    }
    headers = {}
    if problem.retry_after_seconds is not None:
        headers["retry-after"] = str(problem.retry_after_seconds)
    if problem.status == UnauthenticatedError.status:
        headers["www-authenticate"] = "Bearer"
    return Response(json.dumps(body), problem.status, headers, "application/json")
