"""The web, as far as handlers may know it: what came in, what goes out, and the door between."""

from shared.http.endpoint import endpoint, read_json
from shared.http.request import HttpRequest
from shared.http.responses import Accepted, RawResponse, Redirect, StreamResponse

__all__ = [
    "Accepted",
    "HttpRequest",
    "RawResponse",
    "Redirect",
    "StreamResponse",
    "endpoint",
    "read_json",
]
