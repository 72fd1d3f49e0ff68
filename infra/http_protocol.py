"""uvicorn's HTTP/1.1 with limits on how long a request may take to arrive, and on its headers.

uvicorn itself waits for ever for the rest of a request, and keeps header bytes without a limit.
"""

import asyncio
from typing import Any, ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD_BYTES = 64 * 1024
"""Of the request line and all headers and trailers of one request: h11's default."""

HEAD_SECONDS = 10.0
"""From the connection, or the first byte of a further request, to the end of the headers."""

BODY_SECONDS = 20.0
MIN_BODY_BYTES = 10_000
"""In each BODY_SECONDS of a body: 500 bytes a second, as Apache's mod_reqtimeout by default."""

WRITE_SECONDS = 60.0
"""In which a client must take some of a response that waits for it."""

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

    def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - uvicorn's own
        super().__init__(*arguments, **options)
        self._head_timer: asyncio.TimerHandle | None = None
        self._body_timer: asyncio.TimerHandle | None = None
        self._write_timer: asyncio.TimerHandle | None = None
        self._head_bytes = 0
        self._unparsed_bytes = 0
        """Received since the parser last reported a part of a request."""
        self._body_bytes = 0
        """Received since the body's timer was started."""
        self._is_in_head = False
        self._is_in_body = False
        self._was_paused = False
        self._unsent_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the time for the first request."""
        super().connection_made(transport)
        self._start_head_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop all timers."""
        super().connection_lost(exc)
        for timer in (self._head_timer, self._body_timer, self._write_timer):
            if timer:
                timer.cancel()

    def data_received(self, data: bytes) -> None:
        """Parse what was received, within the limits."""
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
            # Also for bytes between two requests: uvicorn no longer counts the connection as idle.
            self._start_head_timer()

    def on_message_begin(self) -> None:
        """Begin a request."""
        super().on_message_begin()
        self._is_in_head, self._head_bytes, self._unparsed_bytes = True, 0, 0

    def on_url(self, url: bytes) -> None:
        """Take a part of the request line."""
        self._count_head(url)
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header, or after a chunked body a trailer."""
        self._count_head(name, value)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Begin the body."""
        self._is_in_head, self._is_in_body, self._unparsed_bytes = False, True, 0
        self._body_bytes = 0
        self._stop_head_timer()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a part of the body."""
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
        """Refuse what the parser refused."""
        if self._head_bytes > MAX_HEAD_BYTES:
            self._refuse(431)
        else:
            super().send_400_response(msg)

    def pause_writing(self) -> None:
        """Start the time for the client to read: the transport's buffer is full."""
        super().pause_writing()
        self._start_write_timer()

    def resume_writing(self) -> None:
        """Stop it: the buffer is nearly empty."""
        super().resume_writing()
        if self._write_timer:
            self._write_timer.cancel()
            self._write_timer = None

    def handle_websocket_upgrade(self) -> None:
        """Leave the connection to the protocol of WebSockets."""
        for timer in (self._head_timer, self._body_timer):
            if timer:
                timer.cancel()
        super().handle_websocket_upgrade()

    def _count_head(self, *parts: bytes) -> None:
        self._unparsed_bytes = 0
        self._head_bytes += sum(map(len, parts))
        if self._head_bytes > MAX_HEAD_BYTES:
            raise ValueError("too large")  # ends the parser, which lets this class refuse

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
        """Refuse a body that arrives too slowly, unless it is the application that does not read.

        Reading is paused while the application has not taken what was received; for the interval
        in which it is resumed, the client is not judged either.
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
        """Close the connection; answer before, unless a response has begun."""
        if self.transport.is_closing():
            return
        if self._can_answer():
            self.transport.write(_RESPONSES[status] + _END)
        if not self._is_idle():
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self.transport.close()

    def _can_answer(self) -> bool:
        if self._is_in_head:
            return self._is_idle()
        return self._is_in_body and not self.cycle.response_started and not self.pipeline
