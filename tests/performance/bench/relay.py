"""A TCP relay that counts round trips."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable
from typing import Self

_CHUNK = 65536


class Relay:
    """Relays connections; a round trip starts when the client sends after the server has."""

    def __init__(self, target: int, name: Callable[[bytes], str]) -> None:
        """Relay to ``target``; ``name`` names a round trip by its first bytes."""
        self._target = target
        self._name = name
        self.trips: Counter[str] = Counter()
        self.port = 0
        self._pumps: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        """Start serving."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close what is still open."""
        self._server.close()
        for pump in self._pumps:
            pump.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        away_reader, away_writer = await asyncio.open_connection("127.0.0.1", self._target)
        turn = _Turn()
        there = asyncio.create_task(self._ask(reader, away_writer, turn))
        back = asyncio.create_task(_answer(away_reader, writer, turn))
        self._pumps |= {there, back}
        await asyncio.wait({there, back})
        self._pumps -= {there, back}

    async def _ask(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, turn: "_Turn"
    ) -> None:
        while data := await _read(reader):
            if not turn.is_clients:
                turn.is_clients = True
                self.trips[self._name(data)] += 1
            writer.write(data)
        writer.close()


class _Turn:
    """Which side sent last on a connection."""

    def __init__(self) -> None:
        self.is_clients = False


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, turn: _Turn) -> None:
    while data := await _read(reader):
        turn.is_clients = False
        writer.write(data)
    writer.close()


async def _read(reader: asyncio.StreamReader) -> bytes:
    with contextlib.suppress(ConnectionError):
        return await reader.read(_CHUNK)
    return b""


def statement(_: bytes) -> str:
    """Name all round trips of the Postgres protocol alike, since only their number is reported."""
    return "round trips"


def storage_operation(data: bytes) -> str:
    """Name a Cloud Storage request by how it is charged and what it does, from its request line."""
    method, _, rest = data.partition(b" ")
    path = rest.partition(b" ")[0].partition(b"?")[0]
    is_upload = method in {b"PUT", b"POST"}
    kind = "A" if is_upload else "free" if method == b"DELETE" else "B"
    api = "JSON" if path.startswith((b"/storage/", b"/upload/", b"/download/")) else "signed URL"
    return f"{kind}: {method.decode()}, {api}"
