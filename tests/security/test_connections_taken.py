"""Connections: no caller's statements take a process's whole pool from other callers."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue

import httpx
import pytest

from shared.db.pool import Database, Role
from shared.errors import TooManyRequestsError
from tests.security.other_user import other_user
from tests.security.tally import Tally
from tests.support.local_system import LocalSystem, UserClient

SHARE = 3
"""Connections for one caller, of a pool of 10."""

_AT_ONCE = 20
_HANGS_SECONDS = 30


@pytest.fixture
def item(bare: LocalSystem, person: UserClient) -> str:
    """The id of the user's one workspace item."""
    query = "insert into workspace_items (user_id, item_type) values (%s, 'image') returning id"
    return str(bare.value(query, person.id))


@pytest.fixture
async def database(bare: LocalSystem) -> AsyncIterator[Database]:
    database = Database(bare.settings())
    yield database
    await database.close()


def test_statements_that_wait_leave_connections_to_others(
    bare: LocalSystem, person: UserClient, item: str, tally: Tally
) -> None:
    """The statements wait for a lock that is held until all beyond the user's share are refused."""
    url = f"{bare.base}/rest/v1/workspace_items?id=eq.{item}"
    headers = {"authorization": f"Bearer {person.token}"}
    responses: SimpleQueue[httpx.Response] = SimpleQueue()

    def change(client: httpx.Client) -> None:
        responses.put(client.patch(url, json={"status": "seen"}, headers=headers))

    with (
        bare.database() as connection,
        other_user(bare, tally),
        httpx.Client(trust_env=False, timeout=60) as client,
        ThreadPoolExecutor(_AT_ONCE) as pool,
    ):
        with connection.transaction():
            connection.execute("select from workspace_items where id = %s for update", [item])
            changes = [pool.submit(change, client) for _ in range(_AT_ONCE)]
            refused = [responses.get(timeout=60) for _ in range(_AT_ONCE - SHARE)]
            tally.answered("another user's job meanwhile", UserClient(bare).post_job(), {202})
        for future in changes:
            future.result()
    for response in refused:
        tally.answered("a statement beyond the share", response, {429})
        has_header = response.headers.get("retry-after") == "1"
        tally.refused("Retry-After is missing", is_refused=has_header)
    for _ in range(SHARE):
        tally.answered("a statement of the share", responses.get(timeout=60), {204})


async def test_anonymous_callers_share_what_one_user_has(database: Database, tally: Tally) -> None:
    """All anonymous callers have one share, whatever their tokens; each user has another."""
    is_over = asyncio.Event()
    user = [{"sub": "00000000-0000-4000-8000-000000000001", "n": n} for n in range(10)]
    anyone = [{"iss": f"issuer {number}"} for number in range(9)]

    async def hold(role: Role, claims: Mapping[str, object] | None) -> str:
        try:
            async with database.transaction(role, claims):
                await is_over.wait()
        except TooManyRequestsError:
            return f"{role} refused"
        return f"{role} held"

    held = [asyncio.create_task(hold("authenticated", claims)) for claims in user]
    held += [asyncio.create_task(hold("anon", claims)) for claims in [None, *anyone]]
    done, waiting = set(held), set(held)
    while done and len(waiting) > 2 * SHARE:
        done, waiting = await asyncio.wait(
            waiting, timeout=_HANGS_SECONDS, return_when=asyncio.FIRST_COMPLETED
        )
    async with database.transaction() as connection:
        await connection.execute("select 1")
    async with database.transaction("authenticated", {"sub": "another"}) as connection:
        await connection.execute("select 1")
    is_over.set()
    outcomes = await asyncio.gather(*held)
    for role in ("authenticated", "anon"):
        count = outcomes.count(f"{role} held")
        tally.refused(f"{role} held {count} connections", is_refused=count == SHARE)
