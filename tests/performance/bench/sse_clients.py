"""A thousand clients of ``job-events``, each of another user, and how late they receive events."""

import asyncio
import random
import time
from dataclasses import dataclass, field
from uuid import uuid4

from psycopg import AsyncConnection

from infra.local.config import tokens

_INSERT_SESSION = "insert into workspace_sessions (user_id, session_name) values (%s, %s)"
_OPENING = 50
"""Streams that are opened at a time."""
_LOST_SECONDS = 30


@dataclass
class Listener:
    """One client, and when it received each event."""

    user: str = field(default_factory=lambda: str(uuid4()))
    read: dict[str, float] = field(default_factory=dict)

    async def open(self, port: int, path: str) -> None:
        """Connect, and read events until closed."""
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", port)
        request = f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
        self._writer.write(f"{request}{tokens.user_token(self.user)}\r\n\r\n".encode())
        await self._reader.readuntil(b"event: ready")
        self._reading = asyncio.create_task(self._read())

    async def close(self) -> None:
        """Close the stream."""
        self._reading.cancel()
        self._writer.close()

    async def _read(self) -> None:
        while line := await self._reader.readline():
            if line.startswith(b"data: ") and (at := line.find(b'"session_name":"')) >= 0:
                name = line[at + 16 :].partition(b'"')[0].decode()
                self.read[name] = time.perf_counter()


async def open_all(count: int, port: int, path: str) -> list[Listener]:
    """Open as many listeners, some at a time."""
    listeners = [Listener() for _ in range(count)]
    for first in range(0, count, _OPENING):
        some = listeners[first : first + _OPENING]
        await asyncio.gather(*(one.open(port, path) for one in some))
    return listeners


async def spread(
    connection: AsyncConnection, listeners: list[Listener], *, rate: float, seconds: float
) -> list[float]:
    """Commit one event at a time for random users; return the seconds until each is received."""
    committed = {}
    mark = uuid4().hex
    began = time.perf_counter()
    for number in range(int(rate * seconds)):
        await asyncio.sleep(max(0, began + number / rate - time.perf_counter()))
        listener = random.choice(listeners)
        await connection.execute(_INSERT_SESSION, [listener.user, f"{mark}-{number}"])
        committed[listener.user, f"{mark}-{number}"] = time.perf_counter()
    return await _delays(listeners, committed)


async def burst(connection: AsyncConnection, listeners: list[Listener]) -> list[float]:
    """Commit one event for every user in a single transaction, and return the seconds for each."""
    mark = uuid4().hex
    async with connection.transaction(), connection.cursor() as cursor:
        await cursor.executemany(_INSERT_SESSION, [(listener.user, mark) for listener in listeners])
    now = time.perf_counter()
    return await _delays(listeners, {(listener.user, mark): now for listener in listeners})


async def _delays(
    listeners: list[Listener], committed: dict[tuple[str, str], float]
) -> list[float]:
    """Return the delay of every event. Raises TimeoutError where one does not arrive."""
    by_user = {listener.user: listener for listener in listeners}
    until = time.perf_counter() + _LOST_SECONDS
    while any(name not in by_user[user].read for user, name in committed):
        if time.perf_counter() > until:
            raise TimeoutError("events were lost")
        await asyncio.sleep(0.1)
    return [by_user[user].read[name] - at for (user, name), at in committed.items()]
