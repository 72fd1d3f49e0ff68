"""What came in."""

from collections.abc import Mapping
from functools import cached_property
from uuid import uuid4

from starlette.datastructures import QueryParams
from starlette.requests import Request

from shared.errors import PayloadTooLargeError
from shared.telemetry import trace_context

MAX_BODY_BYTES = 1024 * 1024


class HttpRequest:
    """The request as a handler or a keeper may see it: no framework in it."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._body: bytes | None = None

    @property
    def method(self) -> str:
        """In capitals."""
        return self._request.method

    @property
    def path(self) -> str:
        """Below the function's own address, decoded once."""
        path: str = self._request.scope["path"]
        return path

    @property
    def headers(self) -> Mapping[str, str]:
        """Names are matched in any case."""
        return self._request.headers

    @property
    def query(self) -> QueryParams:
        """The query's pairs, in their order by ``multi_items``."""
        return self._request.query_params

    @property
    def incoming_traceparent(self) -> str | None:
        """The caller's trace (W3C Trace Context), where it names one."""
        incoming = trace_context.parse(self.headers.get("traceparent"))
        return str(incoming) if incoming else None

    @cached_property
    def traceparent(self) -> str:
        """The caller's trace, or one that begins here."""
        return self.incoming_traceparent or f"00-{uuid4().hex}-{uuid4().hex[:16]}-01"

    async def wait_for_disconnect(self) -> None:
        """Wait until the client has gone away; once its body has been read."""
        while (await self._request.receive())["type"] != "http.disconnect":
            pass

    async def body(self, max_bytes: int = MAX_BODY_BYTES) -> bytes:
        """The whole body. Raises PayloadTooLargeError as soon as it passes the limit."""
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
