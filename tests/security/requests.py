"""How a token comes in."""

from starlette.requests import Request

from shared.http import Call


def call_with(token: str | bytes) -> Call:
    """A request that shows the token."""
    text = token if isinstance(token, bytes) else token.encode()
    headers = [(b"authorization", b"Bearer " + text)]
    scope = {"type": "http", "method": "POST", "path": "/", "headers": headers}
    return Call(Request({**scope, "query_string": b""}))
