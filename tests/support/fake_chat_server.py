"""A fake chat server of the OpenAI protocol with scripted behaviour, and typical faults."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from shared.contracts import webhook_signature
from tests.support.local_system import TIMEOUT_SECONDS, LocalSystem, UserClient
from tests.support.scripted_worker import ScriptedWorker

HURRIED_SECONDS = 0.5
"""The chat timeout of ``hurried`` functions; see tests/support/chat_fixtures.py."""
KEY = "the chat servers' key"

Body = dict[str, Any]
Behaviour = Callable[["Answer", Body], None]


class Answer:
    """The response of a server to one request, as raw as a test needs it."""

    def __init__(self, handler: BaseHTTPRequestHandler) -> None:
        self._handler = handler

    def begin(self, status: int = 200, media_type: str = "text/event-stream") -> None:
        """Send the head; the body ends with the connection."""
        self._handler.send_response(status)
        self._handler.send_header("content-type", media_type)
        self._handler.send_header("connection", "close")
        self._handler.end_headers()

    def write(self, content: bytes) -> None:
        """Send a part of the body."""
        self._handler.wfile.write(content)
        self._handler.wfile.flush()

    def wait_for_the_end(self) -> None:
        """Wait until the client hangs up.

        Raises:
            OSError: The client has disconnected.
        """
        connection = self._handler.connection
        connection.settimeout(TIMEOUT_SECONDS)
        if not connection.recv(1):
            raise ConnectionResetError("The client closed the connection.")

    def chunk(self, content: object, finish: object = None, **more: object) -> None:
        """Send one event of the protocol."""
        choice = {"index": 0, "delta": {"content": content}, "finish_reason": finish}
        self.write(b"data: " + json.dumps({"choices": [choice], **more}).encode() + b"\n\n")

    def end(self, finish: str = "stop", tokens: int = 7) -> None:
        """Send the events that end a response."""
        self.chunk("", finish)
        self.write(b'data: {"choices": [], "usage": {"completion_tokens": %d}}\n\n' % tokens)
        self.write(b"data: [DONE]\n\n")


class ChatServer(ScriptedWorker):
    """A chat server with scripted behaviour."""

    def __init__(self, system: LocalSystem) -> None:
        self.reset()
        super().__init__(system)

    def reset(self) -> None:
        """Forget the requests, and reply with a short text."""
        self.requests: list[Body] = []
        self.headers: list[dict[str, str]] = []
        self._cut: list[Body] = []
        self.behave: Behaviour = reply("a quiet answer")

    @property
    def cut(self) -> int:
        """How many requests since the last reset lost their client before the response ended."""
        return len(self._cut)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                challenge = parse_qs(urlsplit(self.path).query)["challenge"][0]
                proof = webhook_signature.challenge_proof(
                    server.key, worker_id=server.key_id, challenge=challenge
                )
                answer = Answer(self)
                answer.begin(media_type="application/json")
                answer.write(json.dumps({"status": "ok", "proof": proof}).encode())

            def do_POST(self) -> None:
                assert self.path == "/v1/chat/completions"
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                # An earlier test's response may still be in progress: it counts for that test.
                behave, cut = server.behave, server._cut
                server.requests.append(body)
                server.headers.append({name.lower(): value for name, value in self.headers.items()})
                try:
                    behave(Answer(self), body)
                except OSError:
                    cut.append(body)

            def log_message(self, *_: object) -> None:
                pass

        return Handler


def reply(*pieces: str, finish: str = "stop", pause: float = 0, tokens: int = 7) -> Behaviour:
    """Send these pieces, each after a pause of at least this many seconds."""

    def behave(answer: Answer, _: Body) -> None:
        answer.begin()
        for piece in pieces:
            time.sleep(pause)
            answer.chunk(piece)
        answer.end(finish, tokens)

    return behave


def wait_for(gate: threading.Event, then: Behaviour) -> Behaviour:
    """Wait until the test sets the gate, then continue with ``then``."""

    def behave(answer: Answer, body: Body) -> None:
        if not gate.wait(TIMEOUT_SECONDS):
            raise TimeoutError("The test did not set the gate.")
        then(answer, body)

    return behave


def silent(answer: Answer, _: Body) -> None:
    """Send nothing for as long as the client waits."""
    answer.wait_for_the_end()


def raw_reply(content: bytes, *, status: int = 200) -> Behaviour:
    """Send these bytes unchanged."""

    def behave(answer: Answer, _: Body) -> None:
        answer.begin(status)
        answer.write(content)

    return behave


def endless_reply(content: bytes, pause: float = 0) -> Behaviour:
    """Send these bytes repeatedly."""

    def behave(answer: Answer, _: Body) -> None:
        answer.begin()
        while True:
            answer.write(content)
            time.sleep(pause)

    return behave


def _piece(**choice: object) -> bytes:
    return b"data: " + json.dumps({"choices": [choice]}).encode() + b"\n\n"


FAULTS: dict[str, tuple[Behaviour, str]] = {
    "silent": (silent, "slow"),
    "dripping": (endless_reply(_piece(delta={"content": "a"}), pause=0.1), "slow"),
    "dripping nothing": (endless_reply(b": still here\n", pause=0.1), "slow"),
    "500": (raw_reply(b"Internal Server Error", status=500), "broken"),
    "401": (raw_reply(b"{}", status=401), "broken"),
    "404": (raw_reply(b"{}", status=404), "broken"),
    "400": (raw_reply(b"{}", status=400), "refused"),
    "429": (raw_reply(b"{}", status=429), "busy"),
    "503": (raw_reply(b"{}", status=503), "busy"),
    "redirect": (raw_reply(b"", status=307), "broken"),
    "a page": (raw_reply(b"<html>hello</html>"), "unreadable"),
    "no stream": (raw_reply(b'{"choices": [{"message": {"content": "hi"}}]}'), "unreadable"),
    "no JSON": (raw_reply(b"data: {oops\n\n"), "unreadable"),
    "no text": (raw_reply(_piece(delta={"content": 5})), "unreadable"),
    "no list": (raw_reply(b'data: {"choices": {"delta": {"content": "a"}}}\n\n'), "unreadable"),
    "half a character": (
        raw_reply(b'data: {"choices": [{"delta": {"content": "\xff"}}]}\n'),
        "unreadable",
    ),
    "a lone surrogate": (
        raw_reply(b'data: {"choices": [{"delta": {"content": "\\ud800"}}]}\n\n'),
        "unreadable",
    ),
    "broken off": (raw_reply(_piece(delta={"content": "a red"})), "unreadable"),
    "error event": (raw_reply(b'data: {"error": {"message": "draining"}}\n\n'), "broken"),
    "empty delta": (raw_reply(_piece(delta={}, finish_reason="stop")), "empty"),
    "blank": (raw_reply(_piece(delta={"content": " \n"}, finish_reason="stop")), "empty"),
    "too much text": (reply(*["word " * 1000] * 20), "unreadable"),
    "endless text": (endless_reply(_piece(delta={"content": "word " * 1000})), "unreadable"),
    "endless line": (endless_reply(b"data: " + b"a" * 100_000), "unreadable"),
    "endless events": (endless_reply(b'data: {"choices": []}\n\n' * 5000), "unreadable"),
}  # fmt: skip
"""Faults of a server: its behaviour, and the reason that the functions report.

Those that are "slow" never end: the functions that meet them must be ``hurried``.
"""


@contextmanager
def streamed(person: UserClient, **body: object) -> Iterator[Iterator[tuple[str, Body]]]:
    """Stream a response of playground-chat: the names and data of its events, as they arrive."""
    headers = {"authorization": f"Bearer {person.token}", "accept": "text/event-stream"}
    url = f"{person.base}/functions/v1/playground-chat"
    with (
        httpx.Client(trust_env=False, timeout=TIMEOUT_SECONDS) as client,
        client.stream("POST", url, json=body, headers=headers) as answer,
    ):
        assert answer.status_code == 200, answer.read()
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield _events(answer.iter_lines())


def _events(lines: Iterator[str]) -> Iterator[tuple[str, Body]]:
    name = ""
    for line in lines:
        field, _, value = line.partition(": ")
        if field == "event":
            name = value
        elif field == "data":
            yield name, json.loads(value)
