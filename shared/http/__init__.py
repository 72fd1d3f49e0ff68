"""HTTP layer: endpoint wrapper, request and response types."""

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
