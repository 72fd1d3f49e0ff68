"""How uvicorn serves WebSockets. Run as a module, it serves ``realtime`` by itself.

The local gateway mounts the same app, under the same settings.
"""

import argparse
import asyncio
import logging
import resource
import socket
import struct
from typing import Any, ClassVar

import uvicorn
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from infra.http_protocol import HttpProtocol

MAX_FRAME_BYTES = 256 * 1024
"""Of a client: a larger frame is answered by close code 1009. Each socket may hold one that has not
arrived whole."""

MAX_OPEN_FILES = 65_536
"""More than any process here serves; a system's own limit may be without end."""
MAX_CLOSING = 100
"""Sockets that were closed and whose clients have not answered: the oldest is cut off."""

_GRACE_SECONDS = 10
_GRACEFUL_SECONDS = 8
"""Cloud Run kills 10 s after it asks a process to end."""

_log = logging.getLogger("ourvidz.sockets")
"""Not below uvicorn's own, which resets those below it."""
# On the level below this one uvicorn writes each socket's address, which holds the apikey.
_log.setLevel(logging.WARNING)


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """uvicorn's own, but that it lets go of a client that does not read, and keeps addresses."""

    _closing: ClassVar[dict["WebSocketProtocol", None]] = {}
    """Those of the process, the oldest first."""

    def __init__(self, *arguments: Any, **more: Any) -> None:  # noqa: ANN401 - uvicorn's business
        super().__init__(*arguments, **more)
        self.logger = self.conn.logger = _log
        self._aborting: asyncio.TimerHandle | None = None

    async def run_asgi(self) -> None:
        """Serve one connection."""
        await super().run_asgi()
        # A transport that is closed first sends what it holds: to one who never reads, for ever.
        if not self.disconnected:
            self._aborting = self.loop.call_later(_GRACE_SECONDS, self._abort)
            self._closing[self] = None
            if len(self._closing) > MAX_CLOSING:
                next(iter(self._closing))._cut_off()  # noqa: SLF001 - one of its own kind

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        super().connection_lost(exc)
        self._closing.pop(self, None)
        if self._aborting:
            self._aborting.cancel()

    def _cut_off(self) -> None:
        """Free the connection now. What the kernel holds is still sent."""
        self._closing.pop(self, None)
        if self.transport.get_write_buffer_size():
            self._abort()
        else:
            self.transport.close()

    def _abort(self) -> None:
        """Close at once; the kernel as well forgets what it was still to send."""
        connection = self.transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()


OPTIONS: dict[str, Any] = {
    "loop": "uvloop",
    "http": HttpProtocol,
    "ws": WebSocketProtocol,
    "ws_max_size": MAX_FRAME_BYTES,
    # The protocol's own heartbeats find who is gone; and frames are small, their senders many.
    "ws_ping_interval": None,
    "ws_per_message_deflate": False,
    "access_log": False,
}
"""Of ``uvicorn.run``."""


def raise_open_files() -> None:
    """Let the process open as many files as the system allows it; each connection is one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = MAX_OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, MAX_OPEN_FILES)
    if soft != resource.RLIM_INFINITY and soft < allowed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))


def main() -> None:
    """Serve until a signal comes."""
    parser = argparse.ArgumentParser(prog="python -m infra.websocket_server")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8080)
    arguments = parser.parse_args()
    raise_open_files()
    uvicorn.run(
        "functions.realtime.main:main",
        host=arguments.host,
        port=arguments.port,
        log_level="info",
        timeout_graceful_shutdown=_GRACEFUL_SECONDS,
        **OPTIONS,
    )


if __name__ == "__main__":
    main()
