"""Requests that carry a bearer token."""

from starlette.requests import Request

from shared.http import HttpRequest


def call_with(token: str | bytes) -> HttpRequest:
    """Return a request with this bearer token."""
    text = token if isinstance(token, bytes) else token.encode()
    headers = [(b"authorization", b"Bearer " + text)]
    scope = {"type": "http", "method": "POST", "path": "/", "headers": headers}
    return HttpRequest(Request({**scope, "query_string": b""}))
