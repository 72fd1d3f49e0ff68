"""A credential that came by another way than a header."""

from starlette.requests import Request

from shared.http.request import HttpRequest


def bearing(token: str) -> HttpRequest:
    """A call that brings the token as a header would, for the doors' keepers."""
    headers = [(b"authorization", b"Bearer " + token.encode())]
    scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": headers}
    return HttpRequest(Request(scope))
