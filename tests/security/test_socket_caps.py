"""Floods of sockets and streams: they take no capacity from signed-in users."""

import asyncio
import contextlib
import functools
import resource
from collections.abc import Awaitable, Callable, Sequence
from uuid import uuid4

import httpx

from functions.job_events.stream_registry import MAX_PER_USER
from functions.realtime.limits import Limits
from infra.local.config import tokens
from tests.security.other_user import other_user
from tests.security.tally import Corpora, Tally
from tests.support.http import web
from tests.support.local_system import LocalSystem, UserClient
from tests.support.realtime_changes import LIBRARY, SESSION, SESSIONS, names
from tests.support.realtime_client import Client
from tests.support.realtime_server import serving
from tests.support.sse_client import SseClient

_SOME = 100
"""Handshakes that an attacker makes at the same time."""


async def _in_turn(several: Sequence[Callable[[], Awaitable[object]]], count: int) -> None:
    for first in range(0, len(several), count):
        await asyncio.gather(*(act() for act in several[first : first + count]))


async def _connect(client: Client, user_id: str) -> None:
    """Reconnect as a client does: open a socket, and join with a token."""
    await client.__aenter__()
    response = await client.join("a", SESSIONS, token=tokens.user_token(user_id))
    assert response["status"] == "ok", response


async def _receives_change(client: Client, user_id: str) -> bool:
    try:
        return names(await client.wait("a", 1)) == [user_id]
    except (TimeoutError, AssertionError):
        return False


async def test_users_reconnect_while_anonymous_sockets_stand(
    bare: LocalSystem, corpora: Corpora, tally: Tally
) -> None:
    count = corpora.size(2_000, short=60)
    _raise_open_files()
    base = f"{bare.base}/realtime/v1"
    anonymous = [Client(base) for _ in range(count)]
    with other_user(bare, tally):
        await _in_turn([client.__aenter__ for client in anonymous], _SOME)
        await _in_turn(
            [functools.partial(client.join, "a", LIBRARY) for client in anonymous], _SOME
        )
    users = [(Client(base), str(uuid4())) for _ in range(count)]
    await asyncio.gather(*(_connect(*user) for user in users))
    with bare.database() as connection, connection.cursor() as cursor:
        cursor.executemany(SESSION, [(user_id, user_id) for _, user_id in users])
    for client, user_id in users:
        tally.refused(
            f"{user_id} received no change", is_refused=await _receives_change(client, user_id)
        )
    everybody = [*anonymous, *(client for client, _ in users)]
    await _in_turn([client.__aexit__ for client in everybody], _SOME)


async def test_no_flood_of_anonymous_sockets_shuts_users_out(
    bare: LocalSystem, corpora: Corpora, tally: Tally
) -> None:
    """Sockets are opened beyond the limit while users connect and receive changes."""
    async with serving(bare, Limits(sockets=120)) as base:
        flood: list[Client] = []
        attackers = [asyncio.create_task(_open_without_end(base, flood)) for _ in range(8)]
        while len(flood) < 240:  # noqa: ASYNC110 - twice the room; what opens them tells of nothing else
            await asyncio.sleep(0.01)
        for _ in range(corpora.size(20, short=3)):
            users = [(Client(base), str(uuid4())) for _ in range(10)]
            await asyncio.gather(*(_connect(*user) for user in users))
            with bare.database() as connection, connection.cursor() as cursor:
                cursor.executemany(SESSION, [(user_id, user_id) for _, user_id in users])
            for client, user_id in users:
                tally.refused(
                    f"{user_id} received no change",
                    is_refused=await _receives_change(client, user_id),
                )
            await asyncio.gather(*(client.__aexit__() for client, _ in users))
        for attacker in attackers:
            attacker.cancel()
        await asyncio.wait(attackers)
        await _in_turn([client.__aexit__ for client in flood], _SOME)


async def _open_without_end(base: str, opened: list[Client]) -> None:
    while True:
        client = Client(base)
        await client.__aenter__()
        opened.append(client)


def test_no_user_opens_streams_without_end(
    bare: LocalSystem, person: UserClient, corpora: Corpora, tally: Tally
) -> None:
    headers = {"authorization": f"Bearer {person.token}"}
    with other_user(bare, tally), contextlib.ExitStack() as several:
        for _ in range(MAX_PER_USER):
            several.enter_context(SseClient(person))
        for number in range(corpora.size(500, short=10)):
            response = _opened(f"{bare.base}/functions/v1/job-events", headers)
            tally.answered(f"stream {MAX_PER_USER + number}", response, {429})


def _opened(url: str, headers: dict[str, str]) -> httpx.Response:
    """Return the response; for an open stream, its status and headers only."""
    with web.stream("GET", url, headers=headers) as response:
        if response.status_code != 200:
            response.read()
        return response


def _raise_open_files() -> None:
    """Raise the limit of open files: each socket is one in this process as well."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
