"""Build a request from a token that was not sent in a header."""

from starlette.requests import Request

from shared.http.request import HttpRequest


def bearing(token: str) -> HttpRequest:
    """Return a request with the token in its Authorization header, for the authenticators."""
    headers = [(b"authorization", b"Bearer " + token.encode())]
    scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": headers}
    return HttpRequest(Request(scope))
