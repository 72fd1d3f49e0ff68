"""/realtime/v1: changes of tables are sent once and in order."""

import asyncio
import random
import time
from typing import Any

import pytest

from functions.realtime.limits import Limits
from tests.support.local_system import LocalSystem, UserClient
from tests.support.realtime_changes import SESSIONS, client, make_change, names
from tests.support.realtime_client import Client
from tests.support.realtime_server import serving

ITEM = "insert into workspace_items (user_id, item_type, prompt) values (%s, 'image', %s)"
"""An insert into a table in which one user's inserts do not wait for each other."""
ITEMS = {"event": "*", "schema": "public", "table": "workspace_items"}


@pytest.mark.parametrize("vsn", ["1.0.0", "2.0.0"])
async def test_a_join_is_answered_by_its_bindings_and_then_the_changes_come(
    bare: LocalSystem, person: UserClient, vsn: str
) -> None:
    bindings = [
        {"event": "DELETE", "schema": "public", "table": "workspace_sessions"},
        {**SESSIONS, "filter": f"user_id=eq.{person.id}"},
        {"event": "INSERT", "schema": "public", "table": "workspace_items"},
        {"event": "insert", "schema": "public", "table": "*"},
    ]
    async with client(person, vsn=vsn) as one:
        answer = await one.join("any name: 1", *bindings, token=person.token)
        subscriptions = answer["response"]["postgres_changes"]
        assert answer["status"] == "ok"
        assert [{k: v for k, v in each.items() if k != "id"} for each in subscriptions] == bindings
        ids = [each["id"] for each in subscriptions]
        assert len(set(ids)) == 4
        assert all(isinstance(each, int) and each > 0 for each in ids)
        assert (await one.event("any name: 1", "system")) == {
            "channel": "any name: 1",
            "extension": "postgres_changes",
            "status": "ok",
            "message": "Subscribed to PostgreSQL",
        }
        session = make_change(bare, person, "first")
        bare.rows(
            "update workspace_sessions set is_active = false where id = %s returning 1", session
        )
        bare.rows("delete from workspace_sessions where id = %s returning 1", session)
        inserted, updated, deleted = await one.wait("any name: 1", 3)
    assert [each["ids"] for each in (inserted, updated, deleted)] == [
        [ids[1], ids[3]],
        [ids[1]],
        [ids[0], ids[1]],
    ]
    _check_data(inserted["data"], updated["data"], deleted["data"], session)


def _check_data(
    inserted: dict[str, Any], updated: dict[str, Any], deleted: dict[str, Any], session: str
) -> None:
    types = {column["name"]: column["type"] for column in inserted["columns"]}
    assert types["id"] == "uuid"
    assert types["is_active"] == "bool"
    assert types["created_at"] == "timestamptz"
    assert (inserted["schema"], inserted["table"]) == ("public", "workspace_sessions")
    assert inserted["errors"] is None
    assert inserted["record"]["session_name"] == "first"
    assert inserted["record"].keys() == types.keys()
    assert "old_record" not in inserted
    assert updated["record"]["is_active"] is False
    assert updated["old_record"] == {"id": session}
    assert deleted["old_record"] == {"id": session}
    assert "record" not in deleted
    assert [one["type"] for one in (inserted, updated, deleted)] == ["INSERT", "UPDATE", "DELETE"]


async def test_a_job_event_has_no_columns_of_dispatch(person: UserClient) -> None:
    async with client(person) as one:
        await one.join("jobs", {"event": "*", "table": "jobs"}, token=person.token)
        job_id = await asyncio.to_thread(person.create_job)
        (change,) = await one.wait("jobs", 1)
    columns = {each["name"] for each in change["data"]["columns"]}
    assert change["data"]["record"]["id"] == job_id
    assert change["data"]["record"].keys() == columns
    shown = person.rows("jobs", id=f"eq.{job_id}")[0]
    assert columns == shown.keys(), "what rest shows, and no more"


async def test_changes_come_once_and_in_order_whatever_happens_to_the_listener(
    bare: LocalSystem, person: UserClient
) -> None:
    cut = "select pg_terminate_backend(pid) from pg_stat_activity where application_name like %s"
    async with client(person) as one, client(person) as two:
        await one.join("a", ITEMS, token=person.token)
        await two.join("a", ITEMS, token=person.token)
        writers = [asyncio.to_thread(_write, bare, person, number) for number in range(3)]
        writing = asyncio.gather(*writers)
        await asyncio.sleep(0.2)
        bare.rows(cut, "ourvidz%")
        await writing
        prompts = _prompts(await one.wait("a", 90))
        assert _prompts(await two.wait("a", 90)) == prompts
    order = "select record from change_events where user_id = %s order by xid, seq"
    assert prompts == [row["record"]["prompt"] for row in bare.rows(order, person.id)]
    for number in range(3):
        own = [name for name in prompts if name.startswith(f"{number} ")]
        assert own == [f"{number} {at}" for at in range(30)], "once, and as it was committed"


def _write(system: LocalSystem, person: UserClient, number: int) -> None:
    """Make thirty changes from a thread, in transactions that end at random times."""
    chance = random.Random(number)
    with system.database() as connection:
        for at in range(0, 30, 2):
            with connection.transaction():
                connection.execute("select pg_current_xact_id()")
                time.sleep(chance.random() / 25)
                connection.execute(ITEM, [person.id, f"{number} {at}"])
                connection.execute(ITEM, [person.id, f"{number} {at + 1}"])


def _prompts(changes: list[dict[str, Any]]) -> list[str]:
    return [change["data"]["record"]["prompt"] for change in changes]


async def test_a_join_is_acknowledged_once_changes_are_delivered(
    bare: LocalSystem, person: UserClient
) -> None:
    async with serving(bare, Limits(join_seconds=1)) as base, Client(base) as client:
        with bare.database() as connection, connection.transaction():
            connection.execute("lock table change_events in access exclusive mode")
            refused = await client.join("a", SESSIONS, token=person.token)
            assert refused["status"] == "error"
            assert refused["response"]["reason"].startswith("The database is unavailable")
            ref = await client.send("realtime:b", "phx_join", {"config": {"postgres_changes": []}})
            await asyncio.sleep(0.3)
            assert not any(frame["ref"] == ref for frame in client.all)
        assert (await client.reply(ref))["status"] == "ok"
        await client.join("a", SESSIONS, token=person.token)
        make_change(bare, person, "received")
        assert names(await client.wait("a", 1)) == ["received"]


async def test_clients_that_may_have_missed_changes_join_again(
    bare: LocalSystem, person: UserClient
) -> None:
    forgotten = "update event_retention set xid = pg_current_xact_id(), seq = 10^18 returning 1"
    async with client(person) as one:
        await one.join("a", SESSIONS, token=person.token)
        bare.rows(forgotten)
        make_change(bare, person, "missed")
        lost = await one.wait_for(lambda frame: frame["event"] == "phx_error")
        assert (lost["topic"], lost["ref"]) == ("realtime:a", "1")
        await one.join("a", SESSIONS, token=person.token)
        make_change(bare, person, "received")
        assert names(await one.wait("a", 1)) == ["received"]


async def test_a_channel_is_left_and_joined_again(bare: LocalSystem, person: UserClient) -> None:
    topic = "realtime:a"
    async with client(person) as one:
        await one.join("a", SESSIONS, token=person.token)
        await one.join("a", {**SESSIONS, "event": "UPDATE"}, token=person.token)
        closed = await one.wait_for(lambda frame: frame["event"] == "phx_close")
        assert (closed["topic"], closed["join_ref"]) == (topic, "1"), "the old one is closed"
        await one.join("all", SESSIONS, token=person.token)
        make_change(bare, person, "unsubscribed")
        await one.wait("all", 1)
        assert (await one.request(topic, "phx_leave", {}, "2"))["status"] == "ok"
        await one.wait_for(lambda frame: frame["event"] == "phx_close" and frame["join_ref"] == "2")
        make_change(bare, person, "unheard")
        await one.wait("all", 2)  # so that this change is no longer new
        await one.join("a", SESSIONS, token=person.token)
        make_change(bare, person, "received")
        assert names(await one.wait("a", 1)) == ["received"]


async def test_heartbeats_are_answered(person: UserClient) -> None:
    async with client(person) as one:
        answer = await one.request("phoenix", "heartbeat", {})
        assert answer == {"status": "ok", "response": {}}


async def test_what_is_not_offered_is_answered_so(person: UserClient) -> None:
    async with client(person) as one:
        config = {
            "broadcast": {"ack": True, "self": True},
            "presence": {"key": "", "enabled": False},
        }
        payload = {"config": {**config, "private": False}, "access_token": person.token}
        joined = await one.request("realtime:a", "phx_join", payload)
        assert joined == {"status": "ok", "response": {"postgres_changes": []}}
        for event in ("broadcast", "presence", "nonsense"):
            answer = await one.request("realtime:a", event, {"type": event}, "1")
            assert answer["status"] == "error", event
        binary = bytes([3, 1, 2, 10, 1, 0, 1]) + b"1" + b"77" + b"realtime:a" + b"x" + b"{}"
        await one.socket.send(binary)
        assert (await one.reply("77"))["status"] == "error"
        seen = {"config": {**config, "presence": {"key": "", "enabled": True}}}
        assert (await one.request("realtime:b", "phx_join", seen))["status"] == "error"
