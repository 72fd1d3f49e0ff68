"""uvicorn's HTTP/1.1 protocol with time limits for requests and a size limit for headers.

uvicorn itself waits without limit for the rest of a request, and buffers headers without limit.
"""

import asyncio
from typing import Any, ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD_BYTES = 64 * 1024
"""Maximum size of a request's request line, headers and trailers: h11's default."""

HEAD_SECONDS = 10.0
"""Maximum time from the connection, or from a later request's first byte, to its headers' end."""

BODY_SECONDS = 20.0
MIN_BODY_BYTES = 10_000
"""Minimum bytes in each BODY_SECONDS: 500 per second, the default of Apache's mod_reqtimeout."""

WRITE_SECONDS = 60.0
"""Time in which a client must read some of a buffered response."""

_RESPONSES = {
    408: b"HTTP/1.1 408 Request Timeout\r\n",
    431: b"HTTP/1.1 431 Request Header Fields Too Large\r\n",
}
_END = b"content-length: 0\r\nconnection: close\r\n\r\n"


class HttpProtocol(HttpToolsProtocol):
    """One connection of a client."""

    head_seconds: ClassVar[float] = HEAD_SECONDS
    body_seconds: ClassVar[float] = BODY_SECONDS
    write_seconds: ClassVar[float] = WRITE_SECONDS

    def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - uvicorn's signature
        super().__init__(*arguments, **options)
        self._head_timer: asyncio.TimerHandle | None = None
        self._body_timer: asyncio.TimerHandle | None = None
        self._write_timer: asyncio.TimerHandle | None = None
        self._head_bytes = 0
        self._unparsed_bytes = 0
        """Bytes received since the parser last reported a part of a request."""
        self._body_bytes = 0
        """Bytes received since the body's timer was started."""
        self._is_in_head = False
        self._is_in_body = False
        self._was_paused = False
        self._unsent_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the timer of the first request."""
        super().connection_made(transport)
        self._start_head_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop all timers."""
        super().connection_lost(exc)
        for timer in (self._head_timer, self._body_timer, self._write_timer):
            if timer:
                timer.cancel()

    def data_received(self, data: bytes) -> None:
        """Parse received bytes and check the limits."""
        self._unparsed_bytes += len(data)
        if self._is_in_body:
            self._body_bytes += len(data)
        super().data_received(data)
        if self.transport.is_closing() or self.transport.get_protocol() is not self:
            return
        if self._unparsed_bytes > MAX_HEAD_BYTES:
            self._refuse(431)
        elif self._is_in_body and self._body_timer is None:
            self._start_body_timer()
        elif not self._is_in_body and (self._is_in_head or self._is_idle()):
            # Also for bytes between two requests: uvicorn no longer treats the connection as idle.
            self._start_head_timer()

    def on_message_begin(self) -> None:
        """Start a request."""
        super().on_message_begin()
        self._is_in_head, self._head_bytes, self._unparsed_bytes = True, 0, 0

    def on_url(self, url: bytes) -> None:
        """Count and process a part of the request line."""
        self._count_head(url)
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Count and process a header, or a trailer of a chunked body."""
        self._count_head(name, value)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Start the body."""
        self._is_in_head, self._is_in_body, self._unparsed_bytes = False, True, 0
        self._body_bytes = 0
        self._stop_head_timer()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Process a part of the body."""
        self._unparsed_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """End the request."""
        self._is_in_body, self._unparsed_bytes = False, 0
        if self._body_timer:
            self._body_timer.cancel()
            self._body_timer = None
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Respond with 431 if the headers are too large, else with 400."""
        if self._head_bytes > MAX_HEAD_BYTES:
            self._refuse(431)
        else:
            super().send_400_response(msg)

    def pause_writing(self) -> None:
        """Start the write timer: the transport's buffer is full."""
        super().pause_writing()
        self._start_write_timer()

    def resume_writing(self) -> None:
        """Stop the write timer: the buffer is nearly empty."""
        super().resume_writing()
        if self._write_timer:
            self._write_timer.cancel()
            self._write_timer = None

    def handle_websocket_upgrade(self) -> None:
        """Stop the timers and pass the connection to the WebSocket protocol."""
        for timer in (self._head_timer, self._body_timer):
            if timer:
                timer.cancel()
        super().handle_websocket_upgrade()

    def _count_head(self, *parts: bytes) -> None:
        self._unparsed_bytes = 0
        self._head_bytes += sum(map(len, parts))
        if self._head_bytes > MAX_HEAD_BYTES:
            raise ValueError("too large")  # the parser then calls send_400_response

    def _is_idle(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _start_head_timer(self) -> None:
        if self._head_timer is None:
            self._head_timer = self.loop.call_later(self.head_seconds, self._refuse, 408)

    def _stop_head_timer(self) -> None:
        if self._head_timer:
            self._head_timer.cancel()
            self._head_timer = None

    def _start_body_timer(self) -> None:
        self._body_bytes = 0
        self._body_timer = self.loop.call_later(self.body_seconds, self._check_body)

    def _check_body(self) -> None:
        """Refuse a body that arrives too slowly, unless the application does not read it.

        Reading is paused while the application has not processed the received bytes; the interval
        in which reading resumes is not checked either.
        """
        is_excused = self.flow.read_paused or self._was_paused
        self._was_paused = self.flow.read_paused
        if self._body_bytes < MIN_BODY_BYTES and not is_excused:
            self._refuse(408)
        else:
            self._start_body_timer()

    def _start_write_timer(self) -> None:
        self._unsent_bytes = self.transport.get_write_buffer_size()
        self._write_timer = self.loop.call_later(self.write_seconds, self._check_write)

    def _check_write(self) -> None:
        if self.transport.get_write_buffer_size() >= self._unsent_bytes:
            self.transport.abort()
        else:
            self._start_write_timer()

    def _refuse(self, status: int) -> None:
        """Close the connection; respond before, unless a response has begun."""
        if self.transport.is_closing():
            return
        if self._can_respond():
            self.transport.write(_RESPONSES[status] + _END)
        if not self._is_idle():
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self.transport.close()

    def _can_respond(self) -> bool:
        if self._is_in_head:
            return self._is_idle()
        return self._is_in_body and not self.cycle.response_started and not self.pipeline
