"""The web, as far as handlers may know it: what came in, what goes out, and the door between."""

from shared.http.answers import Content, Redirect
from shared.http.call import Call
from shared.http.door import endpoint, read_json

__all__ = ["Call", "Content", "Redirect", "endpoint", "read_json"]
