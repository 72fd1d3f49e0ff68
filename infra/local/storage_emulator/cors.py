"""CORS by the rules of the requested bucket.

Cloud Storage's JSON API allows every origin, since it requires a token. The emulator requires none,
so a bucket's rules apply to both APIs: a page can read only from buckets that allow its origin.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, TypeAlias

from starlette.responses import Response

from .metadata import Properties

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request

Rules: TypeAlias = "Sequence[Properties]"

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
_DEFAULT_MAX_AGE_SECONDS = 3600


def allowing(origins: Sequence[str]) -> Rules:
    """Return rules that allow these origins all methods and headers."""
    return [
        {
            "origin": list(origins),
            "method": list(_METHODS),
            "responseHeader": ["*"],
            "maxAgeSeconds": _DEFAULT_MAX_AGE_SECONDS,
        }
    ]


def preflight(request: Request, rules: Rules) -> Response:
    """Respond to an OPTIONS request; a refused one gets the same 200, without CORS headers."""
    method = request.headers.get("access-control-request-method", "")
    rule = _rule_for(request, method, rules)
    requested_headers = request.headers.get("access-control-request-headers", "")
    names = [name.strip().lower() for name in requested_headers.split(",") if name.strip()]
    response = Response()
    if rule and all(_allows_header(rule, name) for name in names):
        response.headers["access-control-allow-origin"] = _allowed_origin(request, rule)
        response.headers["access-control-allow-methods"] = ",".join(rule.get("method", ()))
        response.headers["access-control-allow-headers"] = ",".join(names)
        max_age = rule.get("maxAgeSeconds", _DEFAULT_MAX_AGE_SECONDS)
        response.headers["access-control-max-age"] = str(max_age)
    response.headers["vary"] = "Origin"
    return response


def expose(request: Request, response: Response, rules: Rules) -> None:
    """Add the headers that allow the page to read the response, also an error."""
    rule = _rule_for(request, request.method, rules)
    if not rule:
        return
    response.headers["access-control-allow-origin"] = _allowed_origin(request, rule)
    response.headers["access-control-expose-headers"] = ",".join(rule.get("responseHeader", ()))
    response.headers["vary"] = "Origin"


def _rule_for(request: Request, method: str, rules: Rules) -> Properties | None:
    """Return the first rule that allows both the origin and the method."""
    origin = request.headers.get("origin")
    for rule in rules:
        origins, methods = rule.get("origin", ()), rule.get("method", ())
        if origin and {origin, "*"} & set(origins) and {method, "*"} & set(methods):
            return rule
    return None


def _allowed_origin(request: Request, rule: Properties) -> str:
    return "*" if "*" in rule["origin"] else request.headers["origin"]


def _allows_header(rule: Properties, name: str) -> bool:
    return any(fnmatchcase(name, allowed.lower()) for allowed in rule.get("responseHeader", ()))
