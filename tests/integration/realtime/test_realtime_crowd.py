"""/realtime/v1 with a thousand sockets in one process, and what remains after them."""

import asyncio
import contextlib
import gc
from collections.abc import Awaitable, Sequence
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed

from tests.support.local_system import LocalSystem, UserClient, wait_until
from tests.support.realtime_changes import SESSION, SESSIONS
from tests.support.realtime_client import Client

pytestmark = pytest.mark.slow

COUNT = 1000
AT_ONCE = 25
OPEN = {"01", "04", "08"}
"""States in which a connection waits for the gateway or holds what it sent: established, fin-wait-1
and close-wait (the kernel's net/tcp_states.h)."""
ITEMS = "insert into workspace_items (user_id, item_type, prompt) values (%s, 'image', %s)"


async def in_turn(several: Sequence[Awaitable[object]]) -> None:
    """Await many things, 25 at a time."""
    for first in range(0, len(several), AT_ONCE):
        await asyncio.gather(*several[first : first + AT_ONCE])


async def test_a_thousand_sockets_get_their_own_changes_while_one_does_not_read(
    bare: LocalSystem,
) -> None:
    base = f"{bare.base}/realtime/v1"
    people = [UserClient(bare) for _ in range(COUNT)]
    clients = [Client(base) for _ in people]
    owners = list(zip(clients, people, strict=True))
    await in_turn([client.__aenter__() for client in clients])
    await in_turn([client.join("a", SESSIONS, token=person.token) for client, person in owners])
    deaf, dead, *awake = clients
    for one in (deaf, dead):
        await one.join("b", {"event": "*", "table": "workspace_items"}, token=people[0].token)
        one.socket.transport.pause_reading()
    with bare.database() as connection, connection.transaction():
        for _ in range(1_200):
            connection.execute(ITEMS, [people[0].id, "x" * 10_000])
        with connection.cursor() as cursor:
            cursor.executemany(SESSION, [(person.id, person.id) for person in people])
    await in_turn([client.wait("a", 1) for client in awake])
    for one, person in owners[2:]:
        (change,) = one.changes("a")
        assert change["data"]["record"]["session_name"] == person.id
    deaf.socket.transport.resume_reading()
    assert await deaf.closed() == 1013
    await in_turn([client.__aexit__() for client in (deaf, *awake)])
    wait_until(lambda: not _connections(bare), what="the one that never reads to be let go")
    dead.socket.transport.abort()


async def test_nothing_is_left_of_a_thousand_sockets(bare: LocalSystem) -> None:
    base = f"{bare.base}/realtime/v1"
    people = [UserClient(bare) for _ in range(AT_ONCE)]
    held = []
    for _ in range(3):
        await in_turn(
            [_come_and_go(base, people[number % AT_ONCE], number) for number in range(COUNT)]
        )
        wait_until(lambda: not _connections(bare), what="every socket to be let go")
        gc.collect()
        held.append((_descriptors(bare), _memory(bare)))
    (_, before), (descriptors, between), (after, last) = held
    assert after <= descriptors + 2, held
    # The first thousand fill the allocator's pools; a leak would show with every thousand.
    assert last - between < 2_000, held
    assert between - before < 20_000, held


async def _come_and_go(base: str, person: UserClient, number: int) -> None:
    """A client that disconnects in one of six ways."""
    text = Client(base)
    await text.__aenter__()
    await text.join("a", SESSIONS, token=person.token)
    match number % 6:
        case 0:
            await text.join("a", SESSIONS, token=person.token)
        case 1:
            text.socket.transport.abort()
        case 2:
            await text.socket.send("no message")
        case 3:
            await text.request("realtime:a", "phx_leave", {})
        case 4:
            # The gateway may close the socket before it has read everything.
            with contextlib.suppress(ConnectionClosed):
                await text.socket.send("x" * 1_000_000)
        case _:
            await text.send("realtime:a", "phx_join", {"config": {}})
    await text.__aexit__()


def _connections(system: LocalSystem) -> int:
    """Connections to the gateway that it has not closed, from the kernel's list."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    port = f":{system.port:04X}"
    return sum(1 for row in rows if row[1].endswith(port) and row[3] in OPEN)


def _descriptors(system: LocalSystem) -> int:
    return len(list(Path(f"/proc/{system.pids()['gateway']}/fd").iterdir()))


def _memory(system: LocalSystem) -> int:
    """The resident memory of the gateway in KB."""
    status = Path(f"/proc/{system.pids()['gateway']}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])
