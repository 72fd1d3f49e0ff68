"""/realtime/v1: oversized, slow and malformed traffic gets an error or closes the socket."""

import asyncio
import json
import time
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

from functions.realtime.limits import Limits
from shared.telemetry.logs import user_hash
from tests.support.local_system import LocalSystem, UserClient, wait_until
from tests.support.realtime_changes import SESSIONS, client, make_change, names
from tests.support.realtime_client import Client
from tests.support.realtime_server import serving

ITEMS = "insert into workspace_items (user_id, item_type, prompt) values (%s, 'image', %s)"


@pytest.mark.parametrize(
    "frame",
    [
        *("", "hello", "[", '["1"]', "{}", "7", "null", '["1","2","t","e"]', '[1,"2","t","e",{}]'),
        *("[" * 100_000, b"", b"\x00", b"\x07abcdefgh", b"\x03\xff\xff\xff\xff\x00\x00abc"),
    ],
    ids=str,
)
async def test_a_frame_that_is_no_message_closes_the_socket(
    person: UserClient, frame: str | bytes
) -> None:
    async with client(person) as one:
        await one.socket.send(frame)
        assert await one.closed() == 1007


@pytest.mark.parametrize(
    "frame",
    [
        f'["1","{"1" * 1025}","realtime:a","phx_join",{{"config":{{}}}}]',
        r'["1","\ud800","realtime:a","phx_join",{"config":{}}]',
        r'["\udfff","1","realtime:a","phx_join",{"config":{}}]',
        r'["1","1","realtime:\ud800","phx_join",{"config":{}}]',
        r'["1","1","realtime:a","\ud800",{}]',
        r'["1","1","realtime:a","phx_join",{"config":{"postgres_changes":[{"\ud800":1}]}}]',
        r'["1","1","realtime:a","phx_join",{"config":{"postgres_changes":[{"filter":"\uDC00"}]}}]',
        r'["1","1","realtime:a","phx_join",{"config":{},"access_token":"\ud800"}]',
        r'[null,"\ud83d","phoenix","heartbeat",{}]',
        '["1","1","realtime:a","phx_join",{"config":{"postgres_changes":[{"x":NaN}]}}]',
        '["1","1","realtime:a","phx_join",{"config":{"postgres_changes":[{"x":1e999}]}}]',
    ],
)
async def test_what_cannot_be_written_back_closes_the_socket(
    person: UserClient, frame: str
) -> None:
    async with client(person) as socket:
        await socket.socket.send(frame)
        assert await socket.closed() == 1007


async def test_a_pair_of_surrogates_is_a_character(person: UserClient) -> None:
    async with client(person) as socket:
        await socket.socket.send(r'[null,"\ud83d\ude00","phoenix","heartbeat",{}]')
        assert (await socket.reply("\U0001f600"))["status"] == "ok"


@pytest.mark.parametrize("payload", [None, 7, "x", [], {}, {"config": 7}, {"config": {"a": 1}}])
async def test_a_payload_that_is_none_is_answered(person: UserClient, payload: object) -> None:
    async with client(person, vsn="1.0.0") as one:
        answer = await one.request("realtime:a", "phx_join", payload)
        is_good = payload == {"config": {"a": 1}}
        assert answer["status"] == ("ok" if is_good else "error")
        for event in ("access_token", "phx_leave"):
            await one.send("realtime:a", event, payload)
        assert (await one.request("phoenix", "heartbeat", payload))["status"] == "ok"


async def test_a_million_bytes_are_too_many(person: UserClient) -> None:
    async with client(person) as one:
        await one.socket.send("x" * 1_000_000)
        assert await one.closed() == 1009


@pytest.mark.parametrize(
    "binding",
    [
        {"table": "workspace_sessions", "filter": "session_name"},
        {"table": "workspace_sessions", "filter": "session_name=like.x"},
        {"table": "workspace_sessions", "filter": "id=eq.x"},
        {"table": "workspace_sessions", "filter": "nothing=eq.x"},
        {"table": "workspace_sessions", "filter": "undefined"},
        {"filter": "id=eq.x"},
        {"table": "workspace_sessions", "event": "TRUNCATE"},
        {"table": "pg_class", "schema": "pg_catalog"},
        {"table": 7},
        {"table": "x" * 64},
        {"table": 'x"; drop table jobs'},
        {"table": "change_events"},
    ],
    ids=str,
)
async def test_a_binding_that_cannot_be_is_refused(
    person: UserClient, binding: dict[str, Any]
) -> None:
    async with client(person) as one:
        answer = await one.join("a", SESSIONS, binding, token=person.token)
        assert answer["status"] == "error"
        assert answer["response"]["reason"].endswith(".")
        assert not any(frame["event"] == "system" for frame in one.all)


async def test_what_is_too_much_is_refused_and_logged_once(
    bare: LocalSystem, person: UserClient
) -> None:
    async with client(person) as one:
        many = await one.join("a", *[SESSIONS] * 3_000, token=person.token)
        for _ in range(3):
            again = await one.join("a", *[SESSIONS] * 101, token=person.token)
            assert again == many
        assert many["status"] == "error"
        assert (await one.join("a", *[SESSIONS] * 100, token=person.token))["status"] == "ok"
        make_change(bare, person, "x")
        assert (await one.wait("a", 1))[0]["ids"] == list(range(1, 101))
        await one.join("realtime" * 40, SESSIONS, token=person.token)
        assert (await one.request("other:a", "phx_join", {"config": {}}))["status"] == "error"
    user = user_hash(person.id)
    (request,) = {line["request_id"] for line in _log(bare) if line.get("user") == user}
    wait_until(lambda: len(_log_lines(bare, request, "the socket ended")) == 1, what="its end")
    refused = [line["reason"] for line in _log_lines(bare, request, "a message was refused")]
    assert refused.count("A channel takes at most 100 bindings.") == 1


def _log_lines(system: LocalSystem, request: str, message: str) -> list[dict[str, Any]]:
    lines = [line for line in _log(system) if line.get("request_id") == request]
    return [line for line in lines if line["message"] == message]


def _log(system: LocalSystem) -> list[dict[str, Any]]:
    lines = (system.data / "logs" / "gateway.log").read_text().splitlines()
    return [json.loads(line) for line in lines if line[:1] == "{"]


async def test_a_sockets_channels_and_bindings_are_counted(
    bare: LocalSystem, person: UserClient
) -> None:
    async with serving(bare, Limits(channels=2, bindings=3, sockets=2)) as base:
        async with Client(base) as client, Client(base) as other:
            assert (await other.join("a", token=person.token))["status"] == "ok"
            for topic in ("a", "b", "b"):
                assert (await client.join(topic, SESSIONS, token=person.token))["status"] == "ok"
            refused = await client.join("c", SESSIONS, token=person.token)
            assert refused["response"]["reason"].startswith("ChannelRateLimitReached: ")
            too_many = await client.join("b", *[SESSIONS] * 3, token=person.token)
            assert too_many["status"] == "error"
            with pytest.raises(InvalidStatus) as caught:
                await Client(base).__aenter__()
            assert caught.value.response.status_code == 429
        async with Client(base) as client:
            assert (await client.join("a"))["status"] == "ok"


async def test_joins_have_a_pace(bare: LocalSystem, person: UserClient) -> None:
    limits = Limits(joins_at_once=3, joins_per_second=0.001)
    async with serving(bare, limits) as base, Client(base) as client:
        for _ in range(3):
            assert (await client.join("a", SESSIONS, token=person.token))["status"] == "ok"
        refused = await client.join("a", SESSIONS, token=person.token)
        assert refused["response"]["reason"].startswith("ClientJoinRateLimitReached: ")
        assert await client.closed() == 1008


async def test_a_socket_without_heartbeats_is_closed(bare: LocalSystem) -> None:
    async with serving(bare, Limits(idle_seconds=0.5)) as base, Client(base) as client:
        assert await client.closed() == 4408


async def test_a_socket_with_heartbeats_stays_open(bare: LocalSystem) -> None:
    idle_seconds = 2
    async with serving(bare, Limits(idle_seconds=idle_seconds)) as base, Client(base) as client:
        began = time.monotonic()
        while time.monotonic() - began < 2 * idle_seconds:
            await client.request("phoenix", "heartbeat", {})


async def test_a_slow_reader_is_dropped_and_delays_no_other(
    bare: LocalSystem, person: UserClient
) -> None:
    items = {"event": "*", "table": "workspace_items"}
    limits = Limits(queued_frames=50, close_seconds=0.5)
    async with serving(bare, limits) as base, Client(base) as client:
        deaf = Client(base)
        async with deaf:
            await client.join("a", SESSIONS, token=person.token)
            await deaf.join("a", items, token=person.token)
            deaf.socket.transport.pause_reading()
            with bare.database() as connection, connection.transaction():
                for _ in range(400):
                    connection.execute(ITEMS, [person.id, "x" * 50_000])
            make_change(bare, person, "received")
            assert names(await client.wait("a", 1)) == ["received"]
            await asyncio.sleep(0.2)
            deaf.socket.transport.resume_reading()
            assert await deaf.closed() == 1013
