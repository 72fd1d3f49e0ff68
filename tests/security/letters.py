"""What a hostile token is made of, and how it comes in."""

import base64
import json

from starlette.requests import Request

from shared.http import Call


def b64(content: object) -> str:
    """One part of a token."""
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


def call_with(token: str) -> Call:
    """A request that shows the token."""
    headers = [(b"authorization", f"Bearer {token}".encode())]
    scope = {"type": "http", "method": "POST", "path": "/", "headers": headers}
    return Call(Request({**scope, "query_string": b""}))
