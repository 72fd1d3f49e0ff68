"""HTTP request wrapper passed to handlers and authenticators."""

from collections.abc import Mapping
from functools import cached_property
from uuid import uuid4

from starlette.datastructures import QueryParams
from starlette.requests import Request

from shared.errors import PayloadTooLargeError
from shared.telemetry import trace_context

MAX_BODY_BYTES = 1024 * 1024


class HttpRequest:
    """An HTTP request, without the types of the web framework."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._body: bytes | None = None

    @property
    def method(self) -> str:
        """The HTTP method, in capitals."""
        return self._request.method

    @property
    def path(self) -> str:
        """The path below the function's URL, percent-decoded once."""
        path: str = self._request.scope["path"]
        return path

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers; names are case-insensitive."""
        return self._request.headers

    @property
    def query(self) -> QueryParams:
        """The query parameters; ``multi_items`` returns all pairs in order."""
        return self._request.query_params

    @property
    def incoming_traceparent(self) -> str | None:
        """The caller's ``traceparent`` (W3C Trace Context); None if missing or malformed."""
        incoming = trace_context.parse(self.headers.get("traceparent"))
        return str(incoming) if incoming else None

    @cached_property
    def traceparent(self) -> str:
        """The caller's ``traceparent``, or that of a new trace."""
        return self.incoming_traceparent or new_traceparent()

    async def wait_for_disconnect(self) -> None:
        """Wait until the client disconnects. Call it after the body has been read."""
        while (await self._request.receive())["type"] != "http.disconnect":
            pass

    async def body(self, max_bytes: int = MAX_BODY_BYTES) -> bytes:
        """Read and return the body.

        Raises:
            PayloadTooLargeError: The body is larger than ``max_bytes``; the rest is not read.
        """
        if self._body is None:
            chunks: list[bytes] = []
            size = 0
            async for chunk in self._request.stream():
                size += len(chunk)
                if size > max_bytes:
                    raise PayloadTooLargeError
                chunks.append(chunk)
            self._body = b"".join(chunks)
        return self._body


def new_traceparent() -> str:
    """Return the ``traceparent`` of a new trace, which is recorded."""
    return f"00-{uuid4().hex}-{uuid4().hex[:16]}-01"
