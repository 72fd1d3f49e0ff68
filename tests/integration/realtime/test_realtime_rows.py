"""/realtime/v1: which clients receive which rows."""

from typing import Any
from uuid import uuid4

from infra.local.config import tokens
from tests.support.local_system import LocalSystem, UserClient
from tests.support.realtime_changes import LIBRARY, SAVED, SESSIONS, client, make_change, names
from tests.support.realtime_client import Client


async def test_each_channel_of_each_socket_gets_its_own_changes(
    bare: LocalSystem, person: UserClient
) -> None:
    other = UserClient(bare)
    async with client(person) as one, client(person) as two, client(other) as third:
        await one.join("a", {**SESSIONS, "filter": "session_name=eq.wanted"}, token=person.token)
        await one.join("b", SESSIONS, token=person.token)
        await two.join("a", SESSIONS, token=person.token)
        await third.join("a", SESSIONS, token=other.token)
        make_change(bare, person, "unwanted")
        make_change(bare, other, "foreign")
        make_change(bare, person, "wanted")
        await one.wait("b", 2)
        assert names(await two.wait("a", 2)) == names(one.changes("b")) == ["unwanted", "wanted"]
        assert names(await one.wait("a", 1)) == ["wanted"]
        assert names(await third.wait("a", 1)) == ["foreign"]


async def test_rows_that_are_gone_are_found_by_their_owner(
    bare: LocalSystem, person: UserClient
) -> None:
    session = make_change(bare, person, "x")
    async with client(person) as one:
        mine = {**SESSIONS, "event": "DELETE", "filter": f"user_id=eq.{person.id}"}
        named = {**SESSIONS, "event": "DELETE", "filter": "session_name=eq.x"}
        await one.join("a", mine, named, token=person.token)
        bare.rows("delete from workspace_sessions where id = %s returning 1", session)
        (change,) = await one.wait("a", 1)
    assert change["ids"] == [1], "its name is not known any more"


async def test_public_rows_are_delivered_to_everyone_while_they_are_public(
    bare: LocalSystem, person: UserClient
) -> None:
    change = "update user_library set visibility = %s where id = %s returning 1"
    async with client(person) as anyone, client(person) as owner, client(person) as other:
        await anyone.join("library", LIBRARY, {"event": "INSERT", "table": "*"})
        await other.join("library", LIBRARY, token=UserClient(bare).token)
        await owner.join("library", LIBRARY, token=person.token)
        bare.value(SAVED, person.id, "private")
        unlisted = bare.value(SAVED, person.id, "unlisted")
        shown = bare.value(SAVED, person.id, "public")
        for visibility in ("private", "public"):
            bare.rows(change, visibility, shown)
        for row in (unlisted, shown):
            bare.rows("delete from user_library where id = %s returning 1", row)
        last = str(bare.value(SAVED, person.id, "public"))
        await owner.wait_for(lambda _: len(owner.changes("library")) == 8)
        for one in (anyone, other):
            await one.wait("library", 3)
            assert _ids(one, person) == [str(shown), str(shown), last]
        rows = [change for change in anyone.changes("library") if _is_of(change, person)]
        assert [one["ids"] for one in rows] == [[1, 2], [1], [1, 2]]
        assert [one["data"]["type"] for one in rows] == ["INSERT", "UPDATE", "INSERT"]


def _ids(client: Client, person: UserClient) -> list[str]:
    """The ids of the user's rows in the changes that the client received."""
    changes = [each for each in client.changes("library") if _is_of(each, person)]
    return [each["data"]["record"]["id"] for each in changes]


def _is_of(change: dict[str, Any], person: UserClient) -> bool:
    return bool(change["data"].get("record", {}).get("user_id") == person.id)


async def test_anyone_joins_what_anyone_may_see_and_no_more(person: UserClient) -> None:
    async with client(person) as one:
        assert (await one.join("a", LIBRARY))["status"] == "ok"
        assert (await one.join("b", LIBRARY, token=tokens.anon_token()))["status"] == "ok"
        refused = await one.join("c", SESSIONS)
        unknown = await one.join("d", {**SESSIONS, "table": str(uuid4())})
        assert refused["status"] == "error"
        assert refused == unknown, "the error does not show whether the table exists"
