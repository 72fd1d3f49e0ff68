"""A real HTTP server as the target of tasks."""

import contextlib
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.support.local_system import TIMEOUT_SECONDS


@dataclass(frozen=True)
class Reply:
    """The target's response to one request; with a gate, sent once the test has set it."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    gate: threading.Event | None = None


@dataclass(frozen=True)
class Push:
    """A request that the target has received.

    Header names are in lower case; ``at`` is in seconds since the epoch.
    """

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    at: float


class Server(ThreadingHTTPServer):
    """A server that queues as many connections as a test opens at once."""

    request_queue_size = 128
    daemon_threads = True


class Target:
    """A real HTTP server that records requests and sends the replies that a test set, else 200."""

    def __init__(self) -> None:
        self.pushes: list[Push] = []
        self.max_at_once = 0
        self._at_once = 0
        self._replies: dict[str, list[Reply]] = defaultdict(list)
        self._changed = threading.Condition()
        self._server = Server(("127.0.0.1", 0), self._handler())
        self.port = self._server.server_port
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.01,), daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def will(self, path: str, *replies: Reply) -> None:
        self._replies[path].extend(replies)

    def wait_for(self, path: str, count: int = 1) -> list[Push]:
        """The pushes to a path, once there are as many as expected."""
        with self._changed:
            self._changed.wait_for(lambda: len(self.got(path)) >= count, TIMEOUT_SECONDS)
        got = self.got(path)
        assert len(got) >= count, f"{len(got)} pushes to {path}, not {count}"
        return got

    def got(self, path: str) -> list[Push]:
        return [push for push in self.pushes if push.path == path]

    def take(self, push: Push) -> Reply:
        with self._changed:
            self.pushes.append(push)
            self._at_once += 1
            self.max_at_once = max(self.max_at_once, self._at_once)
            self._changed.notify_all()
        replies = self._replies[push.path]
        reply = replies.pop(0) if replies else Reply()
        if reply.gate:
            reply.gate.wait(TIMEOUT_SECONDS)
        with self._changed:
            self._at_once -= 1
        return reply

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        target = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one_request(self) -> None:
                self.raw_requestline = self.rfile.readline()
                if not self.raw_requestline or not self.parse_request():
                    self.close_connection = True
                    return
                at = time.time()
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                reply = target.take(Push(self.command, self.path, headers, body, at))
                self.send_response(reply.status)
                for name, value in {"Content-Length": "0", **reply.headers}.items():
                    self.send_header(name, value)
                with contextlib.suppress(OSError):  # a test may end the emulator meanwhile
                    self.end_headers()
                    self.wfile.flush()

            def log_message(self, *_: object) -> None:
                pass

        return Handler
