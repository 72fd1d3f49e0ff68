"""uvicorn's WebSocket configuration. Run as a module, it serves ``realtime``.

The local gateway mounts the same app with the same settings.
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
"""Maximum size of a client's frame; a larger one is closed with code 1009. Each socket may buffer
one incomplete frame."""

MAX_OPEN_FILES = 65_536
"""More than any process here needs; the system may have no limit."""
MAX_CLOSING = 100
"""Maximum number of closed sockets whose clients have not replied: the oldest is aborted."""

_GRACE_SECONDS = 10
_GRACEFUL_SECONDS = 8
"""Cloud Run kills a process 10 s after SIGTERM."""

_log = logging.getLogger("ourvidz.sockets")
"""Not a child of uvicorn's logger, which resets its children."""
# At the next lower level uvicorn logs each socket's URL, which holds the apikey.
_log.setLevel(logging.WARNING)


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """uvicorn's protocol; it aborts clients that do not read, and does not log URLs."""

    _closing: ClassVar[dict["WebSocketProtocol", None]] = {}
    """All closing connections of the process, the oldest first."""

    def __init__(self, *arguments: Any, **more: Any) -> None:  # noqa: ANN401 - uvicorn's signature
        super().__init__(*arguments, **more)
        self.logger = self.conn.logger = _log
        self._aborting: asyncio.TimerHandle | None = None

    async def run_asgi(self) -> None:
        """Serve one connection."""
        await super().run_asgi()
        # A closed transport first sends its buffer, which never ends if the client does not read.
        if not self.disconnected:
            self._aborting = self.loop.call_later(_GRACE_SECONDS, self._abort)
            self._closing[self] = None
            if len(self._closing) > MAX_CLOSING:
                next(iter(self._closing))._cut_off()  # noqa: SLF001 - the same class

    def connection_lost(self, exc: Exception | None) -> None:
        """Remove a connection that has ended."""
        super().connection_lost(exc)
        self._closing.pop(self, None)
        if self._aborting:
            self._aborting.cancel()

    def _cut_off(self) -> None:
        """Close the connection now. The kernel still sends its buffer."""
        self._closing.pop(self, None)
        if self.transport.get_write_buffer_size():
            self._abort()
        else:
            self.transport.close()

    def _abort(self) -> None:
        """Close at once; the kernel discards its buffer too."""
        connection = self.transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()


OPTIONS: dict[str, Any] = {
    "loop": "uvloop",
    "http": HttpProtocol,
    "ws": WebSocketProtocol,
    "ws_max_size": MAX_FRAME_BYTES,
    # The realtime protocol has heartbeats; compression is not worth it for many small frames.
    "ws_ping_interval": None,
    "ws_per_message_deflate": False,
    "access_log": False,
}
"""Options of ``uvicorn.run``."""


def raise_open_files() -> None:
    """Raise the process's limit of open files to the system's; each connection needs one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = MAX_OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, MAX_OPEN_FILES)
    if soft != resource.RLIM_INFINITY and soft < allowed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
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
