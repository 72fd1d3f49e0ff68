"""An HTTP/1.1 client that uses as little CPU time as possible."""

import asyncio
import json
import time
from http import HTTPStatus
from typing import Any, NamedTuple, Self

from infra.local.config import tokens

_END = b"\r\n\r\n"
_LENGTH = b"content-length: "


class Answer(NamedTuple):
    """A response, and how long it took."""

    status: int
    body: bytes
    seconds: float


def post(path: str, token: str, body: object) -> bytes:
    """Return a complete request, built once and sent often."""
    content = json.dumps(body).encode()
    return (
        f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {token}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(content)}\r\n\r\n"
    ).encode() + content


def picture(path: str, token: str) -> bytes:
    """Return a request for a fast picture."""
    body = {"jobType": "sdxl_image_fast", "metadata": {"prompt": "a big red star on blue, left"}}
    return post(path, token, body)


def whole_length(data: bytes) -> int:
    """Return the length of the response at the start of ``data``; 0 while its head is incomplete.

    Raises:
        ValueError: The response has no Content-Length.
    """
    end = data.find(_END)
    if end < 0:
        return 0
    at = data[:end].lower().find(_LENGTH)
    if at < 0:
        raise ValueError("an answer without its length")
    return end + len(_END) + int(data[at + len(_LENGTH) : end].partition(b"\r\n")[0])


def job_of(answer: Answer) -> str:
    """Return the accepted job's id. Raises RuntimeError where the job was refused."""
    if answer.status != HTTPStatus.ACCEPTED:
        raise RuntimeError(f"a job was refused: {answer.body.decode()}")
    return str(json.loads(answer.body)["job"]["id"])


class Connection:
    """One persistent connection; one request at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def open(cls, port: int) -> Self:
        """Open a connection."""
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def ask(self, request: bytes) -> Answer:
        """Send a request, and read the response to its end."""
        began = time.perf_counter()
        self._writer.write(request)
        head = await self._reader.readuntil(_END)
        body = await self._reader.readexactly(whole_length(head) - len(head))
        return Answer(int(head[9:12]), body, time.perf_counter() - began)

    def close(self) -> None:
        """Close the connection."""
        self._writer.close()


class Events:
    """A client of a user's ``job-events``."""

    def __init__(self) -> None:
        self.made: dict[str, float] = {}
        """When each job's asset was received, by ``time.perf_counter``."""
        self._news = asyncio.Condition()

    async def open(self, port: int, user: str, path: str = "/functions/v1/job-events") -> None:
        """Connect, and read events until closed."""
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", port)
        head = f"GET {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer "
        self._writer.write(f"{head}{tokens.user_token(user)}\r\n\r\n".encode())
        await self._reader.readuntil(b"event: ready")
        self._reading = asyncio.create_task(self._read())

    async def asset_of(self, job_id: str, seconds: float = 60) -> float:
        """Wait for the job's asset, and return when it was received."""
        async with asyncio.timeout(seconds), self._news:
            await self._news.wait_for(lambda: job_id in self.made)
        return self.made[job_id]

    async def close(self) -> None:
        """Close the stream."""
        self._reading.cancel()
        self._writer.close()

    async def _read(self) -> None:
        while line := await self._reader.readline():
            if line.startswith(b"data: ") and b'"workspace_assets"' in line:
                at = time.perf_counter()
                payload: dict[str, Any] = json.loads(line[6:])
                async with self._news:
                    self.made.setdefault(payload["record"]["job_id"], at)
                    self._news.notify_all()
