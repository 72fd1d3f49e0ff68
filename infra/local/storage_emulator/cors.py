"""Cross-origin requests, by the rules of the bucket that is addressed.

Cloud Storage's JSON API answers every origin, since it asks each caller for a token. Here nobody is
asked, so a bucket's rules govern both APIs: no page can read what its bucket does not offer.
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
    """Make the rules that allow these origins everything."""
    return [
        {
            "origin": list(origins),
            "method": list(_METHODS),
            "responseHeader": ["*"],
            "maxAgeSeconds": _DEFAULT_MAX_AGE_SECONDS,
        }
    ]


def preflight(request: Request, rules: Rules) -> Response:
    """Answer an OPTIONS request; what is not allowed gets the same 200, without the headers."""
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
    """Let the page that asked read the answer, be it a success or an error."""
    rule = _rule_for(request, request.method, rules)
    if not rule:
        return
    response.headers["access-control-allow-origin"] = _allowed_origin(request, rule)
    response.headers["access-control-expose-headers"] = ",".join(rule.get("responseHeader", ()))
    response.headers["vary"] = "Origin"


def _rule_for(request: Request, method: str, rules: Rules) -> Properties | None:
    """Give the first rule that names both the origin and the method."""
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
