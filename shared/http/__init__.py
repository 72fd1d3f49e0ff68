"""The web, as far as handlers may know it: what came in, what goes out, and the door between."""

from shared.http.answers import Accepted, Content, Redirect, Stream
from shared.http.call import Call
from shared.http.door import endpoint, read_json

__all__ = ["Accepted", "Call", "Content", "Redirect", "Stream", "endpoint", "read_json"]
