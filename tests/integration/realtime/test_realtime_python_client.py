"""/realtime/v1 with the Python ``supabase`` package, unmodified."""

import asyncio
from typing import Any

from realtime import RealtimePostgresChangesListenEvent, RealtimeSubscribeStates
from supabase import AsyncClient, acreate_client

from infra.local.config import tokens
from tests.support.local_system import LocalSystem, UserClient
from tests.support.realtime_changes import make_change


async def _client(person: UserClient) -> AsyncClient:
    one = await acreate_client(person.base, tokens.anon_token())
    await one.realtime.set_auth(person.token)
    return one


async def test_the_python_client_hears_of_its_users_rows(
    bare: LocalSystem, person: UserClient
) -> None:
    received: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    states: list[tuple[RealtimeSubscribeStates, Exception | None]] = []
    closed = asyncio.Event()

    def on_state(state: RealtimeSubscribeStates, error: Exception | None) -> None:
        states.append((state, error))
        if state is RealtimeSubscribeStates.CLOSED:
            closed.set()

    client = await _client(person)
    channel = client.channel("workspace_sessions").on_postgres_changes(
        RealtimePostgresChangesListenEvent.All,
        schema="public",
        table="workspace_sessions",
        filter=f"user_id=eq.{person.id}",
        callback=lambda change: received.put_nowait(dict(change["data"])),
    )
    await channel.subscribe(on_state)
    assert states == [(RealtimeSubscribeStates.SUBSCRIBED, None)]
    session = make_change(bare, person, "first")
    make_change(bare, UserClient(bare), "foreign")
    bare.rows("delete from workspace_sessions where id = %s returning 1", session)
    inserted, deleted = [await asyncio.wait_for(received.get(), 10) for _ in range(2)]
    assert inserted["record"]["session_name"] == "first"
    assert (deleted["type"], deleted["old_record"]) == ("DELETE", {"id": session})
    await channel.unsubscribe()
    await asyncio.wait_for(closed.wait(), 10)
    await client.realtime.close()


async def test_the_python_client_gets_the_errors(person: UserClient) -> None:
    states: list[RealtimeSubscribeStates] = []
    client = await _client(person)
    every = RealtimePostgresChangesListenEvent.All
    channel = client.channel("a").on_postgres_changes(every, lambda _: None, table="nothing")
    await channel.subscribe(lambda state, _: states.append(state))
    assert states == [RealtimeSubscribeStates.CHANNEL_ERROR]
    await client.realtime.close()
