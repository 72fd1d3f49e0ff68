"""A closed-loop load generator: each connection sends its next request after a response."""

import asyncio
import itertools
import time
from collections.abc import Iterator, Sequence
from typing import cast

from tests.performance.bench import http_client


class _Client(asyncio.Protocol):
    """One connection, which sends the next request on receiving a response."""

    def __init__(self, requests: Iterator[bytes], status: int) -> None:
        self._requests = requests
        self._status = b"HTTP/1.1 %d" % status
        self._data = b""
        self.answered = 0
        self.refused: bytes | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(next(self._requests))

    def data_received(self, data: bytes) -> None:
        self._data += data
        length = http_client.whole_length(self._data)
        if not length or len(self._data) < length:
            return
        if not self._data.startswith(self._status):
            self.refused = self._data
            self._transport.close()
            return
        self._data = b""
        self.answered += 1
        self._transport.write(next(self._requests))

    def close(self) -> None:
        """Close the connection."""
        self._transport.close()


async def rate(
    port: int, requests: Sequence[bytes], *, connections: int, seconds: float, status: int = 202
) -> float:
    """Return the responses per second. Raises RuntimeError where one is not ``status``."""
    loop = asyncio.get_running_loop()
    turn = itertools.cycle(requests)
    clients = [
        (await loop.create_connection(lambda: _Client(turn, status), "127.0.0.1", port))[1]
        for _ in range(connections)
    ]
    began = time.perf_counter()
    before = sum(client.answered for client in clients)
    await asyncio.sleep(seconds)
    answered = sum(client.answered for client in clients) - before
    taken = time.perf_counter() - began
    for client in clients:
        client.close()
        if client.refused is not None:
            raise RuntimeError(f"an answer was not {status}: {client.refused.decode()}")
    return answered / taken
