"""The web, as far as handlers may know it: what came in, what goes out, and the door between."""

from shared.http.endpoint import endpoint, read_json
from shared.http.request import Call
from shared.http.responses import Accepted, Content, Redirect, Stream

__all__ = ["Accepted", "Call", "Content", "Redirect", "Stream", "endpoint", "read_json"]
