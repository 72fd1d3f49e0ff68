"""/realtime/v1: which sockets are accepted, and which are closed, when many are open."""

import asyncio
from collections.abc import Awaitable, Sequence
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus

from functions.realtime.client_address import read_address
from functions.realtime.limits import Limits
from infra.websocket_server import MAX_CLOSING
from tests.support.local_system import LocalSystem, UserClient
from tests.support.realtime_changes import LIBRARY, SESSIONS, make_change, names
from tests.support.realtime_client import Client
from tests.support.realtime_server import serving

_HANDSHAKE = (
    "GET /websocket?{} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
EVERY_TABLE = {"event": "*", "schema": "public"}


async def _all(several: Sequence[Awaitable[object]]) -> None:
    await asyncio.gather(*several)


async def _open(base: str, count: int, **more: str) -> list[Client]:
    clients = [Client(base, **more) for _ in range(count)]
    await _all([socket.__aenter__() for socket in clients])
    return clients


async def _close(clients: Sequence[Client]) -> None:
    await _all([socket.__aexit__() for socket in clients])


async def _is_open(socket: Client) -> bool:
    """Whether the socket is still served: older ones are closed before a newer one is answered."""
    heartbeat = asyncio.ensure_future(socket.request("phoenix", "heartbeat", {}))
    closed = asyncio.ensure_future(socket.closed())
    await asyncio.wait([heartbeat, closed], return_when=asyncio.FIRST_COMPLETED)
    is_open = heartbeat.done() and heartbeat.exception() is None
    for waiting in (heartbeat, closed):
        waiting.cancel()
    await asyncio.gather(heartbeat, closed, return_exceptions=True)
    return is_open


@pytest.mark.parametrize("is_late", [False, True], ids=["by the join", "by access_token"])
async def test_users_connect_however_many_anonymous_sockets_are_open(
    bare: LocalSystem, *, is_late: bool
) -> None:
    limits = Limits(sockets=40)
    people = [UserClient(bare) for _ in range(30)]
    async with serving(bare, limits) as base:
        anonymous = await _open(base, 40)
        await _all([socket.join("a", LIBRARY) for socket in anonymous])
        clients = await _open(base, len(people))
        await _all([
            _join(client, person, is_late=is_late)
            for client, person in zip(clients, people, strict=True)
        ])  # fmt: skip
        for person in people:
            make_change(bare, person, person.id)
        for client, person in zip(clients, people, strict=True):
            assert names(await client.wait("a", 1)) == [person.id]
        standing = [await _is_open(socket) for socket in anonymous]
        assert standing == [False] * 30 + [True] * 10, "the oldest gave way, and no more"
        assert {socket.close_code for socket in anonymous[:30]} == {1013}
        await _close([*anonymous, *clients])


async def _join(client: Client, person: UserClient, *, is_late: bool) -> None:
    """Join as supabase-js does; versions 2.47 to 2.53 send the user's token after the reply."""
    token = None if is_late else person.token
    assert (await client.join("a", EVERY_TABLE, token=token))["status"] == "ok"
    if is_late:
        await client.send("realtime:a", "access_token", {"access_token": person.token}, "1")
        assert (await client.request("phoenix", "heartbeat", {}))["status"] == "ok"


async def test_a_flood_of_new_sockets_leaves_users_alone(
    bare: LocalSystem, person: UserClient
) -> None:
    async with serving(bare, Limits(sockets=8)) as base:
        (user,) = await _open(base, 1)
        assert (await user.join("a", SESSIONS, token=person.token))["status"] == "ok"
        for _ in range(5):
            flood = await _open(base, 8)
            (late,) = await _open(base, 1)
            other = UserClient(bare)
            assert (await late.join("a", SESSIONS, token=other.token))["status"] == "ok"
            make_change(bare, other, "received")
            assert names(await late.wait("a", 1)) == ["received"]
            await _close([late, *flood])
        make_change(bare, person, "received too")
        assert names(await user.wait("a", 1)) == ["received too"]
        await _close([user])


async def test_anonymous_sockets_stay_while_room_is_there(bare: LocalSystem) -> None:
    async with serving(bare, Limits(sockets=8)) as base:
        anonymous = await _open(base, 8)
        assert all([await _is_open(socket) for socket in anonymous])
        await _close(anonymous)


async def test_a_user_has_so_many_sockets_and_no_more(
    bare: LocalSystem, person: UserClient
) -> None:
    limits = Limits(sockets=100, sockets_per_user=3)
    async with serving(bare, limits) as base:
        several = await _open(base, 4)
        *taken, extra = several
        for socket in taken:
            for topic in ("a", "b"):
                assert (await socket.join(topic, SESSIONS, token=person.token))["status"] == "ok"
        refused = await extra.join("a", SESSIONS, token=person.token)
        assert refused["response"]["reason"].startswith("ConnectionRateLimitReached: ")
        assert (await extra.join("a", LIBRARY))["status"] == "ok", "it is anonymous all the same"
        await extra.send("realtime:a", "access_token", {"access_token": person.token}, "2")
        assert (await extra.event("a", "system"))["status"] == "ok"
        await extra.wait_for(lambda frame: frame["event"] == "phx_close")
        with pytest.raises(InvalidStatus) as caught:
            await Client(base, apikey=person.token).__aenter__()
        assert caught.value.response.status_code == 429
        assert int(caught.value.response.headers["retry-after"]) > 0
        other = UserClient(bare)
        assert (await extra.join("b", SESSIONS, token=other.token))["status"] == "ok"
        await _close(taken[:1])
        async with asyncio.timeout(30):
            while (await extra.join("c", SESSIONS, token=person.token))["status"] != "ok":  # noqa: ASYNC110 - nothing else shows its end
                await asyncio.sleep(0.05)
        await _close(several[1:])


async def test_users_never_take_all_the_room(bare: LocalSystem) -> None:
    people = [UserClient(bare) for _ in range(7)]
    async with serving(bare, Limits(sockets=8)) as base:
        clients = await _open(base, 7)
        responses = [
            await socket.join("a", SESSIONS, token=person.token)
            for socket, person in zip(clients, people, strict=True)
        ]
        assert [socket["status"] for socket in responses] == ["ok"] * 6 + ["error"]
        assert "Too many connected users" in responses[6]["response"]["reason"]
        newest = await _open(base, 2)
        assert all([await _is_open(socket) for socket in [*clients[:6], *newest]])
        await _close([*clients, *newest])


async def test_one_address_takes_room_from_itself_alone(bare: LocalSystem) -> None:
    limits = Limits(sockets=100, anonymous_sockets_per_address=3)
    async with serving(bare, limits, forwarded_entries=2) as base:
        (other,) = await _open(base, 1, forwarded="6.6.6.6, 5.6.7.8, 10.0.0.1")
        several = await _open(base, 2, forwarded="1.2.3.4, 10.0.0.1")
        several += await _open(base, 2, forwarded="5.6.7.8, 1.2.3.4, 10.0.0.1")
        standing = [await _is_open(socket) for socket in (other, *several)]
        assert standing == [True, False, True, True, True]
        await _close([other, *several])


async def test_an_address_with_many_sockets_gives_way_first(bare: LocalSystem) -> None:
    async with serving(bare, Limits(sockets=8), forwarded_entries=1) as base:
        (single,) = await _open(base, 1, forwarded="5.6.7.8")
        flood = [(await _open(base, 1, forwarded=f"1.2.3.{n % 2}"))[0] for n in range(30)]
        assert await _is_open(single), "though it is the oldest"
        assert [await _is_open(socket) for socket in flood] == [False] * 23 + [True] * 7
        await _close([single, *flood])


async def test_what_was_closed_is_gone_though_its_client_says_nothing(bare: LocalSystem) -> None:
    sockets, count = 8, 2 * MAX_CLOSING
    async with serving(bare, Limits(sockets=sockets)) as base:
        port, query = int(base.rpartition(":")[2]), Client(base).url.partition("?")[2]
        silent = []
        for _ in range(count):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(_HANDSHAKE.format(query).encode())
            assert b" 101 " in await reader.readline()
            silent.append(writer)
        assert _connections(port) <= sockets + MAX_CLOSING + 5
        for writer in silent:
            writer.transport.abort()


def _connections(port: int) -> int:
    """Connections that the service has open, from the kernel's list (``01``: established)."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(1 for row in rows if row[1].endswith(f":{port:04X}") and row[3] == "01")


@pytest.mark.parametrize(
    ("trusted_entries", "headers", "address"),
    [
        (0, ["1.2.3.4"], None),
        (1, ["1.2.3.4"], "1.2.3.4"),
        (1, ["6.6.6.6, 1.2.3.4"], "1.2.3.4"),
        (1, ["6.6.6.6", "1.2.3.4"], "1.2.3.4"),
        (2, ["6.6.6.6,1.2.3.4, 10.0.0.1"], "1.2.3.4"),
        (2, ["6.6.6.6, 1.2.3.4", "10.0.0.1"], "1.2.3.4"),
        (2, ["1.2.3.4"], None),
        (1, ["1.2.3.4, x"], None),
        (1, [], None),
        (1, [""], None),
        (1, ["2001:db8:1:2:3:4:5:6"], "2001:db8:1:2::/64"),
        (1, ["::ffff:1.2.3.4"], "1.2.3.4"),
        (1, ["x" * 100_000 + ",1.2.3.4"], "1.2.3.4"),
    ],
)
def test_an_address_is_what_a_trusted_proxy_reports(
    trusted_entries: int, headers: list[str], address: str | None
) -> None:
    sent = [(b"x-forwarded-for", value.encode()) for value in headers]
    assert read_address([(b"host", b"x"), *sent], trusted_entries) == address


async def test_long_bindings_are_refused(bare: LocalSystem, person: UserClient) -> None:
    async with serving(bare, Limits(binding_characters=1_000)) as base, Client(base) as socket:
        long = {**SESSIONS, "x": "y" * 600}
        assert (await socket.join("a", long, token=person.token))["status"] == "ok"
        refused = await socket.join("b", long, token=person.token)
        assert "Too long bindings" in refused["response"]["reason"]
        await socket.request("realtime:a", "phx_leave", {})
        assert (await socket.join("b", long, token=person.token))["status"] == "ok"
